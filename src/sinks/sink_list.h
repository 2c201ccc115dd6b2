// The descriptors of all sinks, each defined in the file that implements it.
//
// Adding a sink: define a descriptor in its file, declare it here, name it in sinks.cpp.
#pragma once

#include "sinks/sink.h"

namespace weir {

extern const SinkDescriptor kBlackholeSink;
extern const SinkDescriptor kFileSink;
extern const SinkDescriptor kHttpSink;
extern const SinkDescriptor kKafkaSink;
extern const SinkDescriptor kPostgresSink;
extern const SinkDescriptor kPrintSink;
extern const SinkDescriptor kSqliteSink;
extern const SinkDescriptor kStdoutSink;
extern const SinkDescriptor kTcpSink;
extern const SinkDescriptor kUnixSink;

}  // namespace weir
