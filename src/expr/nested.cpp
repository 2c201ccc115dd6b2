#include "expr/nested.h"

#include <cstring>

#include "expr/compound.h"

namespace weir {

namespace {

std::vector<ColumnPtr> eval_all(const std::vector<ExprPtr>& parts, const Batch& batch,
                                EvalContext& context, bool& constant) {
  std::vector<ColumnPtr> out;
  constant = true;
  for (const auto& p : parts) {
    out.push_back(p->eval(batch, context));
    constant = constant && out.back()->is_constant();
  }
  return out;
}

// The values of columns begin, begin + step, ... of `in`, interleaved by row.
ColumnPtr interleave(const Type& type, const std::vector<ColumnPtr>& in, size_t begin, size_t step,
                     size_t n) {
  auto out = make_column(type);
  const size_t per_row = (in.size() - begin + step - 1) / step;
  out->reserve(per_row * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t c = begin; c < in.size(); c += step) out->push_from(*in[c], i);
  }
  return out;
}

class ListConstructor : public CompoundExpr {
 public:
  ListConstructor(Type type, std::vector<ExprPtr> items)
      : CompoundExpr(std::move(type), std::move(items), false) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    bool constant = false;
    const auto in = eval_all(parts(), batch, context, constant);
    const size_t n = value_count(constant, batch.rows);
    auto out = make_column(type(), n);
    const size_t step = type().fields->size();
    for (size_t c = 0; c < step; ++c) {
      const Type& element = (*type().fields)[c].type;
      out->children()[c] = in.empty() ? make_column(element) : interleave(element, in, c, step, n);
    }
    const auto length = static_cast<uint32_t>(in.size() / step);
    ListRef* lists = out->values<ListRef>();
    for (size_t i = 0; i < n; ++i) lists[i] = {static_cast<uint32_t>(i) * length, length};
    if (constant && batch.rows > 0) out->make_constant(batch.rows);
    return out;
  }
};

class RowConstructor : public CompoundExpr {
 public:
  RowConstructor(Type type, std::vector<ExprPtr> items)
      : CompoundExpr(std::move(type), std::move(items), false) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    bool constant = false;
    const auto in = eval_all(parts(), batch, context, constant);
    auto out = make_column(type(), batch.rows);
    for (size_t c = 0; c < in.size(); ++c) out->children()[c] = flat(in[c]);
    return out;
  }
};

class Field : public CompoundExpr {
 public:
  Field(ExprPtr row, size_t field)
      : CompoundExpr((*row->type().fields)[field].type, {row}, false), field_(field) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr row = flat(part(0).eval(batch, context));
    const ColumnPtr& child = row->children()[field_];
    if (!row->may_have_nulls()) return child;
    auto out = child->flatten();
    add_nulls(*out, *row, batch.rows);
    return out;
  }

 private:
  size_t field_;
};

// Row i of the result is element places[i] of `elements`; kAbsent gives NULL.
constexpr uint32_t kAbsent = UINT32_MAX;

ColumnPtr pick(const Column& elements, Vec<uint32_t>& places) {
  const size_t n = places.size();
  if (elements.size() == 0) return flat(make_null_constant(elements.type(), n));
  Vec<uint32_t> absent;
  for (size_t i = 0; i < n; ++i) {
    if (places[i] != kAbsent) continue;
    absent.push_back(static_cast<uint32_t>(i));
    places[i] = 0;
  }
  ColumnPtr out = elements.gather({places.data(), n});
  for (const uint32_t i : absent) out->set_null(i);
  return out;
}

class ArrayIndex : public CompoundExpr {
 public:
  ArrayIndex(ExprPtr array, ExprPtr index)
      : CompoundExpr(array->type().element(), {array, std::move(index)}, false) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr array = part(0).eval(batch, context);
    const ColumnPtr index = part(1).eval(batch, context);
    if (batch.rows == 0) return make_column(type());
    if (is_null_constant(*array) || is_null_constant(*index)) {
      return make_null_constant(type(), batch.rows);
    }
    const bool constant = array->is_constant() && index->is_constant();
    const size_t n = value_count(constant, batch.rows);
    Vec<uint32_t> places(n);
    for (size_t i = 0; i < n; ++i) {
      places[i] = kAbsent;
      if (array->is_null(i) || index->is_null(i)) continue;
      const ListRef list = array->at<ListRef>(i);
      const int64_t k = index->at<int64_t>(i);
      if (k >= 1 && k <= int64_t{list.len}) places[i] = list.offset + static_cast<uint32_t>(k - 1);
    }
    ColumnPtr out = pick(array->child(0), places);
    if (constant) out->make_constant(batch.rows);
    return out;
  }
};

class MapIndex : public CompoundExpr {
 public:
  MapIndex(ExprPtr map, ExprPtr key)
      : CompoundExpr(map->type().map_value(), {map, std::move(key)}, false) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr map = part(0).eval(batch, context);
    const ColumnPtr key = part(1).eval(batch, context);
    if (batch.rows == 0) return make_column(type());
    if (is_null_constant(*map)) return make_null_constant(type(), batch.rows);
    const bool constant = map->is_constant() && key->is_constant();
    const size_t n = value_count(constant, batch.rows);
    Vec<uint32_t> places(n);
    for (size_t i = 0; i < n; ++i) {
      places[i] = kAbsent;
      if (map->is_null(i)) continue;
      const ListRef list = map->at<ListRef>(i);
      for (uint32_t k = list.offset; k < list.offset + list.len; ++k) {
        if (compare_rows(map->child(0), k, *key, i) == 0) {
          places[i] = k;
          break;
        }
      }
    }
    ColumnPtr out = pick(map->child(1), places);
    if (constant) out->make_constant(batch.rows);
    return out;
  }
};

}  // namespace

ExprPtr make_array(Type type, std::vector<ExprPtr> items) {
  return std::make_shared<ListConstructor>(std::move(type), std::move(items));
}

ExprPtr make_map(Type type, std::vector<ExprPtr> items) {
  return std::make_shared<ListConstructor>(std::move(type), std::move(items));
}

ExprPtr make_row(Type type, std::vector<ExprPtr> items) {
  return std::make_shared<RowConstructor>(std::move(type), std::move(items));
}

ExprPtr make_field(ExprPtr row, size_t field) {
  return std::make_shared<Field>(std::move(row), field);
}

ExprPtr make_array_index(ExprPtr array, ExprPtr index) {
  return std::make_shared<ArrayIndex>(std::move(array), std::move(index));
}

ExprPtr make_map_index(ExprPtr map, ExprPtr key) {
  return std::make_shared<MapIndex>(std::move(map), std::move(key));
}

}  // namespace weir
