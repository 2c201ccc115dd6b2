#include <algorithm>

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

void point_into_format(const FormatSpec& spec, std::string_view where, Errors& errors) {
  const auto has = [](const FormatDescriptor& format, const std::string& key) {
    const auto options = format.options();
    return std::any_of(options.begin(), options.end(),
                       [&](const OptionDoc& option) { return option.name == key; });
  };
  const std::string tail = "` in " + std::string(where);
  constexpr std::string_view kHead = "unknown key `";
  for (Error& error : errors) {
    const std::string& message = error.message;
    if (!message.starts_with(kHead) || !message.ends_with(tail)) continue;
    const std::string key =
        message.substr(kHead.size(), message.size() - kHead.size() - tail.size());
    const FormatDescriptor* format = find_format(spec.name);
    if (format == nullptr && spec.name.empty()) {
      const auto found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                      [&](const FormatDescriptor* f) { return has(*f, key); });
      if (found != std::end(kFormats)) format = *found;
    }
    if (format == nullptr || !has(*format, key)) continue;
    error.hint = "it belongs to the format: format = { name = \"" + std::string(format->name) +
                 "\", " + key + " = ... }";
  }
}

}  // namespace weir
