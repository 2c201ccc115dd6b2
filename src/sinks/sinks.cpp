#include "sinks/sink_list.h"

namespace weir {
namespace {

constexpr const SinkDescriptor* kSinks[] = {
    &kBlackholeSink, &kFileSink,   &kHttpSink,   &kKafkaSink, &kPostgresSink,
    &kPrintSink,     &kSqliteSink, &kStdoutSink, &kTcpSink,   &kUnixSink,
};

}  // namespace

std::span<const SinkDescriptor* const> sinks() { return kSinks; }

const SinkDescriptor* find_sink(std::string_view name) {
  for (const SinkDescriptor* sink : kSinks) {
    if (sink->name == name) return sink;
  }
  return nullptr;
}

}  // namespace weir
