#include "formats/avro_schema.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <map>
#include <set>

#include "base/vec.h"
#include "formats/field_parser.h"
#include "formats/json_string.h"

namespace weir::avro {
namespace {

using simdjson::dom::element;

constexpr int kDeepest = 64;
constexpr size_t kMostNodes =
    20'000;  // names used again make trees that are larger than their text

class SchemaParser {
 public:
  Result<Node> parse(std::string_view text) {
    simdjson::dom::parser parser;
    element root;
    if (text.empty() || parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS)
      return fail(ErrorKind::kData, "the schema in the header is no JSON");
    Node node;
    if (!read(root, "", "", node, 0)) return fail(ErrorKind::kData, problem_);
    if (node.kind != Kind::kRecord || node.in_union)
      return fail(ErrorKind::kData, "the schema in the header is no record");
    return node;
  }

 private:
  bool refuse(const std::string& place, const std::string& what) {
    problem_ =
        (place.empty() ? "the schema" : "the field " + quote_for_message(place)) + " " + what;
    return false;
  }
  static std::string text_of(element object, const char* key) {
    std::string_view text;
    return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
  }

  bool read(element from, const std::string& space, const std::string& place, Node& node,
            int depth) {
    if (depth > kDeepest || ++nodes_ > kMostNodes) return refuse(place, "nests too deeply");
    if (from.is_string()) {
      std::string_view name;
      if (from.get(name) != simdjson::SUCCESS) return refuse(place, "has no type");
      return read_name(std::string(name), space, place, node);
    }
    if (from.is_array()) return read_union(from, space, place, node, depth);
    if (!from.is_object()) return refuse(place, "has no type");
    element type;
    if (from["type"].get(type) != simdjson::SUCCESS) return refuse(place, "has no type");
    if (!type.is_string()) return read(type, space, place, node, depth + 1);
    std::string_view name;
    if (type.get(name) != simdjson::SUCCESS) return refuse(place, "has no type");
    if (name == "record" || name == "error" || name == "enum" || name == "fixed")
      return read_named(from, std::string(name), space, place, node, depth);
    if (name == "array" || name == "map") {
      node.kind = name == "array" ? Kind::kArray : Kind::kMap;
      element inside;
      if (from[name == "array" ? "items" : "values"].get(inside) != simdjson::SUCCESS)
        return refuse(place, "does not say what is in it");
      if (!read(inside, space, place, node.children.emplace_back(), depth + 1)) return false;
      const Type& child = node.children[0].type;
      node.type = node.kind == Kind::kArray ? Type::array(child) : Type::map(Type::string(), child);
      return true;
    }
    return read_name(std::string(name), space, place, node) && apply_logical(from, place, node);
  }

  bool read_name(const std::string& name, const std::string& space, const std::string& place,
                 Node& node) {
    static const std::map<std::string, std::pair<Kind, Type>> kPrimitives = {
        {"null", {Kind::kNull, Type::string()}},
        {"boolean", {Kind::kBoolean, Type::boolean()}},
        {"int", {Kind::kInt, Type::integer()}},
        {"long", {Kind::kLong, Type::bigint()}},
        {"float", {Kind::kFloat, Type{TypeId::kFloat}}},
        {"double", {Kind::kDouble, Type::float64()}},
        {"bytes", {Kind::kBytes, Type::bytes()}},
        {"string", {Kind::kString, Type::string()}}};
    if (const auto found = kPrimitives.find(name); found != kPrimitives.end()) {
      node.kind = found->second.first;
      node.type = found->second.second;
      return true;
    }
    const std::string full =
        name.find('.') != std::string::npos || space.empty() ? name : space + "." + name;
    auto found = named_.find(full);
    if (found == named_.end()) found = named_.find(name);
    if (found == named_.end()) {
      if (open_.contains(full) || open_.contains(name))
        return refuse(place, "is of the type " + quote_for_message(name) +
                                 ", which holds itself; such types are not read");
      return refuse(place, "is of the type " + quote_for_message(name) + ", which is not known");
    }
    nodes_ += found->second.second;
    if (nodes_ > kMostNodes) return refuse(place, "makes the schema too large");
    node = found->second.first;
    return true;
  }

