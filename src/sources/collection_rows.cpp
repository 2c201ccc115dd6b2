#include "sources/collection_rows.h"

#include <algorithm>

#include "data/text.h"
#include "formats/field_parser.h"

namespace weir {
namespace {

using Kind = Node::Kind;

Error wrong(const Node& node, std::string message, std::string hint = {}) {
  return Error{ErrorKind::kConfig, std::move(message), node.position, std::move(hint), {}};
}

// --- types of values ---

Type date_time_type(const std::string& text) {
  if (text.find('-') == std::string::npos || text.find(':') < text.find('-')) {
    return Type::time(text.find('.') == std::string::npos ? 0 : 3);
  }
  return guess_type({text}).type;
}

// The type that holds values of both; nullopt if there is none. NULL: not known yet.
std::optional<Type> common_type(const Type& a, const Type& b);

std::optional<Type> common_row_type(const Type& a, const Type& b) {
  std::vector<Type::Field> fields = *a.fields;
  for (const Type::Field& field : *b.fields) {
    const auto same = std::find_if(fields.begin(), fields.end(),
                                   [&](const Type::Field& f) { return f.name == field.name; });
    if (same == fields.end()) {
      fields.push_back(field);
      continue;
    }
    auto type = common_type(same->type, field.type);
    if (!type) return std::nullopt;
    same->type = std::move(*type);
  }
  return Type::row(std::move(fields));
}

std::optional<Type> common_type(const Type& a, const Type& b) {
  if (a == b || b.id == TypeId::kNull) return a;
  if (a.id == TypeId::kNull) return b;
  if (a.is_numeric() && b.is_numeric()) return Type::float64();
  if (a.id != b.id) return std::nullopt;
  if (a.id == TypeId::kRow) return common_row_type(a, b);
  if (a.id == TypeId::kArray) {
    auto element = common_type(a.element(), b.element());
    if (!element) return std::nullopt;
    return Type::array(std::move(*element));
  }
  return a.precision > b.precision ? a : b;  // times
}

Result<Type> type_of(const Node& node) {
  switch (node.kind) {
    case Kind::kString: return Type::string();
    case Kind::kInteger: return Type::bigint();
    case Kind::kFloat: return Type::float64();
    case Kind::kBoolean: return Type::boolean();
    case Kind::kDateTime: return date_time_type(node.text);
    case Kind::kArray: {
      Type element;
      for (const Node& item : node.items) {
        auto type = type_of(item);
        if (!type) return type;
        auto both = common_type(element, *type);
        if (!both) {
          return fail(wrong(item, "an array holds values of one type; this is " +
                                      std::string(item.kind_name()) + " among " +
                                      element.to_string()));
        }
        element = std::move(*both);
      }
      return Type::array(std::move(element));
    }
    case Kind::kTable: {
      std::vector<Type::Field> fields;
      for (const auto& [name, value] : node.entries) {
        auto type = type_of(value);
        if (!type) return type;
        fields.push_back({name, std::move(*type)});
      }
      return Type::row(std::move(fields));
    }
  }
  return Type::string();
}

// What was never seen (the elements of empty arrays) is a STRING.
Type without_unknowns(const Type& type) {
  if (type.id == TypeId::kNull) return Type::string();
  if (type.id == TypeId::kArray) return Type::array(without_unknowns(type.element()));
  if (type.id != TypeId::kRow) return type;
  std::vector<Type::Field> fields = *type.fields;
  for (Type::Field& field : fields) field.type = without_unknowns(field.type);
  return Type::row(std::move(fields));
}

// --- rows ---

// The value of column `index` in a row; nullptr if the row does not have it.
const Node* value_of(const Node& row, size_t index, const std::string& name) {
  if (row.kind == Kind::kTable) return row.find(name);
  if (row.kind == Kind::kArray) return index < row.items.size() ? &row.items[index] : nullptr;
  return index == 0 ? &row : nullptr;
}

std::vector<DeclaredColumn> infer_columns(const Node& rows, Errors& errors) {
  std::vector<DeclaredColumn> columns;
  const auto add = [&](const std::string& name) {
    const bool known = std::any_of(columns.begin(), columns.end(),
                                   [&](const DeclaredColumn& c) { return c.name == name; });
    if (!known) columns.push_back({name, Type::null(), {}, {}});
  };
  for (const Node& row : rows.items) {
    if (row.kind == Kind::kTable) {
      for (const auto& entry : row.entries) add(entry.first);
    }
  }
  if (columns.empty()) {
    size_t width = 0;
    for (const Node& row : rows.items) {
      width = std::max(width, row.kind == Kind::kArray ? row.items.size() : 1);
    }
    for (size_t i = 0; i < width; ++i) add("f" + std::to_string(i));
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    DeclaredColumn& column = columns[i];
    for (const Node& row : rows.items) {
      const Node* value = value_of(row, i, column.name);
      if (value == nullptr) continue;
      auto type = type_of(*value);
      auto both = type ? common_type(column.type, *type) : std::nullopt;
      if (both) {
        column.type = std::move(*both);
        continue;
      }
      errors.push_back(type ? wrong(*value,
                                    "the column `" + column.name + "` holds " +
                                        std::string(value->kind_name()) + " here, and " +
                                        column.type.to_string() + " before",
                                    "give its type in [source.schema]")
                            : type.error());
      break;
    }
    column.type = without_unknowns(column.type);
  }
  return columns;
}

class RowBuilder {
 public:
  RowBuilder(const TimeZone* zone, int64_t reference_us, Arena& arena)
      : zone_(zone), reference_us_(reference_us), arena_(arena) {}

