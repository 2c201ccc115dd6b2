#include "sources/source_list.h"

namespace weir {
namespace {

constexpr const SourceDescriptor* kSources[] = {
    &kCollectionSource, &kDatagenSource, &kFileSource, &kKafkaSource, &kPostgresSource,
    &kSqliteSource,     &kStdinSource,   &kTcpSource,  &kUdpSource,   &kUnixSource,
};

}  // namespace

std::span<const SourceDescriptor* const> sources() { return kSources; }

const SourceDescriptor* find_source(std::string_view name) {
  for (const SourceDescriptor* source : kSources) {
    if (source->name == name) return source;
  }
  return nullptr;
}

}  // namespace weir
