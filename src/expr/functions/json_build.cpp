// Making JSON texts: JSON_STRING, JSON_OBJECT, JSON_ARRAY.
//
// An argument that is itself JSON (a call of JSON, JSON_OBJECT or JSON_ARRAY) is put in as it is; the
// binder says so (words_with_raw) with the word "RAW n" for argument n, counted from 0. All other texts
// become JSON strings.
#include <algorithm>
#include <charconv>

#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/json_families.h"
#include "expr/functions/json_text.h"
#include "expr/functions/json_write.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/temporal_units.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;
using Words = std::span<const std::string>;

struct BuildClauses {
  bool absent_on_null = false;
  std::vector<bool> raw;
};

Result<BuildClauses> read_build_clauses(std::string_view function, Words words, size_t arguments,
                                        bool absent_on_null) {
  BuildClauses out{absent_on_null, std::vector<bool>(arguments)};
  for (const std::string& word : words) {
    size_t index = 0;
    if (word == "NULL ON NULL" || word == "ABSENT ON NULL") {
      out.absent_on_null = word == "ABSENT ON NULL";
    } else if (word.starts_with("RAW ") &&
               std::from_chars(word.data() + 4, word.data() + word.size(), index).ec ==
                   std::errc() &&
               index < arguments) {
      out.raw[index] = true;
    } else {
      return fail(ErrorKind::kConfig, std::string(function) + " has no clause " + word,
                  "it knows NULL ON NULL and ABSENT ON NULL");
    }
  }
  return out;
}

Result<void> check_values(std::string_view function, std::span<const ExprPtr> args, size_t first,
                          size_t step) {
  for (size_t i = first; i < args.size(); i += step) {
    if (!has_json_form(args[i]->type())) {
      return fail(ErrorKind::kConfig, "argument " + std::to_string(i + 1) + " of " +
                                          std::string(function) +
                                          " has no JSON form: " + args[i]->type().to_string());
    }
  }
  return {};
}

void append_member(std::string& out, const Column& column, size_t i, bool raw) {
  if (raw && !column.is_null(i))
    out += column.at<StringRef>(i).view();
  else
    append_json(out, column, i);
}

std::vector<Type> types_of(std::span<const ExprPtr> args) {
  std::vector<Type> types;
  for (const ExprPtr& a : args) types.push_back(a->type());
  return types;
}

Result<BoundCall> bind_json_array(std::span<const ExprPtr> args, Words words) {
  if (auto ok = check_values("JSON_ARRAY", args, 0, 1); !ok) return fail(ok.error());
  auto clauses = read_build_clauses("JSON_ARRAY", words, args.size(), true);
  if (!clauses) return fail(std::move(clauses.error()));
  BoundCall call;
  call.parameters = types_of(args);
  call.result = Type::string();
  call.kernel = [clauses = *clauses](Columns in, size_t rows, EvalContext& context) {
    std::string buffer;
    return map_rows<StringRef, true>(Type::string(), in, rows, context, [&](size_t i) {
      buffer = "[";
      for (size_t k = 0; k < in.size(); ++k) {
        const bool null = in[k]->is_null(i) || in[k]->type().id == TypeId::kNull;
        if (null && clauses.absent_on_null) continue;
        if (buffer.size() > 1) buffer += ',';
        append_member(buffer, *in[k], i, clauses.raw[k]);
      }
      buffer += ']';
      return copy_text(context, buffer);
    });
  };
  return call;
}

