// The descriptors of all sources, each defined in the file that implements it.
//
// Adding a source: define a descriptor in its file, declare it here, name it in sources.cpp.
#pragma once

#include "sources/source.h"

namespace weir {

extern const SourceDescriptor kCollectionSource;
extern const SourceDescriptor kDatagenSource;
extern const SourceDescriptor kFileSource;
extern const SourceDescriptor kKafkaSource;
extern const SourceDescriptor kPostgresSource;
extern const SourceDescriptor kSqliteSource;
extern const SourceDescriptor kStdinSource;
extern const SourceDescriptor kTcpSource;
extern const SourceDescriptor kUdpSource;
extern const SourceDescriptor kUnixSource;

}  // namespace weir
