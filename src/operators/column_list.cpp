#include "operators/column_list.h"

#include <algorithm>

#include "base/spelling.h"

namespace weir {

namespace {

// `["a", "b"]` for a text "a, b" of columns; else empty.
std::string as_list(std::string_view text, const Schema& schema) {
  std::string list;
  size_t count = 0;
  for (size_t at = 0; at <= text.size(); ++count) {
    const size_t comma = std::min(text.find(',', at), text.size());
    std::string_view name = text.substr(at, comma - at);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!schema.find(name)) return {};
    list += (list.empty() ? "[\"" : ", \"") + std::string(name) + "\"";
    at = comma + 1;
  }
  return count > 1 ? list + "]" : std::string();
}

}  // namespace

size_t resolve_column(const SourceText& name, const Schema& schema, Errors& errors) {
  std::string_view text = name.text;
  if (text.size() >= 2 && text.front() == '`' && text.back() == '`')
    text = text.substr(1, text.size() - 2);
  if (const auto index = schema.find(text)) return *index;
  std::string hint = spelling_hint(text, schema.names());
  if (const std::string list = as_list(text, schema); !list.empty()) {
    hint = "write a list: " + list;
  } else if (text.find_first_of(".([+-*/ ") != std::string_view::npos) {
    hint =
        "columns are named here; a computed one is made before: op = \"extend\", columns = { x "
        "= \"" +
        std::string(text) + "\" }";
  }
  errors.push_back({ErrorKind::kConfig,
                    "no column `" + std::string(text) + "`",
                    name.at(0, std::max<size_t>(1, name.text.size())),
                    std::move(hint),
                    {}});
  return schema.size();
}

std::vector<size_t> resolve_columns(const std::vector<SourceText>& names, const Schema& schema,
                                    Errors& errors) {
  std::vector<size_t> columns;
  for (const auto& name : names) {
    const size_t index = resolve_column(name, schema, errors);
    if (index == schema.size()) continue;
    if (std::find(columns.begin(), columns.end(), index) != columns.end()) {
      errors.push_back({ErrorKind::kConfig,
                        "column `" + schema[index].name + "` is named twice",
                        name.at(0, std::max<size_t>(1, name.text.size())),
                        {},
                        {}});
      continue;
    }
    columns.push_back(index);
  }
  return columns;
}

std::string join_names(const std::vector<size_t>& columns, const Schema& schema) {
  std::string text;
  for (const size_t c : columns) text += (text.empty() ? "" : ", ") + schema[c].name;
  return text;
}

std::string join_texts(const NamedTexts& texts) {
  std::string text;
  for (const auto& t : texts) text += (text.empty() ? "" : ", ") + t.name + " = " + t.value.text;
  return text;
}

}  // namespace weir