  // `format`: the time format of the column, if declared.
  Result<void> append(Column& column, const Node& node, const std::string& format) {
    const Type& type = column.type();
    if (type.id == TypeId::kArray && node.kind == Kind::kArray) return append_array(column, node);
    if (type.id == TypeId::kMap && node.kind == Kind::kTable) return append_map(column, node);
    if (type.id == TypeId::kRow && (node.kind == Kind::kTable || node.kind == Kind::kArray)) {
      return append_row(column, node);
    }
    const bool nested = node.kind == Kind::kArray || node.kind == Kind::kTable;
    if (nested || type.is_nested()) return fail(mismatch(node, type));
    return append_text(column, node, scalar_text(node), format);
  }

 private:
  static Error mismatch(const Node& node, const Type& type) {
    return wrong(node, "expected a value of " + type.to_string() + ", found " +
                           std::string(node.kind_name()));
  }

  static std::string scalar_text(const Node& node) {
    std::string text;
    switch (node.kind) {
      case Kind::kInteger: append_integer(text, node.integer); break;
      case Kind::kFloat: append_double(text, node.real); break;
      case Kind::kBoolean: text = node.boolean ? "true" : "false"; break;
      default: text = node.text; break;
    }
    return text;
  }

  Result<void> append_text(Column& column, const Node& node, const std::string& text,
                           const std::string& format) {
    auto parser = FieldParser::make(column.type(), format, zone_, reference_us_);
    if (!parser) {
      Error error = parser.error();
      error.position = node.position;
      return fail(std::move(error));
    }
    if (parser->append(arena_.copy(text), column)) return {};
    return fail(wrong(node, parser->complaint(text)));
  }

  Result<void> append_array(Column& column, const Node& node) {
    Column& elements = column.child(0);
    const ListRef list{static_cast<uint32_t>(elements.size()),
                       static_cast<uint32_t>(node.items.size())};
    for (const Node& item : node.items) {
      if (auto r = append(elements, item, {}); !r) return r;
    }
    column.push(list);
    return {};
  }

  Result<void> append_map(Column& column, const Node& node) {
    const ListRef list{static_cast<uint32_t>(column.child(0).size()),
                       static_cast<uint32_t>(node.entries.size())};
    for (const auto& [key, value] : node.entries) {
      if (auto r = append_text(column.child(0), node, key, {}); !r) return r;
      if (auto r = append(column.child(1), value, {}); !r) return r;
    }
    column.push(list);
    return {};
  }

  Result<void> append_row(Column& column, const Node& node) {
    const std::vector<Type::Field>& fields = *column.type().fields;
    if (node.kind == Kind::kArray && node.items.size() != fields.size()) {
      return fail(mismatch(node, column.type()));
    }
    for (const auto& entry : node.entries) {
      const bool known = std::any_of(fields.begin(), fields.end(), [&](const Type::Field& field) {
        return field.name == entry.first;
      });
      if (!known) {
        return fail(
            wrong(entry.second, "no field `" + entry.first + "` in " + column.type().to_string()));
      }
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      const Node* value = value_of(node, i, fields[i].name);
      if (value == nullptr) {
        column.child(i).push_null();
      } else if (auto r = append(column.child(i), *value, {}); !r) {
        return r;
      }
    }
    column.push_row();
    return {};
  }

  const TimeZone* zone_;
  int64_t reference_us_;
  Arena& arena_;
};

// The row has the right number of values, or only known names.
std::optional<Error> check_shape(const Node& row, const std::vector<DeclaredColumn>& columns) {
  if (row.kind != Kind::kTable) {
    const size_t found = row.kind == Kind::kArray ? row.items.size() : 1;
    if (found == columns.size()) return std::nullopt;
    return wrong(row, "this row has " + std::to_string(found) + " values, expected " +
                          std::to_string(columns.size()));
  }
  std::vector<std::string> names;
  for (const DeclaredColumn& column : columns) names.push_back(column.name);
  for (size_t i = 0; i < row.entries.size(); ++i) {
    const auto& [name, value] = row.entries[i];
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return unknown_key(i < row.key_positions.size() ? row.key_positions[i] : value.position, name,
                       names, "the schema");
  }
  return std::nullopt;
}

}  // namespace

std::optional<CollectionRows> read_rows(const Node& rows,
                                        const std::vector<DeclaredColumn>& declared,
                                        const TimeZone* zone, int64_t reference_us,
                                        Errors& errors) {
  const size_t before = errors.size();
  if (rows.kind != Kind::kArray) {
    errors.push_back(
        wrong(rows, "expected a list of rows, found " + std::string(rows.kind_name())));
    return std::nullopt;
  }
  const std::vector<DeclaredColumn> columns =
      declared.empty() ? infer_columns(rows, errors) : declared;
  if (errors.size() > before) return std::nullopt;
  CollectionRows result;
  result.rows = rows.items.size();
  result.arena = std::make_shared<Arena>();
  for (const DeclaredColumn& column : columns) {
    result.schema.add(column.name, column.type);
    result.columns.push_back(make_column(column.type));
  }
  RowBuilder builder(zone, reference_us, *result.arena);
  for (const Node& row : rows.items) {
    if (auto error = check_shape(row, columns)) {
      errors.push_back(std::move(*error));
      continue;
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      const Node* value = value_of(row, i, columns[i].name);
      if (value == nullptr) {
        result.columns[i]->push_null();
      } else if (auto r = builder.append(*result.columns[i], *value, columns[i].format); !r) {
        errors.push_back(r.error());
      }
    }
  }
  if (errors.size() > before) return std::nullopt;
  return result;
}

}  // namespace weir
