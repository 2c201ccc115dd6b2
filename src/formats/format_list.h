// The descriptors of all formats, each defined in the file that implements it.
//
// Adding a format: define a descriptor in its file, declare it here, name it in formats.cpp.
#pragma once

#include "formats/format.h"

namespace weir {

extern const FormatDescriptor kAvroFormat;
extern const FormatDescriptor kCombinedFormat;
extern const FormatDescriptor kCommonFormat;
extern const FormatDescriptor kCsvFormat;
extern const FormatDescriptor kGrokFormat;
extern const FormatDescriptor kJsonFormat;
extern const FormatDescriptor kLogfmtFormat;
extern const FormatDescriptor kMsgpackFormat;
extern const FormatDescriptor kNginxFormat;
extern const FormatDescriptor kPrintFormat;
extern const FormatDescriptor kRegexFormat;
extern const FormatDescriptor kSyslogFormat;
extern const FormatDescriptor kTableFormat;
extern const FormatDescriptor kTextFormat;
extern const FormatDescriptor kTsvFormat;

}  // namespace weir
