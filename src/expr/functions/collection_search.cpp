// Facts about arrays and maps: CARDINALITY, ELEMENT, ARRAY_CONTAINS, ARRAY_POSITION, ARRAY_MAX, ARRAY_JOIN.
#include "data/value.h"
#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/collection_families.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

Result<BoundCall> bind_cardinality(std::span<const ExprPtr> args) {
  if (auto ok = check_count("CARDINALITY", args, 1, 1); !ok) return fail(ok.error());
  const Type& type = args[0]->type();
  if (type.id != TypeId::kArray && type.id != TypeId::kMap && type.id != TypeId::kNull) {
    return fail(ErrorKind::kConfig,
                "CARDINALITY counts an ARRAY or a MAP, not " + type.to_string());
  }
  BoundCall call;
  call.parameters = {type.id == TypeId::kNull ? Type::array(Type::null()) : type};
  call.result = Type::integer();
  call.kernel = [](Columns in, size_t rows, EvalContext& context) {
    return map_rows<int32_t>(Type::integer(), in, rows, context, [&](size_t i) {
      return static_cast<int32_t>(in[0]->at<ListRef>(i).len);
    });
  };
  return call;
}

// A column of `type` with, for each row, the element that choose(i) points to; nullopt: NULL.
template <class F>
ColumnPtr choose_elements(const Type& type, Columns args, size_t rows, EvalContext& context,
                          F choose) {
  const size_t n = rows_to_compute(args, rows);
  const size_t errors_before = context.errors.size();
  ColumnPtr out = make_column(type);
  out->reserve(n);
  for (size_t i = 0; i < n; ++i) {
    const size_t before = context.errors.size();
    const std::optional<uint32_t> at = any_null(args, i) ? std::nullopt : choose(i);
    if (context.errors.size() != before) context.errors.back().row = static_cast<uint32_t>(i);
    if (at)
      out->push_from(args[0]->child(0), *at);
    else
      out->push_null();
  }
  return finish_rows(std::move(out), args, rows, context, errors_before);
}

Result<BoundCall> bind_element(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ELEMENT", args, 1, 1); !ok) return fail(ok.error());
  auto element = element_argument("ELEMENT", args, 0);
  if (!element) return fail(std::move(element.error()));
  BoundCall call;
  call.parameters = {Type::array(*element)};
  call.result = *element;
  call.can_fail = true;
  call.kernel = [type = *element](Columns in, size_t rows, EvalContext& context) {
    return choose_elements(type, in, rows, context, [&](size_t i) -> std::optional<uint32_t> {
      const ListRef list = in[0]->at<ListRef>(i);
      if (list.len > 1) fail_row(context, "ELEMENT of an array with more than one element");
      if (list.len != 1) return std::nullopt;
      return list.offset;
    });
  };
  return call;
}

// The largest (sign 1) or smallest (-1) element, NULLs left out.
BindFunction bind_array_extreme(std::string_view name, int sign) {
  return [name, sign](std::span<const ExprPtr> args) -> Result<BoundCall> {
    if (auto ok = check_count(name, args, 1, 1); !ok) return fail(ok.error());
    auto element = element_argument(name, args, 0);
    if (!element) return fail(std::move(element.error()));
    BoundCall call;
    call.parameters = {Type::array(*element)};
    call.result = *element;
    call.kernel = [type = *element, sign](Columns in, size_t rows, EvalContext& context) {
      return choose_elements(type, in, rows, context, [&](size_t i) {
        const Column& elements = in[0]->child(0);
        const ListRef list = in[0]->at<ListRef>(i);
        std::optional<uint32_t> best;
        for (uint32_t k = list.offset; k < list.offset + list.len; ++k) {
          if (elements.is_null(k)) continue;
          if (!best || compare_rows(elements, k, elements, *best) * sign > 0) best = k;
        }
        return best;
      });
    };
    return call;
  };
}

// Place of the first element equal to `needle`, from 1; 0: none. NULL equals NULL.
int32_t position(const Column& elements, ListRef list, const Column& needle, size_t i) {
  const size_t row = needle.is_constant() ? 0 : i;
  for (uint32_t k = 0; k < list.len; ++k) {
    if (compare_rows(elements, list.offset + k, needle, row) == 0)
      return static_cast<int32_t>(k) + 1;
  }
  return 0;
}

Result<BoundCall> bind_contains(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_CONTAINS", args, 2, 2); !ok) return fail(ok.error());
  auto element = element_and_value("ARRAY_CONTAINS", args);
  if (!element) return fail(std::move(element.error()));
  BoundCall call;
  call.parameters = {Type::array(*element), *element};
  call.result = Type::boolean();
  call.kernel = [](Columns in, size_t rows, EvalContext& context) {
    return map_rows<uint8_t, true>(
        Type::boolean(), in, rows, context, [&](size_t i) -> std::optional<uint8_t> {
          if (in[0]->is_null(i)) return std::nullopt;
          return position(in[0]->child(0), in[0]->at<ListRef>(i), *in[1], i) != 0;
        });
  };
  return call;
}

