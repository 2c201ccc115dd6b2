// Arrays as sets: ARRAY_DISTINCT, ARRAY_UNION, ARRAY_EXCEPT, ARRAY_INTERSECT. NULL counts as one value;
// elements keep the order in which they appear first.
#include "expr/functions/arguments.h"
#include "expr/functions/collection_families.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

Result<BoundCall> bind_distinct(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_DISTINCT", args, 1, 1); !ok) return fail(ok.error());
  auto element = element_argument("ARRAY_DISTINCT", args, 0);
  if (!element) return fail(std::move(element.error()));
  BoundCall call;
  call.result = Type::array(*element);
  call.parameters = {call.result};
  call.kernel = [type = call.result](Columns in, size_t rows, EvalContext& context) {
    ElementSet seen;
    return pick_elements(type, in, 1, rows, context,
                         [&](size_t, ListRef list, Vec<uint32_t>& picked) {
                           seen.clear();
                           for (uint32_t k = list.offset; k < list.offset + list.len; ++k) {
                             if (seen.insert(in[0]->child(0), k)) picked.push_back(k);
                           }
                         });
  };
  return call;
}

Result<BoundCall> bind_union(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_UNION", args, 2, 2); !ok) return fail(ok.error());
  auto element = common_elements("ARRAY_UNION", args);
  if (!element) return fail(std::move(element.error()));
  BoundCall call;
  call.result = Type::array(*element);
  call.parameters = {call.result, call.result};
  call.kernel = [type = call.result](Columns in, size_t rows, EvalContext& context) {
    ElementSet seen;
    return push_lists(type, in, 2, rows, context, [&](size_t i, Column& out) {
      seen.clear();
      for (const ColumnPtr& a : in) {
        const ListRef list = a->at<ListRef>(i);
        for (uint32_t k = list.offset; k < list.offset + list.len; ++k) {
          if (seen.insert(a->child(0), k)) out.child(0).push_from(a->child(0), k);
        }
      }
    });
  };
  return call;
}

// The elements of the first array that are (`keep_common`) or are not in the second.
BindFunction bind_filter(std::string_view name, bool keep_common) {
  return [name, keep_common](std::span<const ExprPtr> args) -> Result<BoundCall> {
    if (auto ok = check_count(name, args, 2, 2); !ok) return fail(ok.error());
    auto element = common_elements(name, args);
    if (!element) return fail(std::move(element.error()));
    BoundCall call;
    call.result = Type::array(*element);
    call.parameters = {call.result, call.result};
    call.kernel = [type = call.result, keep_common](Columns in, size_t rows, EvalContext& context) {
      ElementSet seen;
      ElementSet other;
      return pick_elements(
          type, in, 2, rows, context, [&](size_t i, ListRef list, Vec<uint32_t>& picked) {
            seen.clear();
            other.clear();
            const ListRef second = in[1]->at<ListRef>(i);
            for (uint32_t k = second.offset; k < second.offset + second.len; ++k) {
              other.insert(in[1]->child(0), k);
            }
            for (uint32_t k = list.offset; k < list.offset + list.len; ++k) {
              const Column& elements = in[0]->child(0);
              if (other.contains(elements, k) == keep_common && seen.insert(elements, k))
                picked.push_back(k);
            }
          });
    };
    return call;
  };
}

}  // namespace

FunctionList collection_set_functions() {
  FunctionList list;
  list.push_back(polymorphic("ARRAY_DISTINCT", "ARRAY_DISTINCT(a ARRAY) -> ARRAY",
                             "Leaves out elements that came before.",
                             "ARRAY_DISTINCT(ARRAY[1, 2, 1])", "[1, 2]", bind_distinct));
  list.push_back(polymorphic("ARRAY_UNION", "ARRAY_UNION(a ARRAY, b ARRAY) -> ARRAY",
                             "Gives the elements of both arrays, each once.",
                             "ARRAY_UNION(ARRAY[1, 2], ARRAY[2, 3])", "[1, 2, 3]", bind_union));
  list.push_back(polymorphic("ARRAY_EXCEPT", "ARRAY_EXCEPT(a ARRAY, b ARRAY) -> ARRAY",
                             "Gives the elements of a that are not in b, each once.",
                             "ARRAY_EXCEPT(ARRAY[1, 2, 3], ARRAY[2])", "[1, 3]",
                             bind_filter("ARRAY_EXCEPT", false)));
  list.push_back(polymorphic("ARRAY_INTERSECT", "ARRAY_INTERSECT(a ARRAY, b ARRAY) -> ARRAY",
                             "Gives the elements of a that are also in b, each once.",
                             "ARRAY_INTERSECT(ARRAY[1, 2, 3], ARRAY[3, 2])", "[2, 3]",
                             bind_filter("ARRAY_INTERSECT", true)));
  return list;
}

}  // namespace weir
