// A pushed predicate, ready to be asked about values.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "data/column.h"
#include "expr/expr.h"

namespace weir {

class ColumnPredicate {
 public:
  using Op = PushedPredicate::Op;

  // nullopt: the literal and the type are compared in a way that is not known here; the hint is left out.
  static std::optional<ColumnPredicate> make(const PushedPredicate& predicate, const Type& type);

  size_t column() const { return column_; }
  // The op and literal of a predicate on text, for searches.
  bool is_text() const { return domain_ == Domain::kText; }
  Op op() const { return op_; }
  const std::string& text() const { return text_; }

  // Writes the rows of the column for which the predicate may be TRUE, increasing; gives how many. NULLs are not
  // among them. `keep` has room for all rows.
  size_t filter(const Column& column, uint32_t* keep) const;
  // The same for one text.
  bool may_hold(std::string_view text) const;

 private:
  enum class Domain { kInteger, kDouble, kText };

  size_t column_ = 0;
  Op op_ = Op::kEq;
  Domain domain_ = Domain::kInteger;
  int64_t integer_ = 0;
  double real_ = 0;
  std::string text_;
};

}  // namespace weir
