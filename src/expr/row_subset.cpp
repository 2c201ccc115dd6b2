#include "expr/row_subset.h"

#include <cstring>

namespace weir {

namespace {

template <class T>
void copy_values(Column& out, std::span<const PartRow> from, std::span<const ColumnPtr> parts) {
  T* to = out.values<T>();
  for (size_t i = 0; i < from.size(); ++i) {
    const Column& part = *parts[from[i].part];
    to[i] = part.values<T>()[part.is_constant() ? 0 : from[i].row];
  }
}

}  // namespace

ColumnPtr eval_rows(const Expr& expr, const Batch& batch, std::span<const uint32_t> rows,
                    EvalContext& context) {
  if (rows.size() == batch.rows) return expr.eval(batch, context);
  if (rows.empty()) return make_column(expr.type());
  std::vector<bool> used(batch.columns.size());
  expr.collect_columns(used);
  Batch part;
  part.rows = rows.size();
  part.columns.resize(batch.columns.size());
  for (size_t c = 0; c < batch.columns.size(); ++c) {
    if (used[c] && batch.columns[c]) part.columns[c] = batch.columns[c]->gather(rows);
  }
  const size_t errors_before = context.errors.size();
  ColumnPtr out = expr.eval(part, context);
  for (size_t e = errors_before; e < context.errors.size(); ++e) {
    context.errors[e].row = rows[context.errors[e].row];
  }
  return out;
}

ColumnPtr assemble(const Type& type, std::span<const PartRow> from,
                   std::span<const ColumnPtr> parts) {
  if (type.is_nested()) {
    auto out = make_column(type);
    for (const auto& f : from) out->push_from(*parts[f.part], f.row);
    return out;
  }
  auto out = make_column(type, from.size());
  switch (type.width()) {
    case 1: copy_values<uint8_t>(*out, from, parts); break;
    case 2: copy_values<uint16_t>(*out, from, parts); break;
    case 4: copy_values<uint32_t>(*out, from, parts); break;
    case 8: copy_values<uint64_t>(*out, from, parts); break;
    case 16: copy_values<StringRef>(*out, from, parts); break;
    default: break;
  }
  bool nulls = false;
  for (const auto& p : parts) nulls = nulls || p->may_have_nulls();
  if (!nulls || from.empty()) return out;
  uint8_t* valid = out->make_valid();
  for (size_t i = 0; i < from.size(); ++i) {
    valid[i] = static_cast<uint8_t>(!parts[from[i].part]->is_null(from[i].row));
  }
  out->drop_valid_if_full();
  return out;
}

}  // namespace weir
