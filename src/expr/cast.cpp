#include "expr/cast.h"

#include <unordered_map>

#include "data/text.h"
#include "expr/binder.h"
#include "expr/cast_kernels.h"
#include "expr/coercion.h"
#include "expr/compound.h"
#include "expr/fold.h"

namespace weir {

namespace {

constexpr size_t kShownBytes = 60;

bool same_layout_times(const Type& from, const Type& to) {
  return from.id == to.id && from.is_timestamp() && from.precision <= to.precision &&
         from.in_nanos() == to.in_nanos();
}

bool only_relabels(const Type& from, const Type& to) {
  if (from.is_string_like() && to.is_string_like()) return true;
  if (from.id == TypeId::kTime && to.id == TypeId::kTime) return from.precision <= to.precision;
  return same_layout_times(from, to);
}

int whole_digits(const Type& t) {
  const Type d = decimal_of(t);
  return d.precision - d.scale;
}

// The list ranges of `in` whose elements failed fail as a whole.
void fail_lists(CastJob& job, std::span<const RowError> errors) {
  if (errors.empty()) return;
  std::unordered_map<uint32_t, const std::string*> reasons;
  for (const auto& e : errors) reasons.emplace(e.row, &e.reason);
  for (size_t i = 0; i < job.n; ++i) {
    if (job.out.is_null(i)) continue;
    const ListRef list = job.in.at<ListRef>(i);
    for (uint32_t k = list.offset; k < list.offset + list.len; ++k) {
      const auto found = reasons.find(k);
      if (found == reasons.end()) continue;
      job.fail(i, *found->second);
      break;
    }
  }
}

// Errors of elements are taken back from the context and given to the rows that hold them: elements
// that no row refers to do not count.
void cast_nested(CastJob& job) {
  const size_t before = job.context.errors.size();
  for (size_t c = 0; c < job.in.children().size(); ++c) {
    const ColumnPtr& child = job.in.children()[c];
    job.out.children()[c] =
        flat(cast_column(child, (*job.to().fields)[c].type, false, job.context, child->size()));
  }
  std::vector<RowError> errors(
      std::make_move_iterator(job.context.errors.begin() + static_cast<ptrdiff_t>(before)),
      std::make_move_iterator(job.context.errors.end()));
  job.context.errors.resize(before);
  if (job.from().id != TypeId::kRow) {
    ListRef* lists = job.out.values<ListRef>();
    for (size_t i = 0; i < job.n; ++i) lists[i] = job.in.at<ListRef>(i);
    fail_lists(job, errors);
    return;
  }
  for (auto& e : errors) {
    if (e.row < job.n && !job.out.is_null(e.row)) job.fail(e.row, std::move(e.reason));
  }
}

void run_cast(CastJob& job) {
  const Type& from = job.from();
  const Type& to = job.to();
  if (from.is_nested() && from.id == to.id) return cast_nested(job);
  if (to.is_text()) return cast_to_text(job);
  if (from.is_text()) return cast_from_text(job);
  if (from.is_temporal()) return cast_times(job);
  return cast_numbers(job);
}

class Cast : public CompoundExpr {
 public:
  Cast(ExprPtr operand, const Type& type, bool try_cast)
      : CompoundExpr(type, {operand}, !try_cast && cast_can_fail(operand->type(), type)),
        try_cast_(try_cast) {}
  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    return cast_column(part(0).eval(batch, context), type(), try_cast_, context, batch.rows);
  }

 private:
  bool try_cast_;
};

bool depends_on_zone(const Type& t) {
  if (t.id == TypeId::kTimestampLtz) return true;
  if (!t.fields) return false;
  for (const auto& f : *t.fields) {
    if (depends_on_zone(f.type)) return true;
  }
  return false;
}

}  // namespace

void CastJob::fail_value(size_t i) {
  std::string text = text_at(in, i);
  if (text.size() > kShownBytes) text = text.substr(0, kShownBytes) + "...";
  if (from().is_string_like()) text = "'" + text + "'";
  fail(i, "cannot cast " + text + " to " + to().to_string());
}

