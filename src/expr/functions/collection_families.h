// The parts of the collection family, joined by collection.cpp, and the loops they share.
//
// Three ways to make a column of lists, cheapest first: keep the elements where they are and change the
// ListRefs (ARRAY_SLICE, MAP_KEYS); pick elements of one array by index (pick_elements: ARRAY_SORT,
// ARRAY_DISTINCT); push elements one by one (push_lists: ARRAY_CONCAT).
#pragma once

#include <vector>

#include "expr/function.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/temporal_units.h"

namespace weir {

FunctionList
collection_search_functions();  // CARDINALITY, ELEMENT, ARRAY_CONTAINS, ARRAY_MAX, ARRAY_JOIN ...
FunctionList
collection_edit_functions();  // ARRAY_APPEND, ARRAY_REMOVE, ARRAY_SLICE, ARRAY_SORT ...
FunctionList
collection_set_functions();  // ARRAY_DISTINCT, ARRAY_UNION, ARRAY_EXCEPT, ARRAY_INTERSECT
FunctionList collection_map_functions();  // MAP_KEYS, MAP_UNION, MAP_FROM_ARRAYS ...

// The element type of argument i. Error: it is no array. A bare NULL is an array of NULL.
Result<Type> element_argument(std::string_view function, std::span<const ExprPtr> args, size_t i);
// The type that the elements of array argument 0 and the value of argument 1 share.
Result<Type> element_and_value(std::string_view function, std::span<const ExprPtr> args);
// The type that the elements of all arguments, arrays, share.
Result<Type> common_elements(std::string_view function, std::span<const ExprPtr> args);

// True if one of the first `count` arguments is NULL in row i.
inline bool any_of_null(std::span<const ColumnPtr> args, size_t count, size_t i) {
  return any_null(args.first(count), i);
}

// Lists whose elements are picked from array argument 0: pick(i, list, picked) appends the indexes of row
// i's elements in that argument's child. Rows where one of the first `nulls` arguments is NULL are NULL.
template <class F>
ColumnPtr pick_elements(const Type& type, std::span<const ColumnPtr> args, size_t nulls,
                        size_t rows, EvalContext& context, F&& pick) {
  const size_t n = rows_to_compute(args, rows);
  const size_t errors_before = context.errors.size();
  ColumnPtr out = make_column(type, n);
  Vec<uint32_t> picked;
  for (size_t i = 0; i < n; ++i) {
    const auto begin = static_cast<uint32_t>(picked.size());
    if (any_of_null(args, nulls, i))
      out->set_null(i);
    else
      pick(i, args[0]->at<ListRef>(i), picked);
    out->values<ListRef>()[i] = {begin, static_cast<uint32_t>(picked.size()) - begin};
  }
  out->children()[0] = args[0]->child(0).gather({picked.data(), picked.size()});
  return finish_rows(std::move(out), args, rows, context, errors_before);
}

// Lists whose elements are pushed: fill(i, out) appends row i's elements to the children of `out`.
template <class F>
ColumnPtr push_lists(const Type& type, std::span<const ColumnPtr> args, size_t nulls, size_t rows,
                     EvalContext& context, F&& fill) {
  const size_t n = rows_to_compute(args, rows);
  const size_t errors_before = context.errors.size();
  ColumnPtr out = make_column(type, n);
  for (size_t i = 0; i < n; ++i) {
    const auto begin = static_cast<uint32_t>(out->child(0).size());
    const size_t before = context.errors.size();
    if (any_of_null(args, nulls, i))
      out->set_null(i);
    else
      fill(i, *out);
    if (context.errors.size() != before) {
      context.errors.back().row = static_cast<uint32_t>(i);
      out->set_null(i);
    }
    out->values<ListRef>()[i] = {begin, static_cast<uint32_t>(out->child(0).size()) - begin};
  }
  return finish_rows(std::move(out), args, rows, context, errors_before);
}

// Appends the elements of a list to the column.
inline void push_elements(Column& to, const Column& from, ListRef list) {
  for (uint32_t k = 0; k < list.len; ++k) to.push_from(from, list.offset + k);
}

// A set of elements of columns of one type; NULL equals NULL.
class ElementSet {
 public:
  void clear() { sorted_.clear(); }
  // False if an equal element is there already.
  bool insert(const Column& column, uint32_t i);
  bool contains(const Column& column, uint32_t i) const;

 private:
  struct Element {
    const Column* column;
    uint32_t index;
  };
  size_t lower_bound(const Column& column, uint32_t i) const;
  bool is_at(size_t place, const Column& column, uint32_t i) const;
  std::vector<Element> sorted_;
};

}  // namespace weir
