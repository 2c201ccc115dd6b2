// The descriptors of all sinks, each defined in the file that implements it.
//
// Adding a sink: define a descriptor in its file, declare it here, name it in sinks.cpp.
#pragma once

#include "sinks/sink.h"

namespace weir {

extern const SinkDescriptor kBlackholeSink;
extern const SinkDescriptor kFileSink;
extern const SinkDescriptor kPrintSink;
extern const SinkDescriptor kStdoutSink;

}  // namespace weir
