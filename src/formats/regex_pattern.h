// Patterns with named groups, as people write them for other engines, made fit for RE2.
//
// RE2 has no look-around, atomic groups or possessive quantifiers, because it never backtracks. An
// atomic group and a possessive quantifier only limit backtracking; they become plain ones. A
// negative look-around at an end of a pattern only sharpens its edge ("no digit may follow"); it is
// left out. All else that RE2 lacks is an error that names the construct.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace weir {

// A group whose text becomes a column's value.
struct PatternGroup {
  std::string field;
  std::string type;        // what grok wrote behind the field: "int", "float"; empty: not given
  size_t open = 0;         // offset of its parenthesis in RegexPattern::text
  size_t close = 0;        // one past its end
  bool outermost = false;  // not inside another group, so that `text` can be cut behind it
};

struct RegexPattern {
  std::string text;                  // for RE2; the groups below capture, no other does
  std::vector<PatternGroup> groups;  // in order of their parentheses
  bool can_cut = true;               // no alternation on the outermost level

  // The text in which only the groups with `keep` capture.
  std::string with_groups(const std::vector<bool>& keep) const;
};

// Definitions that %{NAME} may refer to.
class PatternLibrary {
 public:
  virtual ~PatternLibrary() = default;
  // The definition's text, nullptr when there is none.
  virtual const std::string* find(std::string_view name) const = 0;
  virtual std::vector<std::string> names() const = 0;
};

// Reads a pattern: named groups (?P<name>...), (?<name>...), (?'name'...) and, with a library,
// %{NAME},
// %{NAME:field} and %{NAME:field:type}, where a field [a][b] is called "a.b". Other groups do not
// capture. `relax_counts`: {n,m} becomes {n,} where m is 10 or more, for patterns whose nested
// counts are beyond what RE2 takes (1000 in all). Error: kConfig; position.column is the offset in
// `pattern` of the construct that is wrong, from 1.
Result<RegexPattern> read_regex_pattern(std::string_view pattern, const PatternLibrary* library,
                                        bool relax_counts = false);

}  // namespace weir
