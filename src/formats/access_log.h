// Access logs: formats written as nginx's log_format or Apache's LogFormat, compiled to steps.
//
// A log format is literal texts with variables between them. A variable's value goes up to the next
// occurrence of the literal behind it; between quotes, \" does not end it. The request line is also split
// into method, url and protocol.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/field_decoder.h"

namespace weir {

// What of an element's text a column takes.
enum class LogPart : uint8_t { kWhole, kMethod, kUrl, kProtocol };

// A variable and the literal that ends it.
struct LogElement {
  std::string name;     // as written, for messages: "$request", "%r"
  std::string literal;  // empty: the value goes up to the line's end
  bool quoted = false;  // stands between quotes
  bool or_end = false;  // a missing literal is no error: the line may end here
  uint32_t skip = 0;    // how often the literal occurs in the value itself (times with blanks)
};

struct LogColumn {
  FieldColumn column;
  uint32_t element = 0;
  LogPart part = LogPart::kWhole;
};

struct LogPattern {
  std::string prefix;  // literal before the first variable
  std::vector<LogElement> elements;
  std::vector<LogColumn> columns;
};

// Compiles a log_format or LogFormat: the bare format, or the whole directive pasted from a configuration.
// Error: kConfig, without a position.
Result<LogPattern> compile_log_pattern(std::string_view text);

// The Common Log Format, and with referer and user agent the combined one.
LogPattern common_log_pattern(bool combined);

// The request line's parts; a text that is not `METHOD URL PROTOCOL` is all url.
void split_request(std::string_view request, FieldSpan& method, FieldSpan& url,
                   FieldSpan& protocol);

std::unique_ptr<Decoder> make_access_log_decoder(const LogPattern& pattern,
                                                 const DecodeRequest& request, const TimeZone* zone,
                                                 int64_t reference_us);

}  // namespace weir
