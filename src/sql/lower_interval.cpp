// Conditions on the times of both sides of a join: b.ts BETWEEN a.ts - INTERVAL '5' MINUTE AND a.ts.
#include <algorithm>

#include "base/units.h"
#include "expr/binder.h"
#include "sql/join_parts.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

// column + shift
struct ShiftedTime {
  std::string column;
  int64_t shift_us = 0;
};

std::optional<ShiftedTime> shifted_time(const Ast& ast) {
  if (ast.kind == AstKind::kColumn) return ShiftedTime{ast.name, 0};
  if (ast.kind != AstKind::kBinary || (ast.name != "+" && ast.name != "-")) return std::nullopt;
  auto base = shifted_time(*ast.args[0]);
  const Ast& interval = *ast.args[1];
  if (!base || interval.kind != AstKind::kLiteral ||
      interval.value.type.id != TypeId::kIntervalMillis)
    return std::nullopt;
  const int64_t us = static_cast<int64_t>(interval.value.number) * 1000;
  base->shift_us += ast.name == "+" ? us : -us;
  return base;
}

// right.time - left.time is between these.
struct Bounds {
  std::optional<int64_t> lower;
  std::optional<int64_t> upper;
};

}  // namespace

bool Lowering::interval_bounds(JoinParts& parts, StepSpec& step) {
  const Rows& left = parts.left.rows;
  const Rows& right = parts.right.rows;
  if (!left.has_event_time || !right.has_event_time || left.time_column.empty() ||
      right.time_column.empty())
    return false;
  Bounds bounds;
  // a <= b
  const auto at_most = [&](const Ast& a, const Ast& b) {
    const auto low = shifted_time(a);
    const auto high = shifted_time(b);
    if (!low || !high) return false;
    if (low->column == left.time_column && high->column == right.time_column) {
      const int64_t bound = low->shift_us - high->shift_us;
      bounds.lower = std::max(bounds.lower.value_or(bound), bound);
      return true;
    }
    if (low->column == right.time_column && high->column == left.time_column) {
      const int64_t bound = high->shift_us - low->shift_us;
      bounds.upper = std::min(bounds.upper.value_or(bound), bound);
      return true;
    }
    return false;
  };
  std::vector<bool> said(parts.rest.size(), false);  // by the bounds, and nothing else
  for (size_t i = 0; i < parts.rest.size(); ++i) {
    const Ast& ast = *parts.rest[i];
    if (ast.kind == AstKind::kBetween && !ast.negated && ast.name.empty()) {
      const bool low = at_most(*ast.args[1], *ast.args[0]);
      const bool high = at_most(*ast.args[0], *ast.args[2]);
      said[i] = low && high;
    } else if (ast.kind == AstKind::kBinary && ast.args.size() == 2) {
      if (ast.name == "<=" || ast.name == "<")
        said[i] = at_most(*ast.args[0], *ast.args[1]) && ast.name == "<=";
      if (ast.name == ">=" || ast.name == ">")
        said[i] = at_most(*ast.args[1], *ast.args[0]) && ast.name == ">=";
    }
  }
  if (!bounds.lower || !bounds.upper) return false;
  Conjuncts rest;
  for (size_t i = 0; i < parts.rest.size(); ++i)
    if (!said[i]) rest.push_back(std::move(parts.rest[i]));
  parts.rest = std::move(rest);
  NamedTexts within;
  const Position place = at(parts.place);
  within.push_back({"lower", place, SourceText(format_duration({*bounds.lower}), place, false)});
  within.push_back({"upper", place, SourceText(format_duration({*bounds.upper}), place, false)});
  step.set("within", within);
  return true;
}

}  // namespace weir::sql
