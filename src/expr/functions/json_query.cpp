// Looking into JSON texts: JSON_VALUE, JSON_QUERY, JSON_EXISTS, JSON_LENGTH, JSON_TYPE.
//
// The document is checked once per row and walked as text. Clauses arrive as words in the order written
// ("NULL ON EMPTY", "RETURNING INT", "DEFAULT ON ERROR" with its value as a further argument). In lax
// mode, the default, whatever the path does not find is EMPTY; in strict mode it is an ERROR, as is a
// text that is no JSON in both.
#include "expr/cast.h"
#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/json_families.h"
#include "expr/functions/json_path.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/temporal_units.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;
using Words = std::span<const std::string>;

// A path of a call: fixed at binding, or read from an argument row by row.
class PathArgument {
 public:
  static Result<PathArgument> make(std::span<const ExprPtr> args, size_t at) {
    PathArgument out;
    out.at_ = at;
    const auto text = literal_text(args, at);
    if (!text) return out;
    auto path = JsonPath::parse(*text);
    if (!path) return fail(std::move(path.error()));
    out.fixed_ = std::make_shared<const JsonPath>(std::move(*path));
    return out;
  }
  bool is_fixed() const { return fixed_ != nullptr; }

  class Reader {
   public:
    Reader(const PathArgument& argument, Columns args)
        : path_(argument.fixed_.get()),
          column_(argument.fixed_ == nullptr ? args[argument.at_].get() : nullptr) {}

    // nullptr after reporting that row i's path is wrong.
    const JsonPath* row(EvalContext& context, size_t i) {
      if (column_ == nullptr) return path_;
      const StringRef text = column_->at<StringRef>(i);
      if (path_ == nullptr || !(last_ == text)) {
        auto made = JsonPath::parse(text.view());
        if (!made) {
          fail_row(context, made.error().message);
          return nullptr;
        }
        made_ = std::move(*made);
        path_ = &made_;
        last_ = text;
      }
      return path_;
    }

   private:
    const JsonPath* path_;
    const Column* column_;
    JsonPath made_;
    StringRef last_;
  };

 private:
  std::shared_ptr<const JsonPath> fixed_;
  size_t at_ = 0;
};

// What to give where there is no result.
enum class Fallback : uint8_t { kNull, kError, kDefault, kEmptyArray, kEmptyObject, kTrue, kFalse };

struct Clauses {
  Fallback on_empty = Fallback::kNull;
  Fallback on_error = Fallback::kNull;
  size_t empty_default = 0;  // argument index
  size_t error_default = 0;
  Type returning = Type::string();
  enum class Wrapper : uint8_t { kNone, kConditional, kAlways } wrapper = Wrapper::kNone;
};

// Reads the clauses; DEFAULT values are arguments from `next_argument` on.
Result<Clauses> read_clauses(std::string_view function, Words words, size_t next_argument) {
  Clauses out;
  for (const std::string& word : words) {
    if (word.starts_with("RETURNING ")) {
      auto type = parse_type(std::string_view(word).substr(10));
      if (!type) return fail(std::move(type.error()));
      out.returning = *type;
      continue;
    }
    if (word.ends_with("WRAPPER")) {
      const bool with = word.starts_with("WITH ");
      out.wrapper = !with ? Clauses::Wrapper::kNone
                    : word.find(" CONDITIONAL") != std::string::npos
                        ? Clauses::Wrapper::kConditional
                        : Clauses::Wrapper::kAlways;
      continue;
    }
    const bool empty = word.ends_with(" ON EMPTY");
    if (!empty && !word.ends_with(" ON ERROR")) {
      return fail(ErrorKind::kConfig, std::string(function) + " has no clause " + word);
    }
    const std::string what = word.substr(0, word.size() - 9);
    Fallback& fallback = empty ? out.on_empty : out.on_error;
    if (what == "NULL" || what == "UNKNOWN") {
      fallback = Fallback::kNull;
    } else if (what == "ERROR") {
      fallback = Fallback::kError;
    } else if (what == "DEFAULT") {
      fallback = Fallback::kDefault;
      (empty ? out.empty_default : out.error_default) = next_argument++;
    } else if (what == "EMPTY ARRAY" || what == "EMPTY") {
      fallback = Fallback::kEmptyArray;
    } else if (what == "EMPTY OBJECT") {
      fallback = Fallback::kEmptyObject;
    } else if (what == "TRUE" || what == "FALSE") {
      fallback = what == "TRUE" ? Fallback::kTrue : Fallback::kFalse;
    } else {
      return fail(ErrorKind::kConfig, std::string(function) + " has no clause " + word);
    }
  }
  return out;
}

