// Drops lines for which a pushed predicate is certainly not TRUE, by looking at their raw bytes.
//
// Why it is sound: in a line without backslashes every quote begins or ends a string, and no key
// can be spelled in another way. So when the quoted key occurs exactly once and is followed by a
// colon, that is the only place where the top-level field can be; when that place is inside a
// nested object instead, the top-level field is missing, the predicate is NULL and the line may be
// dropped as well. Without an occurrence it is missing too. Lines that do not look whole (first and
// last character, quotes, braces) and all doubtful values go to the parser, which decides and
// reports. A dropped line is not checked further: that it is valid JSON is known only of the lines
// that are parsed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "expr/expr.h"
#include "formats/json_number.h"
#include "formats/json_scan.h"

namespace weir {

class JsonPrefilter {
 public:
  // A filter for `predicate` on a top-level field named `key` of type `type`; nothing when it is of
  // no use.
  static std::optional<JsonPrefilter> make(const std::string& key, const Type& type,
                                           const PushedPredicate& predicate);

  const ScanKey& key() const { return key_; }

  // True if the predicate is not TRUE for the record on this line; `text` is what was scanned.
  bool drops(std::string_view text, const ScannedLine& line) const;

 private:
  enum class Order { kLess, kEqual, kGreater, kUnknown };

  JsonPrefilter(ScanKey key, const Type& type, const PushedPredicate& predicate);

  bool fails_for(Order order) const { return fails_[static_cast<size_t>(order)]; }
  bool drops_short_number(const char* p) const;
  bool fails_for_text(std::string_view value) const;
  Order compare(const json::Number& number) const;
  Order compare_integer(const json::Number& number) const;
  Order compare_double(const json::Number& number) const;
  Order compare_decimal(const json::Number& number) const;

  ScanKey key_;
  Type type_;
  PushedPredicate::Op op_;
  bool fails_[4] = {};          // by Order: the predicate is not TRUE
  bool short_numbers_ = false;  // numbers of up to seven characters are compared with limits_
  int64_t limits_[8] = {};      // the literal times 10^i
  Value literal_;
  double threshold_ = 0;  // the literal as a double
  bool threshold_exact_ = true;
};

}  // namespace weir
