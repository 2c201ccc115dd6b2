// What the formats "regex" and "grok" share: records matched by patterns whose named groups are
// columns.
//
// A record that no pattern matches is refused; the reason names the last group up to which the
// nearest pattern matched. Empty lines are no records. A group that took no part is NULL; so is an
// empty text unless the column is a STRING.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/format.h"
#include "formats/regex_pattern.h"

namespace weir {

struct PatternText {
  RegexPattern pattern;
  SourceText source;  // what the user wrote
};

// Makes the format from patterns that have been read; they are tried in order. `record_start` may
// be empty. Problems go to `errors`; nullptr then.
std::unique_ptr<Format> make_pattern_format(std::vector<PatternText> patterns,
                                            const SourceText& record_start,
                                            const FormatContext& context, Errors& errors);

}  // namespace weir
