// Texts that are JSON or become JSON: IS JSON, JSON, PARSE_JSON, TRY_PARSE_JSON, JSON_QUOTE, JSON_UNQUOTE.
#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/json_families.h"
#include "expr/functions/json_text.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/temporal_units.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

// A NULL is no JSON: FALSE, as in Flink.
Result<BoundCall> bind_is_json(std::span<const ExprPtr> args) {
  if (auto ok = check_count("IS JSON", args, 1, 2); !ok) return fail(ok.error());
  if (auto ok = check_type("IS JSON", args, 0, Type::string()); !ok) return fail(ok.error());
  std::string kind = literal_text(args, 1).value_or("VALUE");
  if (kind.starts_with("JSON")) kind.erase(0, 4);
  if (kind.starts_with(" ")) kind.erase(0, 1);
  if (!kind.empty() && kind != "VALUE" && kind != "SCALAR" && kind != "ARRAY" && kind != "OBJECT") {
    return fail(ErrorKind::kConfig, "IS JSON knows VALUE, SCALAR, ARRAY and OBJECT, not " + kind);
  }
  BoundCall call;
  call.parameters.assign(args.size(), Type::string());
  call.result = Type::boolean();
  call.kernel = [kind](Columns in, size_t rows, EvalContext& context) {
    const Column& text = *in[0];
    return map_rows<uint8_t, true>(Type::boolean(), in.first(1), rows, context,
                                   [&](size_t i) -> uint8_t {
                                     if (text.is_null(i)) return 0;
                                     const auto value = json_parse(text.at<StringRef>(i).view());
                                     if (!value) return 0;
                                     if (kind == "SCALAR") return value->is_scalar();
                                     if (kind == "ARRAY") return value->kind == JsonKind::kArray;
                                     if (kind == "OBJECT") return value->kind == JsonKind::kObject;
                                     return 1;
                                   });
  };
  return call;
}

// JSON(s) and PARSE_JSON(s[, allow_duplicate_keys]).
Result<BoundCall> bind_parse(std::string_view name, bool strict, std::span<const ExprPtr> args) {
  if (auto ok = check_count(name, args, 1, name == "JSON" ? 1 : 2); !ok) return fail(ok.error());
  if (auto ok = check_type(name, args, 0, Type::string()); !ok) return fail(ok.error());
  if (args.size() > 1) {
    if (auto ok = check_type(name, args, 1, Type::boolean()); !ok) return fail(ok.error());
  }
  const bool check_keys = name != "JSON";
  BoundCall call;
  call.parameters.push_back(Type::string());
  if (args.size() > 1) call.parameters.push_back(Type::boolean());
  call.result = Type::string();
  call.can_fail = strict;
  call.kernel = [strict, check_keys](Columns in, size_t rows, EvalContext& context) {
    std::string buffer;
    return map_rows<StringRef>(
        Type::string(), in, rows, context, [&](size_t i) -> std::optional<StringRef> {
          const auto value = json_parse(in[0]->at<StringRef>(i).view());
          if (!value) {
            if (strict) fail_row(context, "not valid JSON");
            return std::nullopt;
          }
          const bool allow = !check_keys || (in.size() > 1 && in[1]->at<uint8_t>(i) != 0);
          if (!allow && json_has_duplicate_keys(*value)) {
            if (strict) fail_row(context, "JSON object with a key that occurs twice");
            return std::nullopt;
          }
          buffer.clear();
          json_compact(buffer, value->text);
          // Nothing to take out: the value is the input's own bytes.
          if (buffer.size() == value->text.size()) return StringRef(value->text);
          return copy_text(context, buffer);
        });
  };
  return call;
}

FunctionDescriptor parser(std::string_view name, std::string_view signature, std::string_view doc,
                          std::string_view example, std::string_view result, bool strict) {
  return polymorphic(
      name, signature, doc, example, result,
      [name, strict](std::span<const ExprPtr> args) { return bind_parse(name, strict, args); });
}

