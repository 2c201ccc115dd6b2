#include "config/emit_toml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/merge.h"

namespace weir {
namespace {

constexpr size_t kMaxInline = 80;  // characters of a table that still stands on one line

bool is_bare(std::string_view key) {
  if (key.empty()) return false;
  for (const char c : key)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
          c == '-'))
      return false;
  return true;
}

std::string basic_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      out += fmt::format("\\u{:04X}", c);
    else
      out += c;
  }
  return out + "\"";
}

bool has_control(std::string_view text, std::string_view allowed) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 || c == 0x7F) &&
        allowed.find(c) == std::string_view::npos)
      return true;
  return false;
}

std::string string_text(std::string_view text, bool may_break) {
  const bool breaks = text.find('\n') != std::string_view::npos;
  if (breaks && may_break && !has_control(text, "\n\t") &&
      text.find("'''") == std::string_view::npos)
    return fmt::format("'''\n{}'''", text);
  const bool awkward = text.find_first_of("\"\\") != std::string_view::npos;
  if (!awkward || has_control(text, "\t")) return basic_string(text);
  if (text.find('\'') == std::string_view::npos) return fmt::format("'{}'", text);
  // Up to two quotes may stand beside the delimiters.
  return text.find("'''") == std::string_view::npos ? fmt::format("'''{}'''", text)
                                                    : basic_string(text);
}

std::string key_text(std::string_view key) {
  return is_bare(key) ? std::string(key) : basic_string(key);
}

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// A value on one line; strings with line breaks may take several at the top level.
std::string value_text(const Node& node, bool may_break) {
  switch (node.kind) {
    case Node::Kind::kString: return string_text(node.text, may_break);
    case Node::Kind::kInteger: return fmt::format("{}", node.integer);
    case Node::Kind::kFloat: return float_text(node.real);
    case Node::Kind::kBoolean: return node.boolean ? "true" : "false";
    case Node::Kind::kDateTime: return node.text;
    case Node::Kind::kArray: {
      std::string out = "[";
      for (size_t i = 0; i < node.items.size(); ++i)
        out += (i > 0 ? ", " : "") + value_text(node.items[i], false);
      return out + "]";
    }
    case Node::Kind::kTable: {
      if (node.entries.empty()) return "{}";
      std::string out = "{ ";
      for (size_t i = 0; i < node.entries.size(); ++i)
        out += fmt::format("{}{} = {}", i > 0 ? ", " : "", key_text(node.entries[i].first),
                           value_text(node.entries[i].second, false));
      return out + " }";
    }
  }
  return {};
}

bool breaks_lines(const Node& node) {
  if (node.kind == Node::Kind::kString) return node.text.find('\n') != std::string::npos;
  for (const auto& item : node.items)
    if (breaks_lines(item)) return true;
  for (const auto& [key, value] : node.entries)
    if (breaks_lines(value)) return true;
  return false;
}

// Tables on the top level get headers; below it short ones stay inline.
bool has_header(const Node& node, bool top) {
  if (node.kind == Node::Kind::kTable)
    return top || breaks_lines(node) || value_text(node, false).size() > kMaxInline;
  if (!is_array_of_tables(node)) return false;
  return top || breaks_lines(node) || value_text(node, false).size() > kMaxInline;
}

void emit_table(std::string& out, const Node& table, const std::string& path) {
  const bool top = path.empty();
  for (const auto& [key, value] : table.entries)
    if (!has_header(value, top))
      out += fmt::format("{} = {}\n", key_text(key), value_text(value, true));
  for (const auto& [key, value] : table.entries) {
    if (!has_header(value, top)) continue;
    const std::string name = top ? key_text(key) : path + "." + key_text(key);
    if (value.kind == Node::Kind::kTable) {
      // Tables in it make it themselves.
      const bool only_tables =
          !value.entries.empty() &&
          std::all_of(value.entries.begin(), value.entries.end(),
                      [](const auto& entry) { return has_header(entry.second, false); });
      if (!only_tables) out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", name);
      emit_table(out, value, name);
      continue;
    }
    for (const auto& item : value.items) {
      out += fmt::format("{}[[{}]]\n", out.empty() ? "" : "\n", name);
      emit_table(out, item, name);
    }
  }
}

}  // namespace

std::string emit_toml(const Node& root) {
  std::string out;
  emit_table(out, root, "");
  return out;
}

}  // namespace weir