bool can_cast(const Type& from, const Type& to) {
  if (from == to || from.id == TypeId::kNull) return true;
  const auto number_like = [](const Type& t) { return t.is_numeric() || t.id == TypeId::kBoolean; };
  if (to.is_text()) return true;
  if (to.id == TypeId::kBytes) return from.is_text();
  if (from.is_text()) return number_like(to) || to.is_temporal();
  if (number_like(from)) return number_like(to);
  if (from.is_temporal() && to.is_temporal()) {
    return !(from.id == TypeId::kDate && to.id == TypeId::kTime) &&
           !(from.id == TypeId::kTime && to.id == TypeId::kDate);
  }
  if (from.id != to.id || !from.is_nested() || from.fields->size() != to.fields->size()) {
    return false;
  }
  for (size_t i = 0; i < from.fields->size(); ++i) {
    if (!can_cast((*from.fields)[i].type, (*to.fields)[i].type)) return false;
  }
  return true;
}

bool cast_can_fail(const Type& from, const Type& to) {
  if (from == to || from.id == TypeId::kNull || to.is_string_like()) return false;
  if (from.is_text()) return true;
  if (to.id == TypeId::kBoolean || from.id == TypeId::kBoolean) {
    return to.id == TypeId::kDecimal && to.precision == to.scale;
  }
  if (from.is_nested()) {
    for (size_t i = 0; i < from.fields->size(); ++i) {
      if (cast_can_fail((*from.fields)[i].type, (*to.fields)[i].type)) return true;
    }
    return false;
  }
  if (from.is_temporal()) {
    return (to.in_nanos() && !from.in_nanos()) || (from.id == TypeId::kDate && to.is_timestamp());
  }
  if (to.is_approximate()) return false;
  if (from.is_approximate()) return true;
  if (to.id == TypeId::kDecimal) {
    const int room = to.precision - to.scale;
    // Rounding can carry into a new digit: 9.99 -> 10.0.
    const bool rounds = decimal_of(from).scale > to.scale;
    return whole_digits(from) + (rounds ? 1 : 0) > room;
  }
  if (from.id == TypeId::kDecimal) return whole_digits(from) >= whole_digits(to);
  return from.id > to.id;
}

ColumnPtr cast_column(const Column& column, const Type& to, bool try_cast, EvalContext& context,
                      size_t rows) {
  if (column.type().id == TypeId::kNull || is_null_constant(column)) {
    return make_null_constant(to, rows);
  }
  if (column.type() == to) return column.slice(0, rows);
  if (only_relabels(column.type(), to)) {
    ColumnPtr out = column.slice(0, rows);
    out->set_type(to);
    return out;
  }
  const size_t n = value_count(column.is_constant(), rows);
  // A ROW's children come from the cast of its children, lists share nothing yet.
  auto out = std::make_shared<Column>(to);
  if (to.id == TypeId::kRow) {
    for (size_t i = 0; i < n; ++i) out->push_row();
  } else {
    out->resize(n);
  }
  add_nulls(*out, column, n);
  const size_t errors_before = context.errors.size();
  CastJob job{column, *out, n, try_cast, context};
  run_cast(job);
  if (column.is_constant()) spread_constant(*out, rows, context, errors_before);
  return out;
}

ColumnPtr cast_column(const ColumnPtr& column, const Type& to, bool try_cast, EvalContext& context,
                      size_t rows) {
  if (column->type() == to) return column;
  return cast_column(*column, to, try_cast, context, rows);
}

Result<ExprPtr> cast_to(ExprPtr expr, const Type& type, bool try_cast) {
  if (expr->type() == type) return expr;
  if (!can_cast(expr->type(), type)) {
    return fail(ErrorKind::kConfig,
                "cannot cast " + expr->type().to_string() + " to " + type.to_string());
  }
  const bool literal = expr->as_literal() != nullptr;
  const bool zoned = depends_on_zone(expr->type()) || depends_on_zone(type);
  ExprPtr cast = std::make_shared<Cast>(std::move(expr), type, try_cast);
  return literal && !zoned ? fold(std::move(cast), utc()) : cast;
}

}  // namespace weir
