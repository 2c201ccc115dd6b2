// Names in SQL texts for databases.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// "name", its own quotes doubled: a name and nothing else, whatever it holds.
inline std::string quoted_identifier(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    text += c;
    if (c == '"') text += c;
  }
  return text + '"';
}

// "schema"."table" of schema.table, or "table".
inline std::string quoted_table(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return quoted_identifier(name);
  return quoted_identifier(name.substr(0, dot)) + "." + quoted_identifier(name.substr(dot + 1));
}

}  // namespace weir