  bool read_union(element from, const std::string& space, const std::string& place, Node& node,
                  int depth) {
    Node value;
    int values = 0;
    int null_branch = -1;
    int branch = 0;
    std::string names;
    for (const element each : from.get_array()) {
      Node one;
      if (!read(each, space, place, one, depth + 1)) return false;
      if (one.in_union) return refuse(place, "is a union in a union");
      names += (branch > 0 ? ", " : "") + (one.kind == Kind::kNull ? "null" : one.type.to_string());
      if (one.kind == Kind::kNull) {
        null_branch = branch;
      } else {
        ++values;
        value = std::move(one);
      }
      ++branch;
    }
    if (values > 1)
      return refuse(place,
                    "is a union of " + names + "; of unions those of null and one type are read");
    if (branch == 0) return refuse(place, "is a union of nothing");
    node = std::move(value);
    if (values == 0) node.type = Type::string();
    node.in_union = true;
    node.null_branch = null_branch;
    node.branches = branch;
    return true;
  }

  bool read_named(element from, const std::string& kind, const std::string& space,
                  const std::string& place, Node& node, int depth) {
    const size_t before = nodes_;
    std::string name = text_of(from, "name");
    std::string inner = text_of(from, "namespace");
    if (const size_t dot = name.rfind('.'); dot != std::string::npos) {
      inner = name.substr(0, dot);
    } else {
      if (inner.empty()) inner = space;
      if (!inner.empty()) name = inner + "." + name;
    }
    if (name.empty()) return refuse(place, "is of a type without a name");
    open_.insert(name);
    if (kind == "fixed") {
      int64_t size = 0;
      if (from["size"].get(size) != simdjson::SUCCESS || size < 0)
        return refuse(place, "has no size");
      node.kind = Kind::kFixed;
      node.type = Type::bytes();
      node.size = static_cast<size_t>(size);
      if (!apply_logical(from, place, node)) return false;
    } else if (kind == "enum") {
      node.kind = Kind::kEnum;
      node.type = Type::string();
      simdjson::dom::array symbols;
      if (from["symbols"].get(symbols) != simdjson::SUCCESS) return refuse(place, "has no symbols");
      for (const element symbol : symbols) {
        std::string_view text;
        if (symbol.get(text) != simdjson::SUCCESS)
          return refuse(place, "has a symbol without a name");
        node.names.emplace_back(text);
      }
    } else {
      node.kind = Kind::kRecord;
      simdjson::dom::array fields;
      if (from["fields"].get(fields) != simdjson::SUCCESS) return refuse(place, "has no fields");
      std::vector<Type::Field> members;
      for (const element field : fields) {
        const std::string field_name = text_of(field, "name");
        const std::string path = place.empty() ? field_name : place + "." + field_name;
        element type;
        if (!field.is_object() || field_name.empty() ||
            field["type"].get(type) != simdjson::SUCCESS)
          return refuse(place, "has a field without a name or a type");
        Node& child = node.children.emplace_back();
        if (!read(type, inner, path, child, depth + 1)) return false;
        // Some put what a type means beside it and not into it.
        if (type.is_string() && !apply_logical(field, path, child)) return false;
        node.names.push_back(field_name);
        members.push_back({field_name, child.type});
      }
      node.type = Type::row(std::move(members));
    }
    open_.erase(name);
    named_[name] = {node, nodes_ - before};
    return true;
  }

  bool apply_logical(element from, const std::string& place, Node& node) {
    const std::string logical = text_of(from, "logicalType");
    const auto is = [&](Kind kind, std::string_view name) {
      return node.kind == kind && logical == name;
    };
    if (logical == "decimal" && (node.kind == Kind::kBytes || node.kind == Kind::kFixed)) {
      int64_t precision = 0;
      int64_t scale = 0;
      if (from["precision"].get(precision) != simdjson::SUCCESS || precision < 1)
        return refuse(place, "is a decimal without a precision");
      if (from["scale"].get(scale) != simdjson::SUCCESS) scale = 0;
      if (precision > 38 || scale < 0 || scale > precision)
        return refuse(
            place, fmt::format("is decimal({}, {}); at most 38 digits are read", precision, scale));
      node.type = Type::decimal(static_cast<int>(precision), static_cast<int>(scale));
    } else if (is(Kind::kInt, "date")) {
      node.type = Type::date();
    } else if (is(Kind::kInt, "time-millis")) {
      node.type = Type::time(3);
    } else if (is(Kind::kLong, "time-micros")) {
      node.type = Type::time(3);
      node.divide = 1000;
    } else if (node.kind == Kind::kLong) {
      const bool local = logical.starts_with("local-timestamp-");
      const std::string unit = local                               ? logical.substr(16)
                               : logical.starts_with("timestamp-") ? logical.substr(10)
                                                                   : "";
      const int digits = unit == "millis" ? 3 : unit == "micros" ? 6 : unit == "nanos" ? 9 : 0;
      if (digits > 0) {
        const auto precision = static_cast<uint8_t>(digits);
        node.type = local ? Type::timestamp(precision) : Type::timestamp_ltz(precision);
        node.multiply = digits == 3 ? 1000 : 1;
      }
    }
    return true;
  }