bool is_one_of(Fallback f, std::initializer_list<Fallback> allowed) {
  return std::find(allowed.begin(), allowed.end(), f) != allowed.end();
}

Result<void> check_document(std::string_view function, std::span<const ExprPtr> args) {
  for (size_t i = 0; i < 2 && i < args.size(); ++i) {
    if (auto ok = check_type(function, args, i, Type::string()); !ok) return ok;
  }
  return {};
}

enum class Outcome : uint8_t { kValue, kEmpty, kError };

// What the path finds in the text, as far as all these functions agree.
Outcome look_up(const JsonPath& path, StringRef text, JsonFound& found) {
  const auto document = json_parse(text.view());
  if (!document) return Outcome::kError;
  found = path.find(*document);
  if (found.missing) return path.is_strict() ? Outcome::kError : Outcome::kEmpty;
  return Outcome::kValue;
}

// The text of a scalar: what a string says, numbers and booleans as written.
StringRef scalar_text(EvalContext& context, JsonValue value) {
  if (value.kind != JsonKind::kString) return StringRef(value.text);
  const std::string_view inside = value.text.substr(1, value.text.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return StringRef(inside);
  std::string plain;
  json_unescape(plain, value.text);
  return copy_text(context, plain);
}

// --- JSON_VALUE --------------------------------------------------------------------------------------

constexpr char kNoValue[] = "JSON_VALUE found nothing at the path";
constexpr char kBadValue[] = "JSON_VALUE failed: not JSON, no scalar, or not of the type returned";

class JsonValueKernel {
 public:
  JsonValueKernel(PathArgument path, Clauses clauses)
      : path_(std::move(path)), clauses_(std::move(clauses)) {}

  ColumnPtr operator()(Columns in, size_t rows, EvalContext& context) const {
    // Texts first, then one cast of the whole column, then the rows that have no value.
    const size_t n = rows_to_compute(in, rows);
    const size_t errors_before = context.errors.size();
    PathArgument::Reader paths(path_, in);
    Vec<Outcome> outcomes(n);
    auto texts = make_column(Type::string(), n);
    JsonFound found;
    for (size_t i = 0; i < n; ++i) {
      outcomes[i] = Outcome::kValue;
      texts->values<StringRef>()[i] = StringRef();
      const bool null = in[0]->is_null(i) || in[1]->is_null(i);
      const JsonPath* path = null ? nullptr : paths.row(context, i);
      if (path == nullptr) {
        if (!null) context.errors.back().row = static_cast<uint32_t>(i);
        texts->set_null(i);
        continue;
      }
      outcomes[i] = look_up(*path, in[0]->at<StringRef>(i), found);
      if (outcomes[i] == Outcome::kValue) {
        if (found.many || !found.value.is_scalar()) {
          outcomes[i] = path->is_strict() ? Outcome::kError : Outcome::kEmpty;
        } else if (found.value.kind == JsonKind::kNull) {
          outcomes[i] = Outcome::kEmpty;
        } else {
          texts->values<StringRef>()[i] = scalar_text(context, found.value);
          continue;
        }
      }
      texts->set_null(i);
    }
    const ColumnPtr typed = cast_column(texts, clauses_.returning, true, context, n);
    return finish_rows(merge(in, *texts, *typed, outcomes, context), in, rows, context,
                       errors_before);
  }

 private:
  ColumnPtr merge(Columns in, const Column& texts, const Column& typed,
                  const Vec<Outcome>& outcomes, EvalContext& context) const {
    auto out = make_column(clauses_.returning);
    out->reserve(outcomes.size());
    for (size_t i = 0; i < outcomes.size(); ++i) {
      Outcome outcome = outcomes[i];
      if (outcome == Outcome::kValue) {
        if (texts.is_null(i) || !typed.is_null(i)) {
          out->push_from(typed, i);
          continue;
        }
        outcome = Outcome::kError;  // the text is not of the type
      }
      const bool empty = outcome == Outcome::kEmpty;
      const Fallback fallback = empty ? clauses_.on_empty : clauses_.on_error;
      if (fallback == Fallback::kDefault) {
        out->push_from(*in[empty ? clauses_.empty_default : clauses_.error_default], i);
        continue;
      }
      if (fallback == Fallback::kError) {
        context.row_error(i, empty ? kNoValue : kBadValue);
      }
      out->push_null();
    }
    return out;
  }

  PathArgument path_;
  Clauses clauses_;
};

Result<BoundCall> bind_json_value(std::span<const ExprPtr> args, Words words) {
  if (auto ok = check_count("JSON_VALUE", args, 2, 4); !ok) return fail(ok.error());
  if (auto ok = check_document("JSON_VALUE", args); !ok) return fail(ok.error());
  auto clauses = read_clauses("JSON_VALUE", words, 2);
  if (!clauses) return fail(std::move(clauses.error()));
  const size_t defaults = static_cast<size_t>(clauses->on_empty == Fallback::kDefault) +
                          static_cast<size_t>(clauses->on_error == Fallback::kDefault);
  if (args.size() != 2 + defaults) {
    return fail(ErrorKind::kConfig, "JSON_VALUE takes a JSON text and a path");
  }
  for (const Fallback f : {clauses->on_empty, clauses->on_error}) {
    if (!is_one_of(f, {Fallback::kNull, Fallback::kError, Fallback::kDefault})) {
      return fail(ErrorKind::kConfig,
                  "JSON_VALUE knows NULL, ERROR and DEFAULT ON EMPTY and ON ERROR");
    }
  }
  if (clauses->returning.is_nested() || !can_cast(Type::string(), clauses->returning)) {
    return fail(ErrorKind::kConfig, "JSON_VALUE cannot return " + clauses->returning.to_string(),
                "JSON_QUERY returns objects and arrays");
  }
  auto path = PathArgument::make(args, 1);
  if (!path) return fail(std::move(path.error()));
  BoundCall call;
  call.parameters = {Type::string(), Type::string()};
  call.parameters.resize(args.size(), clauses->returning);
  call.result = clauses->returning;
  call.can_fail = !path->is_fixed() || clauses->on_empty == Fallback::kError ||
                  clauses->on_error == Fallback::kError;
  call.kernel = JsonValueKernel(std::move(*path), std::move(*clauses));
  return call;
}

// --- JSON_QUERY --------------------------------------------------------------------------------------

// The JSON that the call gives for what was found; nullopt: a scalar, which needs a wrapper.
bool query_result(const JsonFound& found, Clauses::Wrapper wrapper, std::string& out) {
  out.clear();
  if (found.many) {
    const bool wrap = wrapper == Clauses::Wrapper::kAlways;
    if (wrap) out += '[';
    out += '[';
    for (size_t k = 0; k < found.values.size(); ++k) {
      if (k > 0) out += ',';
      json_compact(out, found.values[k].text);
    }
    out += ']';
    if (wrap) out += ']';
    return true;
  }
  const bool wrap =
      wrapper == Clauses::Wrapper::kAlways ||
      (wrapper == Clauses::Wrapper::kConditional && found.value.kind != JsonKind::kArray);
  if (!wrap && found.value.is_scalar()) return false;
  if (wrap) out += '[';
  json_compact(out, found.value.text);
  if (wrap) out += ']';
  return true;
}

class JsonQueryKernel {
 public:
  JsonQueryKernel(PathArgument path, Clauses clauses)
      : path_(std::move(path)), clauses_(std::move(clauses)) {}

  ColumnPtr operator()(Columns in, size_t rows, EvalContext& context) const {
    PathArgument::Reader paths(path_, in);
    JsonFound found;
    std::string buffer;
    const auto texts = map_rows<StringRef>(
        Type::string(), in, rows, context, [&](size_t i) -> std::optional<StringRef> {
          const JsonPath* path = paths.row(context, i);
          if (path == nullptr) return std::nullopt;
          Outcome outcome = look_up(*path, in[0]->at<StringRef>(i), found);
          if (outcome == Outcome::kValue) {
            // JSON's null is found only when it is wrapped.
            if (query_result(found, clauses_.wrapper, buffer)) return copy_text(context, buffer);
            outcome = path->is_strict() && found.value.kind != JsonKind::kNull ? Outcome::kError
                                                                               : Outcome::kEmpty;
          }
          const bool empty = outcome == Outcome::kEmpty;
          switch (empty ? clauses_.on_empty : clauses_.on_error) {
            case Fallback::kEmptyArray: return StringRef(std::string_view("[]"));
            case Fallback::kEmptyObject: return StringRef(std::string_view("{}"));
            case Fallback::kError:
              fail_row(context, empty ? "JSON_QUERY found nothing at the path"
                                      : "JSON_QUERY failed: not JSON, or no object or array");
              return std::nullopt;
            default: return std::nullopt;
          }
        });
    if (!clauses_.returning.is_nested()) return texts;
    return as_array(*texts, context);
  }

 private:
  // RETURNING ARRAY<STRING>: an array's elements, strings as they read, the rest as JSON.
  ColumnPtr as_array(const Column& texts, EvalContext& context) const {
    const size_t n = texts.is_constant() ? std::min<size_t>(texts.size(), 1) : texts.size();
    auto out = make_column(clauses_.returning, n);
    Column& elements = out->child(0);
    for (size_t i = 0; i < n; ++i) {
      const auto begin = static_cast<uint32_t>(elements.size());
      const auto array =
          texts.is_null(i) ? std::nullopt : json_parse(texts.at<StringRef>(i).view());
      if (array && array->kind == JsonKind::kArray) {
        for_each_element(*array, [&](JsonValue v) {
          if (v.kind == JsonKind::kNull)
            elements.push_null();
          else
            elements.push<StringRef>(scalar_text(context, v));
          return true;
        });
      } else {
        out->set_null(i);
      }
      out->values<ListRef>()[i] = {begin, static_cast<uint32_t>(elements.size()) - begin};
    }
    if (texts.is_constant() && n > 0) out->make_constant(texts.size());
    return out;
  }

  PathArgument path_;
  Clauses clauses_;
};

Result<BoundCall> bind_json_query(std::span<const ExprPtr> args, Words words) {
  if (auto ok = check_count("JSON_QUERY", args, 2, 2); !ok) return fail(ok.error());
  if (auto ok = check_document("JSON_QUERY", args); !ok) return fail(ok.error());
  auto clauses = read_clauses("JSON_QUERY", words, 2);
  if (!clauses) return fail(std::move(clauses.error()));
  for (const Fallback f : {clauses->on_empty, clauses->on_error}) {
    if (!is_one_of(f, {Fallback::kNull, Fallback::kError, Fallback::kEmptyArray,
                       Fallback::kEmptyObject})) {
      return fail(
          ErrorKind::kConfig,
          "JSON_QUERY knows NULL, ERROR, EMPTY ARRAY and EMPTY OBJECT, ON EMPTY and ON ERROR");
    }
  }
  if (!clauses->returning.is_text() && !(clauses->returning == Type::array(Type::string()))) {
    return fail(ErrorKind::kConfig, "JSON_QUERY returns STRING or ARRAY<STRING>, not " +
                                        clauses->returning.to_string());
  }
  auto path = PathArgument::make(args, 1);
  if (!path) return fail(std::move(path.error()));
  BoundCall call;
  call.parameters = {Type::string(), Type::string()};
  call.result = clauses->returning;
  call.can_fail = !path->is_fixed() || clauses->on_empty == Fallback::kError ||
                  clauses->on_error == Fallback::kError;
  call.kernel = JsonQueryKernel(std::move(*path), std::move(*clauses));
  return call;
}

// --- JSON_EXISTS, JSON_LENGTH, JSON_TYPE ---------------------------------------------------------------

Result<BoundCall> bind_json_exists(std::span<const ExprPtr> args, Words words) {
  if (auto ok = check_count("JSON_EXISTS", args, 2, 2); !ok) return fail(ok.error());
  if (auto ok = check_document("JSON_EXISTS", args); !ok) return fail(ok.error());
  auto clauses = read_clauses("JSON_EXISTS", words, 2);
  if (!clauses) return fail(std::move(clauses.error()));
  const Fallback on_error = words.empty() ? Fallback::kFalse : clauses->on_error;
  if (!is_one_of(on_error,
                 {Fallback::kTrue, Fallback::kFalse, Fallback::kNull, Fallback::kError}) ||
      words.size() > 1 || (words.size() == 1 && !words[0].ends_with("ON ERROR"))) {
    return fail(ErrorKind::kConfig, "JSON_EXISTS knows TRUE, FALSE, UNKNOWN and ERROR ON ERROR");
  }
  auto path = PathArgument::make(args, 1);
  if (!path) return fail(std::move(path.error()));
  BoundCall call;
  call.parameters = {Type::string(), Type::string()};
  call.result = Type::boolean();
  call.can_fail = !path->is_fixed() || on_error == Fallback::kError;
  call.kernel = [path = *path, on_error](Columns in, size_t rows, EvalContext& context) {
    PathArgument::Reader paths(path, in);
    JsonFound found;
    return map_rows<uint8_t>(Type::boolean(), in, rows, context,
                             [&](size_t i) -> std::optional<uint8_t> {
                               const JsonPath* p = paths.row(context, i);
                               if (p == nullptr) return std::nullopt;
                               const Outcome outcome = look_up(*p, in[0]->at<StringRef>(i), found);
                               if (outcome == Outcome::kValue) return uint8_t{1};
                               if (outcome == Outcome::kEmpty || on_error == Fallback::kFalse)
                                 return uint8_t{0};
                               if (on_error == Fallback::kTrue) return uint8_t{1};
                               if (on_error == Fallback::kError)
                                 fail_row(context, "JSON_EXISTS failed: not JSON, or no such path");
                               return std::nullopt;
                             });
  };
  return call;
}

// f(json[, path]): `give` makes the result of the value found; NULL when there is none.
template <class Raw, class Give>
Result<BoundCall> bind_inspect(std::string_view function, Type result,
                               std::span<const ExprPtr> args, Give give) {
  if (auto ok = check_count(function, args, 1, 2); !ok) return fail(ok.error());
  if (auto ok = check_document(function, args); !ok) return fail(ok.error());
  Result<PathArgument> path = PathArgument();
  if (args.size() > 1) path = PathArgument::make(args, 1);
  if (!path) return fail(std::move(path.error()));
  BoundCall call;
  call.parameters.assign(args.size(), Type::string());
  call.result = result;
  call.can_fail = args.size() > 1 && !path->is_fixed();
  call.kernel = [path = *path, result, give](Columns in, size_t rows, EvalContext& context) {
    PathArgument::Reader paths(path, in);
    JsonFound found;
    return map_rows<Raw>(result, in, rows, context, [&](size_t i) -> std::optional<Raw> {
      if (in.size() == 1) {
        const auto document = json_parse(in[0]->at<StringRef>(i).view());
        if (!document) return std::nullopt;
        return give(*document);
      }
      const JsonPath* p = paths.row(context, i);
      if (p == nullptr || look_up(*p, in[0]->at<StringRef>(i), found) != Outcome::kValue ||
          found.many) {
        return std::nullopt;
      }
      return give(found.value);
    });
  };
  return call;
}

int32_t json_length(JsonValue value) {
  int32_t n = value.is_scalar() ? 1 : 0;
  if (value.kind == JsonKind::kArray) {
    for_each_element(value, [&](JsonValue) { return ++n, true; });
  } else if (value.kind == JsonKind::kObject) {
    for_each_member(value, [&](std::string_view, JsonValue) { return ++n, true; });
  }
  return n;
}

StringRef json_type(JsonValue value) {
  const auto name = [&]() -> std::string_view {
    switch (value.kind) {
      case JsonKind::kNull: return "NULL";
      case JsonKind::kBoolean: return "BOOLEAN";
      case JsonKind::kString: return "STRING";
      case JsonKind::kArray: return "ARRAY";
      case JsonKind::kObject: return "OBJECT";
      case JsonKind::kNumber: break;
    }
    return value.text.find_first_of(".eE") == std::string_view::npos ? "INTEGER" : "DOUBLE";
  };
  return StringRef(name());
}

using BindWords = Result<BoundCall> (*)(std::span<const ExprPtr>, Words);

FunctionDescriptor with_clauses(std::string_view name, std::string_view signature,
                                std::string_view doc, std::string_view example,
                                std::string_view result, BindWords bind) {
  FunctionDescriptor d = polymorphic(name, signature, doc, example, result, nullptr);
  d.bind_words = bind;
  return d;
}

}  // namespace

