#include "data/type.h"

namespace weir {

Type Type::array(Type element) {
  Type t{TypeId::kArray};
  t.fields = std::make_shared<std::vector<Field>>(std::vector<Field>{{"", std::move(element)}});
  return t;
}

Type Type::map(Type key, Type value) {
  Type t{TypeId::kMap};
  t.fields = std::make_shared<std::vector<Field>>(
      std::vector<Field>{{"", std::move(key)}, {"", std::move(value)}});
  return t;
}

Type Type::row(std::vector<Field> row_fields) {
  Type t{TypeId::kRow};
  t.fields = std::make_shared<std::vector<Field>>(std::move(row_fields));
  return t;
}

bool Type::operator==(const Type& other) const {
  if (id != other.id || precision != other.precision || scale != other.scale) return false;
  if (fields == other.fields) return true;
  return fields && other.fields && *fields == *other.fields;
}

const Type& Type::element() const { return (*fields)[0].type; }
const Type& Type::map_key() const { return (*fields)[0].type; }
const Type& Type::map_value() const { return (*fields)[1].type; }

size_t Type::width() const {
  switch (id) {
    case TypeId::kNull:
    case TypeId::kRow: return 0;
    case TypeId::kBoolean:
    case TypeId::kTinyInt: return 1;
    case TypeId::kSmallInt: return 2;
    case TypeId::kInt:
    case TypeId::kFloat:
    case TypeId::kDate:
    case TypeId::kTime: return 4;
    case TypeId::kBigInt:
    case TypeId::kDouble:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
    case TypeId::kIntervalMonths:
    case TypeId::kIntervalMillis:
    case TypeId::kArray:
    case TypeId::kMap: return 8;
    case TypeId::kDecimal:
    case TypeId::kString:
    case TypeId::kBytes: return 16;
  }
  return 0;
}

namespace {

std::string field_name(const std::string& name) {
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!plain) return "`" + name + "`";
  }
  return name;
}

}  // namespace

std::string Type::to_string() const {
  const auto with = [](const char* name, int p) {
    return std::string(name) + "(" + std::to_string(p) + ")";
  };
  switch (id) {
    case TypeId::kNull: return "NULL";
    case TypeId::kBoolean: return "BOOLEAN";
    case TypeId::kTinyInt: return "TINYINT";
    case TypeId::kSmallInt: return "SMALLINT";
    case TypeId::kInt: return "INT";
    case TypeId::kBigInt: return "BIGINT";
    case TypeId::kFloat: return "FLOAT";
    case TypeId::kDouble: return "DOUBLE";
    case TypeId::kDecimal:
      return "DECIMAL(" + std::to_string(precision) + ", " + std::to_string(scale) + ")";
    case TypeId::kString: return "STRING";
    case TypeId::kBytes: return "BYTES";
    case TypeId::kDate: return "DATE";
    case TypeId::kTime: return with("TIME", precision);
    case TypeId::kTimestamp: return with("TIMESTAMP", precision);
    case TypeId::kTimestampLtz: return with("TIMESTAMP_LTZ", precision);
    case TypeId::kIntervalMonths: return "INTERVAL YEAR TO MONTH";
    case TypeId::kIntervalMillis: return "INTERVAL DAY TO SECOND";
    case TypeId::kArray: return "ARRAY<" + element().to_string() + ">";
    case TypeId::kMap: return "MAP<" + map_key().to_string() + ", " + map_value().to_string() + ">";
    case TypeId::kRow: {
      std::string s = "ROW<";
      for (size_t i = 0; i < fields->size(); ++i) {
        if (i > 0) s += ", ";
        s += field_name((*fields)[i].name) + " " + (*fields)[i].type.to_string();
      }
      return s + ">";
    }
  }
  return "?";
}

}  // namespace weir
