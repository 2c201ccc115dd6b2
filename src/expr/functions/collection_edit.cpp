// Arrays from arrays: ARRAY_APPEND, ARRAY_PREPEND, ARRAY_CONCAT, ARRAY_REMOVE, ARRAY_REVERSE, ARRAY_SLICE,
// ARRAY_SORT.
#include <algorithm>

#include "data/value.h"
#include "expr/functions/arguments.h"
#include "expr/functions/collection_families.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

BindFunction bind_array_add(std::string_view name, bool at_end) {
  return [name, at_end](std::span<const ExprPtr> args) -> Result<BoundCall> {
    if (auto ok = check_count(name, args, 2, 2); !ok) return fail(ok.error());
    auto element = element_and_value(name, args);
    if (!element) return fail(std::move(element.error()));
    BoundCall call;
    call.result = Type::array(*element);
    call.parameters = {call.result, *element};
    call.kernel = [type = call.result, at_end](Columns in, size_t rows, EvalContext& context) {
      return push_lists(type, in, 1, rows, context, [&](size_t i, Column& out) {
        if (!at_end) out.child(0).push_from(*in[1], i);
        push_elements(out.child(0), in[0]->child(0), in[0]->at<ListRef>(i));
        if (at_end) out.child(0).push_from(*in[1], i);
      });
    };
    return call;
  };
}

Result<BoundCall> bind_concat(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_CONCAT", args, 1, -1); !ok) return fail(ok.error());
  auto element = common_elements("ARRAY_CONCAT", args);
  if (!element) return fail(std::move(element.error()));
  BoundCall call;
  call.result = Type::array(*element);
  call.parameters.assign(args.size(), call.result);
  call.kernel = [type = call.result](Columns in, size_t rows, EvalContext& context) {
    return push_lists(type, in, in.size(), rows, context, [&](size_t i, Column& out) {
      for (const ColumnPtr& a : in) push_elements(out.child(0), a->child(0), a->at<ListRef>(i));
    });
  };
  return call;
}

Result<BoundCall> bind_remove(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_REMOVE", args, 2, 2); !ok) return fail(ok.error());
  auto element = element_and_value("ARRAY_REMOVE", args);
  if (!element) return fail(std::move(element.error()));
  BoundCall call;
  call.result = Type::array(*element);
  call.parameters = {call.result, *element};
  call.kernel = [type = call.result](Columns in, size_t rows, EvalContext& context) {
    return pick_elements(type, in, 1, rows, context,
                         [&](size_t i, ListRef list, Vec<uint32_t>& picked) {
                           const size_t row = in[1]->is_constant() ? 0 : i;
                           for (uint32_t k = list.offset; k < list.offset + list.len; ++k) {
                             if (compare_rows(in[0]->child(0), k, *in[1], row) != 0)
                               picked.push_back(k);
                           }
                         });
  };
  return call;
}

// One array argument and what bind makes of it.
Result<BoundCall> bind_array(std::string_view name, std::span<const ExprPtr> args, Kernel kernel) {
  auto element = element_argument(name, args, 0);
  if (!element) return fail(std::move(element.error()));
  BoundCall call;
  call.result = Type::array(*element);
  call.parameters = {call.result};
  call.kernel = std::move(kernel);
  return call;
}

Result<BoundCall> bind_reverse(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_REVERSE", args, 1, 1); !ok) return fail(ok.error());
  return bind_array("ARRAY_REVERSE", args, [](Columns in, size_t rows, EvalContext& context) {
    return pick_elements(in[0]->type(), in, 1, rows, context,
                         [](size_t, ListRef list, Vec<uint32_t>& picked) {
                           for (uint32_t k = list.len; k > 0; --k)
                             picked.push_back(list.offset + k - 1);
                         });
  });
}

// 1-based and inclusive; 0 is the beginning, negative places count from the end.
ListRef slice(ListRef list, int64_t from, int64_t to) {
  const int64_t n = list.len;
  const auto place = [n](int64_t p) {
    return p == 0 ? 1 : p < 0 ? std::max(p, -n - 1) + n + 1 : p;
  };
  from = place(from);
  to = place(to);
  if (n == 0 || from > to || from > n || to < 1) return {list.offset, 0};
  from = std::max<int64_t>(from, 1);
  to = std::min(to, n);
  return {list.offset + static_cast<uint32_t>(from - 1), static_cast<uint32_t>(to - from + 1)};
}