Result<BoundCall> bind_position(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_POSITION", args, 2, 2); !ok) return fail(ok.error());
  auto element = element_and_value("ARRAY_POSITION", args);
  if (!element) return fail(std::move(element.error()));
  BoundCall call;
  call.parameters = {Type::array(*element), *element};
  call.result = Type::integer();
  call.kernel = [](Columns in, size_t rows, EvalContext& context) {
    return map_rows<int32_t>(Type::integer(), in, rows, context, [&](size_t i) {
      return position(in[0]->child(0), in[0]->at<ListRef>(i), *in[1], i);
    });
  };
  return call;
}

Result<BoundCall> bind_join(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ARRAY_JOIN", args, 2, 3); !ok) return fail(ok.error());
  auto element = element_argument("ARRAY_JOIN", args, 0);
  if (!element) return fail(std::move(element.error()));
  if (!element->is_text() && element->id != TypeId::kNull) {
    return fail(ErrorKind::kConfig,
                "ARRAY_JOIN joins an ARRAY of STRING, not of " + element->to_string());
  }
  for (size_t i = 1; i < args.size(); ++i) {
    if (auto ok = check_type("ARRAY_JOIN", args, i, Type::string()); !ok) return fail(ok.error());
  }
  BoundCall call;
  call.parameters = {Type::array(Type::string()), Type::string()};
  call.parameters.resize(args.size(), Type::string());
  call.result = Type::string();
  call.can_fail = true;
  call.kernel = [](Columns in, size_t rows, EvalContext& context) {
    std::string buffer;
    return map_rows<StringRef>(Type::string(), in, rows, context, [&](size_t i) -> StringRef {
      const Column& elements = in[0]->child(0);
      const ListRef list = in[0]->at<ListRef>(i);
      buffer.clear();
      bool first = true;
      for (uint32_t k = list.offset; k < list.offset + list.len; ++k) {
        const bool null = elements.is_null(k);
        if (null && in.size() < 3) continue;
        if (!first) buffer += in[1]->at<StringRef>(i).view();
        first = false;
        buffer += (null ? in[2]->at<StringRef>(i) : elements.at<StringRef>(k)).view();
        if (too_long(context, buffer.size())) return {};
      }
      return copy_text(context, buffer);
    });
  };
  return call;
}

}  // namespace

FunctionList collection_search_functions() {
  FunctionList list;
  list.push_back(polymorphic("CARDINALITY", "CARDINALITY(x ARRAY or MAP) -> INT",
                             "Counts the elements of an array or the entries of a map.",
                             "CARDINALITY(ARRAY[4, 5, 6])", "3", bind_cardinality));
  list.push_back(
      polymorphic("ELEMENT", "ELEMENT(a ARRAY) -> element type",
                  "Gives the only element of an array; NULL when it is empty, an error when it has "
                  "more.",
                  "ELEMENT(ARRAY[7])", "7", bind_element));
  list.push_back(polymorphic("ARRAY_CONTAINS", "ARRAY_CONTAINS(a ARRAY, x) -> BOOLEAN",
                             "Tells whether an array holds x; x may be NULL.",
                             "ARRAY_CONTAINS(ARRAY['a', 'b'], 'b')", "TRUE", bind_contains));
  list.push_back(
      polymorphic("ARRAY_POSITION", "ARRAY_POSITION(a ARRAY, x) -> INT",
                  "Gives the place of the first x in an array, from 1; 0 when there is none.",
                  "ARRAY_POSITION(ARRAY['a', 'b'], 'b')", "2", bind_position));
  list.push_back(polymorphic("ARRAY_MAX", "ARRAY_MAX(a ARRAY) -> element type",
                             "Gives the largest element, NULLs left out.",
                             "ARRAY_MAX(ARRAY[3, 9, 4])", "9", bind_array_extreme("ARRAY_MAX", 1)));
  list.push_back(polymorphic("ARRAY_MIN", "ARRAY_MIN(a ARRAY) -> element type",
                             "Gives the smallest element, NULLs left out.",
                             "ARRAY_MIN(ARRAY[3, 9, 4])", "3",
                             bind_array_extreme("ARRAY_MIN", -1)));
  list.push_back(polymorphic(
      "ARRAY_JOIN", "ARRAY_JOIN(a ARRAY<STRING>, delimiter STRING[, for_null STRING]) -> STRING",
      "Joins texts with a delimiter; NULLs are left out unless a text for them is given.",
      "ARRAY_JOIN(ARRAY['a', 'b', 'c'], '-')", "a-b-c", bind_join));
  return list;
}

}  // namespace weir
