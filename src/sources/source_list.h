// The descriptors of all sources, each defined in the file that implements it.
//
// Adding a source: define a descriptor in its file, declare it here, name it in sources.cpp.
#pragma once

#include "sources/source.h"

namespace weir {

extern const SourceDescriptor kCollectionSource;
extern const SourceDescriptor kFileSource;
extern const SourceDescriptor kStdinSource;

}  // namespace weir