  std::map<std::string, std::pair<Node, size_t>> named_;
  std::set<std::string> open_;
  size_t nodes_ = 0;
  std::string problem_;
};

// A name as Avro has them, used once among `taken`.
std::string plain_name(const std::string& name, std::set<std::string>& taken) {
  std::string plain;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9' && !plain.empty();
    plain += letter || digit ? c : '_';
  }
  if (plain.empty()) plain = "_";
  while (!taken.insert(plain).second) plain += '_';
  return plain;
}

std::string type_text(const Type& type, std::set<std::string>& taken);

std::string nullable_text(const Type& type, std::set<std::string>& taken) {
  return "[\"null\"," + type_text(type, taken) + "]";
}

std::string fields_text(const std::vector<Type::Field>& fields, std::set<std::string>& taken) {
  std::string text;
  std::set<std::string> names;
  for (const auto& field : fields) {
    if (!text.empty()) text += ',';
    text += "{\"name\":\"" + plain_name(field.name, names) +
            "\",\"type\":" + nullable_text(field.type, taken) + ",\"default\":null}";
  }
  return "[" + text + "]";
}

std::string logical_text(const char* type, const std::string& logical) {
  return std::string("{\"type\":\"") + type + "\",\"logicalType\":\"" + logical + "\"}";
}

std::string type_text(const Type& type, std::set<std::string>& taken) {
  const char* const unit = type.precision > 6 ? "nanos" : type.precision > 3 ? "micros" : "millis";
  switch (type.id) {
    case TypeId::kBoolean: return "\"boolean\"";
    case TypeId::kTinyInt:
    case TypeId::kSmallInt:
    case TypeId::kInt: return "\"int\"";
    case TypeId::kBigInt: return "\"long\"";
    case TypeId::kFloat: return "\"float\"";
    case TypeId::kDouble: return "\"double\"";
    case TypeId::kDecimal:
      return fmt::format(R"({{"type":"bytes","logicalType":"decimal","precision":{},"scale":{}}})",
                         type.precision, type.scale);
    case TypeId::kBytes: return "\"bytes\"";
    case TypeId::kDate: return logical_text("int", "date");
    case TypeId::kTime: return logical_text("int", "time-millis");
    case TypeId::kTimestamp: return logical_text("long", std::string("local-timestamp-") + unit);
    case TypeId::kTimestampLtz: return logical_text("long", std::string("timestamp-") + unit);
    case TypeId::kArray:
      return R"({"type":"array","items":)" + nullable_text(type.element(), taken) + "}";
    case TypeId::kMap:
      return R"({"type":"map","values":)" + nullable_text(type.map_value(), taken) + "}";
    case TypeId::kRow: {
      const std::string name = plain_name("row", taken);
      return R"({"type":"record","name":")" + name + R"(","fields":)" +
             fields_text(*type.fields, taken) + "}";
    }
    default: return "\"string\"";
  }
}

}  // namespace

Result<Node> parse_schema(std::string_view json) { return SchemaParser().parse(json); }

std::string schema_text(const Schema& schema) {
  std::set<std::string> taken = {"record"};
  std::vector<Type::Field> fields;
  for (const auto& column : schema) fields.push_back({column.name, column.type});
  return R"({"type":"record","name":"record","fields":)" + fields_text(fields, taken) + "}";
}

}  // namespace weir::avro
