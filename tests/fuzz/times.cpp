// Times: whatever the text, a parser says no or gives a value that prints and parses to itself.
#include <algorithm>
#include <memory>
#include <vector>

#include "data/civil.h"
#include "fuzz.h"

using namespace weir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 200) return 0;
  const std::string_view text = as_text(data, size);
  if (const auto days = parse_date(text)) {
    std::string again;
    append_date(again, *days);
    require(parse_date(again) == days, "a date prints as itself");
  }
  if (const auto us = parse_timestamp(text)) {
    std::string again;
    append_timestamp(again, *us, 6);
    require(parse_timestamp(again) == us, "a timestamp prints as itself");
  }
  parse_time(text);
  parse_instant(text, *utc());
  parse_clf(text);
  static const char* kFormats[] = {"auto", "syslog", "iso8601", "%d/%b/%Y:%H:%M:%S %z",
                                   "%Y-%m-%d %I:%M:%S.%f %p %j"};
  for (const char* format : kFormats) {
    static const auto parsers = [] {
      std::vector<std::unique_ptr<TimeParser>> all;
      for (const char* f : kFormats)
        all.push_back(std::move(*make_time_parser(f, *utc(), 1706695200000000)));
      return all;
    }();
    parsers[static_cast<size_t>(std::find(std::begin(kFormats), std::end(kFormats), format) -
                                std::begin(kFormats))]
        ->parse(text);
  }
  const size_t half = size / 2;
  make_time_parser(text.substr(0, half), *utc(), 0);
  return 0;
}
