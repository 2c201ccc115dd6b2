#include "config/environment.h"

#include <fmt/format.h>

#include <cstdlib>

namespace weir {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
      return false;
  return true;
}

void replace_text(Node& node, Errors& errors) {
  const std::string& text = node.text;
  if (text.find('$') == std::string::npos) return;
  const SourceText source = node.source_text();
  std::string out;
  bool changed = false;
  for (size_t pos = 0; pos < text.size();) {
    if (text[pos] != '$' || pos + 1 == text.size() ||
        (text[pos + 1] != '$' && text[pos + 1] != '{')) {
      out += text[pos++];
      continue;
    }
    changed = true;
    if (text[pos + 1] == '$') {
      out += '$';
      pos += 2;
      continue;
    }
    const size_t close = text.find('}', pos);
    const auto refuse = [&](std::string message, std::string hint) {
      const size_t length = close == std::string::npos ? 2 : close + 1 - pos;
      errors.push_back(Error{
          ErrorKind::kConfig, std::move(message), source.at(pos, length), std::move(hint), {}});
    };
    if (close == std::string::npos) {
      refuse("`${` is not closed", "a dollar sign itself is written $$");
      return;
    }
    const std::string inside = text.substr(pos + 2, close - pos - 2);
    const size_t colon = inside.find(':');
    const std::string name = inside.substr(0, colon);
    const char form =
        colon != std::string::npos && colon + 1 < inside.size() ? inside[colon + 1] : '\0';
    if (!is_name(name) || (colon != std::string::npos && form != '-' && form != '?')) {
      refuse(fmt::format("`${{{}}}` is not ${{NAME}}, ${{NAME:-default}} or ${{NAME:?message}}",
                         inside),
             "a dollar sign itself is written $$");
    } else {
      const char* value = std::getenv(name.c_str());
      const bool missing = value == nullptr || (form != '\0' && *value == '\0');
      if (!missing) {
        out += value;
      } else if (form == '-') {
        out += inside.substr(colon + 2);
      } else {
        const std::string message = form == '?' ? inside.substr(colon + 2) : std::string();
        refuse(message.empty() ? fmt::format("the environment variable {} is not set", name)
                               : fmt::format("{}: {}", name, message),
               fmt::format("set it, or write ${{{}:-default}}", name));
      }
    }
    pos = close + 1;
  }
  if (!changed) return;
  node.text = std::move(out);
  node.exact_text = false;
}

}  // namespace

void replace_environment(Node& node, Errors& errors) {
  if (node.kind == Node::Kind::kString) replace_text(node, errors);
  for (auto& item : node.items) replace_environment(item, errors);
  for (auto& [key, value] : node.entries) replace_environment(value, errors);
}

std::string escape_dollars(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '$' ? 2 : 1, c);
  return out;
}

}  // namespace weir
