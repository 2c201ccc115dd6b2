// LIKE and SIMILAR TO.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/expr.h"

namespace weir {

// A LIKE pattern made ready: % any run of characters, _ one character (UTF-8), no escape by
// default. Matching is linear in the text: parts between % are searched for from left to right.
class LikePattern {
 public:
  enum class Kind : uint8_t { kEquals, kStartsWith, kEndsWith, kContains, kAnything, kGeneral };

  // nullopt: the escape character is followed by something else than %, _ or itself.
  static std::optional<LikePattern> compile(std::string_view pattern, std::optional<char> escape);

  bool matches(std::string_view text) const;
  Kind kind() const { return kind_; }
  // The text of kEquals, kStartsWith, kEndsWith, kContains.
  const std::string& text() const { return text_; }

 private:
  // Literal bytes with places for one character between them.
  struct Part {
    std::string bytes;      // '\0' where `any` says so
    std::vector<bool> any;  // empty: no _ in it
  };
  static size_t match_part(const Part& part, std::string_view text, size_t at);
  bool matches_general(std::string_view text) const;
  bool ends_with_last(std::string_view text, size_t from) const;

  Kind kind_ = Kind::kGeneral;
  std::string text_;
  std::vector<Part> parts_;
  bool open_begin_ = false;  // the pattern starts with %
  bool open_end_ = false;
};

// `escape` may be null. The pattern may vary by row. Error: message only (a wrong literal pattern).
Result<ExprPtr> make_like(ExprPtr text, ExprPtr pattern, ExprPtr escape, bool negated);
// SQL regular expressions: % _ | * + ? {m,n} ( ) [ ], the whole text must match.
Result<ExprPtr> make_similar(ExprPtr text, ExprPtr pattern, ExprPtr escape, bool negated);

}  // namespace weir