Result<BoundCall> bind_slice(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_SLICE", args, 2, 3); !ok) return fail(ok.error());
  for (size_t i = 1; i < args.size(); ++i) {
    if (auto ok = check_type("ARRAY_SLICE", args, i, Type::bigint()); !ok) return fail(ok.error());
  }
  auto call = bind_array("ARRAY_SLICE", args, [](Columns in, size_t rows, EvalContext& context) {
    auto out = map_rows<ListRef>(in[0]->type(), in, rows, context, [&](size_t i) {
      const ListRef list = in[0]->at<ListRef>(i);
      const int64_t to = in.size() > 2 ? in[2]->at<int64_t>(i) : int64_t{list.len};
      return slice(list, in[1]->at<int64_t>(i), to);
    });
    out->children() = in[0]->children();  // the elements stay where they are
    return out;
  });
  if (call) call->parameters.resize(args.size(), Type::bigint());
  return call;
}

Result<BoundCall> bind_sort(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_SORT", args, 1, 3); !ok) return fail(ok.error());
  for (size_t i = 1; i < args.size(); ++i) {
    if (auto ok = check_type("ARRAY_SORT", args, i, Type::boolean()); !ok) return fail(ok.error());
  }
  auto call = bind_array("ARRAY_SORT", args, [](Columns in, size_t rows, EvalContext& context) {
    const Column& elements = in[0]->child(0);
    return pick_elements(in[0]->type(), in, in.size(), rows, context,
                         [&](size_t i, ListRef list, Vec<uint32_t>& picked) {
                           const bool ascending = in.size() < 2 || in[1]->at<uint8_t>(i) != 0;
                           const bool nulls_first =
                               in.size() < 3 ? ascending : in[2]->at<uint8_t>(i) != 0;
                           uint32_t* first = picked.extend(list.len);
                           for (uint32_t k = 0; k < list.len; ++k) first[k] = list.offset + k;
                           std::stable_sort(first, first + list.len, [&](uint32_t a, uint32_t b) {
                             if (elements.is_null(a) || elements.is_null(b)) {
                               return elements.is_null(a) != elements.is_null(b) &&
                                      elements.is_null(a) == nulls_first;
                             }
                             const int c = compare_rows(elements, a, elements, b);
                             return ascending ? c < 0 : c > 0;
                           });
                         });
  });
  if (call) call->parameters.resize(args.size(), Type::boolean());
  return call;
}

}  // namespace

FunctionList collection_edit_functions() {
  FunctionList list;
  list.push_back(polymorphic("ARRAY_APPEND", "ARRAY_APPEND(a ARRAY, x) -> ARRAY",
                             "Adds x at the end.", "ARRAY_APPEND(ARRAY[1, 2], 3)", "[1, 2, 3]",
                             bind_array_add("ARRAY_APPEND", true)));
  list.push_back(polymorphic("ARRAY_PREPEND", "ARRAY_PREPEND(a ARRAY, x) -> ARRAY",
                             "Adds x at the beginning.", "ARRAY_PREPEND(ARRAY[1, 2], 3)",
                             "[3, 1, 2]", bind_array_add("ARRAY_PREPEND", false)));
  list.push_back(polymorphic(
      "ARRAY_CONCAT", "ARRAY_CONCAT(a ARRAY, ...) -> ARRAY", "Puts arrays one after another.",
      "ARRAY_CONCAT(ARRAY[1, 2], ARRAY[2, 3])", "[1, 2, 2, 3]", bind_concat));
  list.push_back(polymorphic("ARRAY_REMOVE", "ARRAY_REMOVE(a ARRAY, x) -> ARRAY",
                             "Leaves out all elements equal to x; x may be NULL.",
                             "ARRAY_REMOVE(ARRAY[1, 2, 1], 1)", "[2]", bind_remove));
  list.push_back(polymorphic("ARRAY_REVERSE", "ARRAY_REVERSE(a ARRAY) -> ARRAY",
                             "Gives the elements in reverse order.",
                             "ARRAY_REVERSE(ARRAY[1, 2, 3])", "[3, 2, 1]", bind_reverse));
  list.push_back(polymorphic("ARRAY_SLICE", "ARRAY_SLICE(a ARRAY, from INT[, to INT]) -> ARRAY",
                             "Gives the elements from one place to another, both included, from 1; "
                             "negative places count from the "
                             "end.",
                             "ARRAY_SLICE(ARRAY[1, 2, 3, 4], 2, -2)", "[2, 3]", bind_slice));
  list.push_back(polymorphic(
      "ARRAY_SORT", "ARRAY_SORT(a ARRAY[, ascending BOOLEAN[, nulls_first BOOLEAN]]) -> ARRAY",
      "Sorts the elements; NULLs come first when ascending, last when descending, unless said "
      "otherwise.",
      "ARRAY_SORT(ARRAY[2, NULL, 1])", "[NULL, 1, 2]", bind_sort));
  return list;
}

}  // namespace weir
