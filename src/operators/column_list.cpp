#include "operators/column_list.h"

#include <algorithm>

#include "base/spelling.h"

namespace weir {

size_t resolve_column(const SourceText& name, const Schema& schema, Errors& errors) {
  std::string_view text = name.text;
  if (text.size() >= 2 && text.front() == '`' && text.back() == '`')
    text = text.substr(1, text.size() - 2);
  if (const auto index = schema.find(text)) return *index;
  errors.push_back({ErrorKind::kConfig,
                    "no column `" + std::string(text) + "`",
                    name.at(0, std::max<size_t>(1, name.text.size())),
                    spelling_hint(text, schema.names()),
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
