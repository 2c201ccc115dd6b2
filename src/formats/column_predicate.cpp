#include "formats/column_predicate.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace weir {
namespace {

using Op = PushedPredicate::Op;

constexpr Int128 kExactInDouble = Int128{1} << 53;

// A number literal as a double, when that loses nothing.
std::optional<double> as_exact_double(const Value& value) {
  if (value.type.id == TypeId::kDouble) {
    if (std::isnan(value.real)) return std::nullopt;
    return value.real;
  }
  if (value.number > kExactInDouble || value.number < -kExactInDouble) return std::nullopt;
  if (value.type.is_integer()) return static_cast<double>(value.number);
  if (value.type.id == TypeId::kDecimal && value.type.scale <= 22)
    return static_cast<double>(value.number) / std::pow(10.0, value.type.scale);
  return std::nullopt;
}

// Calls use(test) with the comparison; `test(v)` is false only when `v op literal` is certainly not TRUE
// (comparisons are turned round so that NaN passes).
template <class T, class Use>
size_t with_comparison(Op op, T x, Use&& use) {
  switch (op) {
    case Op::kEq: return use([x](T v) { return v == x; });
    case Op::kNe: return use([x](T v) { return !(v == x); });
    case Op::kLt: return use([x](T v) { return !(v >= x); });
    case Op::kLe: return use([x](T v) { return !(v > x); });
    case Op::kGt: return use([x](T v) { return !(v <= x); });
    case Op::kGe: return use([x](T v) { return !(v < x); });
    default: return use([](T) { return true; });
  }
}

// Rows that pass, without a branch per row.
template <class Stored, class T>
size_t filter_values(const Column& column, Op op, T literal, uint32_t* keep) {
  const Stored* values = column.values<Stored>();
  const uint8_t* valid = column.valid();
  const size_t rows = column.size();
  return with_comparison<T>(op, literal, [&](auto test) {
    size_t n = 0;
    for (size_t i = 0; i < rows; ++i) {
      keep[n] = static_cast<uint32_t>(i);
      n += static_cast<size_t>(test(static_cast<T>(values[i])) &&
                               (valid == nullptr || valid[i] != 0));
    }
    return n;
  });
}

template <class T>
size_t filter_by_width(const Column& column, Op op, T literal, uint32_t* keep) {
  switch (column.type().id) {
    case TypeId::kBoolean: return filter_values<uint8_t>(column, op, literal, keep);
    case TypeId::kTinyInt: return filter_values<int8_t>(column, op, literal, keep);
    case TypeId::kSmallInt: return filter_values<int16_t>(column, op, literal, keep);
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: return filter_values<int32_t>(column, op, literal, keep);
    default: return filter_values<int64_t>(column, op, literal, keep);
  }
}

bool is_comparison(Op op) { return op <= Op::kGe; }

}  // namespace

std::optional<ColumnPredicate> ColumnPredicate::make(const PushedPredicate& predicate,
                                                     const Type& type) {
  const Value& value = predicate.value;
  if (value.is_null) return std::nullopt;
  ColumnPredicate p;
  p.column_ = predicate.column;
  p.op_ = predicate.op;
  if (type.is_text() && value.type.is_text()) {
    p.domain_ = Domain::kText;
    p.text_ = value.text;
    return p;
  }
  if (!is_comparison(predicate.op)) return std::nullopt;
  const bool same_kind = type.id == value.type.id &&
                         (type.id == TypeId::kBoolean ||
                          (type.is_temporal() && type.in_nanos() == value.type.in_nanos()));
  if (same_kind || (type.is_integer() && value.type.is_integer())) {
    if (value.number > std::numeric_limits<int64_t>::max() ||
        value.number < std::numeric_limits<int64_t>::min()) {
      return std::nullopt;
    }
    p.integer_ = static_cast<int64_t>(value.number);
    return p;
  }
  const bool compares_as_double =
      (type.id == TypeId::kDouble && value.type.is_numeric() && value.type.id != TypeId::kFloat) ||
      (type.is_integer() && value.type.id == TypeId::kDouble);
  if (!compares_as_double) return std::nullopt;
  const auto real = as_exact_double(value);
  if (!real) return std::nullopt;
  p.domain_ = Domain::kDouble;
  p.real_ = *real;
  return p;
}

size_t ColumnPredicate::filter(const Column& column, uint32_t* keep) const {
  if (domain_ == Domain::kInteger) return filter_by_width<int64_t>(column, op_, integer_, keep);
  if (domain_ == Domain::kDouble) {
    if (column.type().id == TypeId::kDouble) return filter_values<double>(column, op_, real_, keep);
    return filter_by_width<double>(column, op_, real_, keep);
  }
  const StringRef* values = column.values<StringRef>();
  size_t n = 0;
  for (size_t i = 0; i < column.size(); ++i) {
    keep[n] = static_cast<uint32_t>(i);
    n += static_cast<size_t>(!column.is_null(i) && may_hold(values[i].view()));
  }
  return n;
}

bool ColumnPredicate::may_hold(std::string_view text) const {
  if (domain_ != Domain::kText) return true;
  switch (op_) {
    case Op::kEq: return text == text_;
    case Op::kNe: return text != text_;
    case Op::kLt: return text < text_;
    case Op::kLe: return text <= text_;
    case Op::kGt: return text > text_;
    case Op::kGe: return text >= text_;
    case Op::kStartsWith: return text.starts_with(text_);
    case Op::kEndsWith: return text.ends_with(text_);
    case Op::kContains:
      return text_.empty() ||
             memmem(text.data(), text.size(), text_.data(), text_.size()) != nullptr;
  }
  return true;
}

}  // namespace weir