// Flink's JSON_QUOTE leaves printable ASCII alone and escapes the rest, the slash too.
StringRef quote(EvalContext& context, StringRef s) {
  std::string out = "\"";
  const auto unit = [&out](uint32_t c) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += "0123456789abcdef"[c >> shift & 15];
  };
  const char* p = s.ptr;
  const char* end = s.ptr + s.len;
  while (p != end) {
    const auto c = static_cast<unsigned char>(*p);
    if (c >= 0x80) {
      // A code point; bytes that are no UTF-8 become U+FFFD.
      const int length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 1;
      uint32_t code = length == 1 ? 0xFFFD : c & (0x7FU >> length);
      int taken = 1;
      while (length > 1 && taken < length && p + taken != end &&
             (static_cast<unsigned char>(p[taken]) & 0xC0) == 0x80) {
        code = code << 6 | (static_cast<unsigned char>(p[taken]) & 0x3FU);
        ++taken;
      }
      if (taken != length || code > 0x10FFFF) code = 0xFFFD;
      p += taken;
      if (code >= 0x10000) {
        unit(0xD800 + ((code - 0x10000) >> 10));
        unit(0xDC00 + ((code - 0x10000) & 0x3FF));
      } else {
        unit(code);
      }
      continue;
    }
    ++p;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '/': out += "\\/"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (c < 0x20 || c == 0x7F)
          unit(c);
        else
          out += static_cast<char>(c);
    }
  }
  out += '"';
  return copy_text(context, out);
}

// What is no JSON string passes unchanged.
StringRef unquote(EvalContext& context, StringRef s) {
  if (s.len < 2 || s.ptr[0] != '"' || s.ptr[s.len - 1] != '"') return s;
  const auto value = json_parse(s.view());
  if (!value || value->kind != JsonKind::kString) return s;
  const std::string_view inside = value->text.substr(1, value->text.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return StringRef(inside);
  std::string out;
  json_unescape(out, value->text);
  return copy_text(context, out);
}

}  // namespace

FunctionList json_check_functions() {
  FunctionList list;
  list.push_back(polymorphic("IS_JSON",
                             "s IS [NOT] JSON [VALUE | SCALAR | ARRAY | OBJECT] -> BOOLEAN",
                             "Tells whether a text is JSON, of the kind named; NULL is not.",
                             "'[1, 2]' IS JSON ARRAY", "TRUE", bind_is_json));
  list.push_back(
      parser("JSON", "JSON(s STRING) -> STRING",
             "Checks that a text is JSON and marks it as such for JSON_OBJECT and JSON_ARRAY; "
             "what is not fails.",
             "JSON('{\"a\": [1, 2]}')", "{\"a\":[1,2]}", true));
  list.push_back(
      parser("PARSE_JSON", "PARSE_JSON(s STRING[, allow_duplicate_keys BOOLEAN]) -> STRING",
             "Checks that a text is JSON and gives it without blanks; what is not fails.",
             "PARSE_JSON('{\"a\": 1}')", "{\"a\":1}", true));
  list.push_back(
      parser("TRY_PARSE_JSON", "TRY_PARSE_JSON(s STRING[, allow_duplicate_keys BOOLEAN]) -> STRING",
             "Checks that a text is JSON and gives it without blanks; NULL when it is not.",
             "TRY_PARSE_JSON('{\"a\": 1')", "NULL", false));
  list.push_back(scalar<quote>("JSON_QUOTE", "JSON_QUOTE(s STRING) -> STRING",
                               "Writes a text as a JSON string, all but printable ASCII escaped.",
                               "JSON_QUOTE('a\"b')", "\"a\\\"b\""));
  list.push_back(
      scalar<unquote>("JSON_UNQUOTE", "JSON_UNQUOTE(s STRING) -> STRING",
                      "Gives the text that a JSON string says; other texts pass unchanged.",
                      "JSON_UNQUOTE('\"a\\u0062\"')", "ab"));
  return list;
}

}  // namespace weir