// Keys in the order that literal keys sort to, as Flink writes them; of equal keys the last one counts.
Result<BoundCall> bind_json_object(std::span<const ExprPtr> args, Words words) {
  if (args.size() % 2 != 0) {
    return fail(ErrorKind::kConfig, "JSON_OBJECT takes pairs: KEY 'name' VALUE x");
  }
  for (size_t i = 0; i < args.size(); i += 2) {
    if (auto ok = check_type("JSON_OBJECT", args, i, Type::string()); !ok) return fail(ok.error());
  }
  if (auto ok = check_values("JSON_OBJECT", args, 1, 2); !ok) return fail(ok.error());
  auto clauses = read_build_clauses("JSON_OBJECT", words, args.size(), false);
  if (!clauses) return fail(std::move(clauses.error()));
  BoundCall call;
  call.parameters = types_of(args);
  for (size_t i = 0; i < args.size(); i += 2) call.parameters[i] = Type::string();
  call.result = Type::string();
  call.can_fail = std::any_of(args.begin(), args.end(), [&](const ExprPtr& a) {
    return (&a - args.data()) % 2 == 0 && (a->as_literal() == nullptr || a->as_literal()->is_null);
  });
  call.kernel = [clauses = *clauses](Columns in, size_t rows, EvalContext& context) {
    std::string buffer;
    std::vector<std::pair<std::string_view, size_t>> keys;
    return map_rows<StringRef, true>(
        Type::string(), in, rows, context, [&](size_t i) -> std::optional<StringRef> {
          keys.clear();
          for (size_t k = 0; k < in.size(); k += 2) {
            if (in[k]->is_null(i)) {
              fail_row(context, "a key of JSON_OBJECT is NULL");
              return std::nullopt;
            }
            keys.emplace_back(in[k]->at<StringRef>(i).view(), k + 1);
          }
          std::stable_sort(keys.begin(), keys.end(),
                           [](const auto& a, const auto& b) { return a.first < b.first; });
          buffer = "{";
          for (size_t k = 0; k < keys.size(); ++k) {
            const auto& [key, at] = keys[k];
            if (k + 1 < keys.size() && keys[k + 1].first == key) continue;
            const bool null = in[at]->is_null(i) || in[at]->type().id == TypeId::kNull;
            if (null && clauses.absent_on_null) continue;
            if (buffer.size() > 1) buffer += ',';
            json_quote(buffer, key);
            buffer += ':';
            append_member(buffer, *in[at], i, clauses.raw[at]);
          }
          buffer += '}';
          return copy_text(context, buffer);
        });
  };
  return call;
}

Result<BoundCall> bind_json_string(std::span<const ExprPtr> args) {
  if (auto ok = check_count("JSON_STRING", args, 1, 1); !ok) return fail(ok.error());
  if (auto ok = check_values("JSON_STRING", args, 0, 1); !ok) return fail(ok.error());
  BoundCall call;
  call.parameters = types_of(args);
  call.result = Type::string();
  call.kernel = [](Columns in, size_t rows, EvalContext& context) {
    std::string buffer;
    return map_rows<StringRef>(Type::string(), in, rows, context,
                               [&](size_t i) -> std::optional<StringRef> {
                                 if (in[0]->type().id == TypeId::kNull) return std::nullopt;
                                 buffer.clear();
                                 append_json(buffer, *in[0], i);
                                 return copy_text(context, buffer);
                               });
  };
  return call;
}

}  // namespace

FunctionList json_build_functions() {
  FunctionList list;
  list.push_back(polymorphic("JSON_STRING", "JSON_STRING(x) -> STRING", "Writes any value as JSON.",
                             "JSON_STRING(ARRAY[1, 2])", "[1,2]", bind_json_string));
  FunctionDescriptor object = polymorphic(
      "JSON_OBJECT", "JSON_OBJECT([[KEY] key VALUE x, ...] [{NULL | ABSENT} ON NULL]) -> STRING",
      "Makes a JSON object, its keys sorted; JSON_OBJECT, JSON_ARRAY and JSON(...) as values are "
      "nested, "
      "other texts are strings.",
      "JSON_OBJECT(KEY 'b' VALUE 'x', KEY 'a' VALUE JSON_ARRAY(1.5))", "{\"a\":[1.5],\"b\":\"x\"}",
      nullptr);
  object.bind_words = bind_json_object;
  list.push_back(std::move(object));
  FunctionDescriptor array =
      polymorphic("JSON_ARRAY", "JSON_ARRAY([x, ...] [{NULL | ABSENT} ON NULL]) -> STRING",
                  "Makes a JSON array; NULLs are left out unless NULL ON NULL.",
                  "JSON_ARRAY(1, 'two', NULL, TRUE)", "[1,\"two\",true]", nullptr);
  array.bind_words = bind_json_array;
  list.push_back(std::move(array));
  return list;
}

}  // namespace weir
