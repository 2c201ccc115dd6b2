#include "formats/format.h"
#include "formats/format_list.h"

namespace weir {

namespace {

constexpr const FormatDescriptor* kFormats[] = {
    &kAvroFormat,  &kCombinedFormat, &kCommonFormat,  &kCsvFormat,   &kGrokFormat,
    &kJsonFormat,  &kLogfmtFormat,   &kMsgpackFormat, &kNginxFormat, &kPrintFormat,
    &kRegexFormat, &kSyslogFormat,   &kTableFormat,   &kTextFormat,  &kTsvFormat,
};

}  // namespace

std::span<const FormatDescriptor* const> formats() { return kFormats; }

const FormatDescriptor* find_format(std::string_view name) {
  for (const FormatDescriptor* format : kFormats)
    if (format->name == name) return format;
  return nullptr;
}

}  // namespace weir