FunctionList json_query_functions() {
  FunctionList list;
  list.push_back(with_clauses(
      "JSON_VALUE",
      "JSON_VALUE(json STRING, path STRING [RETURNING type] [{NULL | ERROR | DEFAULT x} ON EMPTY] "
      "[{NULL | ERROR | DEFAULT x} ON ERROR]) -> STRING or the type named",
      "Gives the scalar at a path such as $.a.b[0]; NULL where there is none.",
      "JSON_VALUE('{\"a\": {\"b\": [1.50, \"x\"]}}', '$.a.b[0]')", "1.50", bind_json_value));
  list.push_back(with_clauses(
      "JSON_QUERY",
      "JSON_QUERY(json STRING, path STRING [RETURNING {STRING | ARRAY<STRING>}] [{WITHOUT | WITH "
      "[CONDITIONAL | UNCONDITIONAL]} [ARRAY] WRAPPER] [{NULL | EMPTY ARRAY | EMPTY OBJECT | "
      "ERROR} ON EMPTY] "
      "[... ON ERROR]) -> STRING",
      "Gives the object or array at a path as JSON; scalars only with a wrapper.",
      "JSON_QUERY('{\"a\": [{\"b\": 1}, {\"b\": 2}]}', '$.a[*].b')", "[1,2]", bind_json_query));
  list.push_back(with_clauses("JSON_EXISTS",
                              "JSON_EXISTS(json STRING, path STRING [{TRUE | FALSE | UNKNOWN | "
                              "ERROR} ON ERROR]) -> BOOLEAN",
                              "Tells whether a path finds something.",
                              "JSON_EXISTS('{\"a\": 1}', '$.a')", "TRUE", bind_json_exists));
  list.push_back(polymorphic(
      "JSON_LENGTH", "JSON_LENGTH(json STRING[, path STRING]) -> INT",
      "Counts the elements of an array or the members of an object; a scalar counts 1.",
      "JSON_LENGTH('{\"a\": [1, 2, 3]}', '$.a')", "3", [](std::span<const ExprPtr> args) {
        return bind_inspect<int32_t>("JSON_LENGTH", Type::integer(), args, json_length);
      }));
  list.push_back(polymorphic(
      "JSON_TYPE", "JSON_TYPE(json STRING[, path STRING]) -> STRING",
      "Names the kind of a JSON value: OBJECT, ARRAY, STRING, INTEGER, DOUBLE, BOOLEAN or NULL.",
      "JSON_TYPE('{\"a\": [1, 2, 3]}', '$.a')", "ARRAY", [](std::span<const ExprPtr> args) {
        return bind_inspect<StringRef>("JSON_TYPE", Type::string(), args, json_type);
      }));
  return list;
}

}  // namespace weir
