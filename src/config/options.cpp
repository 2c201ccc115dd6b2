#include "config/options.h"

#include <fmt/format.h>

#include <limits>

#include "base/spelling.h"

namespace weir {
namespace {

std::unexpected<Error> wrong_value(const Node& node, std::string message, std::string hint = {}) {
  return fail(Error{ErrorKind::kConfig, std::move(message), node.position, std::move(hint), {}});
}

std::unexpected<Error> wrong_kind(const Node& node, std::string_view expected,
                                  std::string hint = {}) {
  return wrong_value(node, fmt::format("expected {}, found {}", expected, node.kind_name()),
                     std::move(hint));
}

// The text of a scalar as it would stand in an expression or in quotes; empty for the others.
std::string scalar_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kString:
    case Node::Kind::kDateTime: return node.text;
    case Node::Kind::kInteger: return fmt::format("{}", node.integer);
    case Node::Kind::kFloat: return fmt::format("{}", node.real);
    case Node::Kind::kBoolean: return node.boolean ? "true" : "false";
    case Node::Kind::kArray:
    case Node::Kind::kTable: return {};
  }
  return {};
}

std::string quote_hint(const Node& node) {
  std::string text = scalar_text(node);
  if (!text.empty()) return fmt::format("write it in quotes: \"{}\"", text);
  for (const Node& item : node.items) text += (text.empty() ? "" : ", ") + scalar_text(item);
  return text.empty() ? std::string() : fmt::format("write it as one string: \"{}\"", text);
}

// parse_duration and parse_byte_size know no place.
template <class T>
Result<void> placed(const Node& node, Result<T> value, T& out) {
  if (!value) {
    Error error = std::move(value.error());
    error.position = node.position;
    return fail(std::move(error));
  }
  out = *value;
  return {};
}

template <class T, class Read>
Result<void> read_list(const Node& node, std::vector<T>& out, std::string_view expected,
                       Read read) {
  out.clear();
  if (node.kind != Node::Kind::kArray) {
    if (node.kind == Node::Kind::kTable) return wrong_kind(node, expected);
    T value{};
    if (auto r = read(node, value); !r) return r;
    out.push_back(std::move(value));
    return {};
  }
  for (const auto& item : node.items) {
    T value{};
    if (auto r = read(item, value); !r) return r;
    out.push_back(std::move(value));
  }
  return {};
}

}  // namespace

Result<void> read_value(const Node& node, bool& out) {
  if (node.kind != Node::Kind::kBoolean) {
    const std::string text = scalar_text(node);
    std::string hint;
    if (text == "true" || text == "false")
      hint = fmt::format("write it without quotes: {}", text);
    else if (text == "yes" || text == "on" || text == "1" || text == "True")
      hint = "write true";
    else if (text == "no" || text == "off" || text == "0" || text == "False")
      hint = "write false";
    return wrong_kind(node, "true or false", std::move(hint));
  }
  out = node.boolean;
  return {};
}

Result<void> read_value(const Node& node, int64_t& out) {
  if (node.kind != Node::Kind::kInteger) {
    const bool quoted = node.kind == Node::Kind::kString && !node.text.empty() &&
                        node.text.find_first_not_of("0123456789") == std::string::npos;
    return wrong_kind(
        node, "an integer",
        quoted ? fmt::format("write it without quotes: {}", node.text) : std::string());
  }
  out = node.integer;
  return {};
}

Result<void> read_value(const Node& node, int& out) {
  int64_t wide = 0;
  if (auto r = read_value(node, wide); !r) return r;
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max())
    return wrong_value(node, fmt::format("{} is out of range", wide));
  out = static_cast<int>(wide);
  return {};
}

Result<void> read_value(const Node& node, double& out) {
  if (node.kind == Node::Kind::kInteger) {
    out = static_cast<double>(node.integer);
    return {};
  }
  if (node.kind != Node::Kind::kFloat) return wrong_kind(node, "a number");
  out = node.real;
  return {};
}

Result<void> read_value(const Node& node, char& out) {
  if (node.kind != Node::Kind::kString)
    return wrong_kind(node, "a string of one character", quote_hint(node));
  if (node.text == "\\t" || node.text == "tab") {
    out = '\t';
    return {};
  }
  if (node.text.size() != 1 || static_cast<unsigned char>(node.text[0]) >= 0x80)
    return wrong_value(node, fmt::format("expected one ASCII character, found `{}`", node.text));
  out = node.text[0];
  return {};
}

Result<void> read_value(const Node& node, std::string& out) {
  if (node.kind != Node::Kind::kString) return wrong_kind(node, "a string", quote_hint(node));
  out = node.text;
  return {};
}

Result<void> read_value(const Node& node, SourceText& out) {
  if (node.kind == Node::Kind::kString) {
    out = node.source_text();
    return {};
  }
  // Numbers and booleans are expressions too: columns = { one = 1 }.
  const std::string text = scalar_text(node);
  if (text.empty() || node.kind == Node::Kind::kDateTime)
    return wrong_kind(node, "a string", quote_hint(node));
  out = SourceText(text, node.position, node.exact_text);
  return {};
}

Result<void> read_value(const Node& node, Duration& out) {
  if (node.kind == Node::Kind::kInteger && node.integer == 0) {
    out = Duration{};
    return {};
  }
  if (node.kind == Node::Kind::kInteger)
    return wrong_value(node, fmt::format("{} is a duration without a unit", node.integer),
                       fmt::format("write it in quotes with a unit: \"{}s\" or \"{}ms\"",
                                   node.integer, node.integer));
  if (node.kind != Node::Kind::kString) return wrong_kind(node, "a duration such as \"10s\"");
  return placed(node, parse_duration(node.text), out);
}

Result<void> read_value(const Node& node, ByteSize& out) {
  if (node.kind == Node::Kind::kInteger && node.integer >= 0) {
    out.bytes = static_cast<uint64_t>(node.integer);
    return {};
  }
  if (node.kind == Node::Kind::kInteger) return wrong_value(node, "a size cannot be negative");
  if (node.kind != Node::Kind::kString) return wrong_kind(node, "a size such as \"64KB\"");
  return placed(node, parse_byte_size(node.text), out);
}

Result<void> read_value(const Node& node, std::vector<std::string>& out) {
  return read_list(node, out, "a string or a list of strings",
                   [](const Node& item, std::string& value) { return read_value(item, value); });
}

Result<void> read_value(const Node& node, std::vector<SourceText>& out) {
  return read_list(node, out, "a string or a list of strings",
                   [](const Node& item, SourceText& value) { return read_value(item, value); });
}

Result<void> read_value(const Node& node, NamedTexts& out) {
  if (node.kind != Node::Kind::kTable)
    return wrong_kind(node, "a table", "write { name = \"expression\", ... }");
  out.clear();
  for (size_t i = 0; i < node.entries.size(); ++i) {
    NamedText named;
    named.name = node.entries[i].first;
    named.name_position =
        i < node.key_positions.size() ? node.key_positions[i] : node.entries[i].second.position;
    if (auto r = read_value(node.entries[i].second, named.value); !r) return r;
    out.push_back(std::move(named));
  }
  return {};
}

Result<void> read_value(const Node& node, Node& out) {
  out = node;
  return {};
}

std::string type_text(const bool&) { return "boolean"; }
std::string type_text(const int&) { return "integer"; }
std::string type_text(const int64_t&) { return "integer"; }
std::string type_text(const double&) { return "number"; }
std::string type_text(const char&) { return "character"; }
std::string type_text(const std::string&) { return "string"; }
std::string type_text(const SourceText&) { return "expression"; }
std::string type_text(const Duration&) { return "duration"; }
std::string type_text(const ByteSize&) { return "size"; }
std::string type_text(const std::vector<std::string>&) { return "list of strings"; }
std::string type_text(const std::vector<SourceText>&) { return "list of expressions"; }
std::string type_text(const NamedTexts&) { return "table of expressions"; }
std::string type_text(const Node&) { return "any"; }

std::string default_text(const bool& value) { return value ? "true" : "false"; }
std::string default_text(const int& value) { return fmt::format("{}", value); }
std::string default_text(const int64_t& value) { return fmt::format("{}", value); }
std::string default_text(const double& value) { return fmt::format("{}", value); }
std::string default_text(const char& value) {
  if (value == '\t') return "\"\\t\"";
  if (value == '"') return "'\"'";
  return value == '\0' ? std::string() : fmt::format("\"{}\"", value);
}
std::string default_text(const std::string& value) {
  if (value.empty()) return {};
  const char quote = value.find('"') != std::string::npos ? '\'' : '"';
  return fmt::format("{}{}{}", quote, value, quote);
}
std::string default_text(const Duration& value) {
  return fmt::format("\"{}\"", format_duration(value));
}
std::string default_text(const ByteSize& value) {
  if (value.bytes == 0) return {};
  std::string text = format_byte_size(value.bytes);
  std::erase(text, ' ');
  return fmt::format("\"{}\"", text);
}

Error not_a_choice(const Node& node, std::string_view found,
                   const std::vector<std::string>& allowed) {
  return Error{
      ErrorKind::kConfig,
      fmt::format(
          "`{}` is not allowed here; expected {}", found,
          allowed.size() == 1 ? allowed[0] : fmt::format("one of {}", fmt::join(allowed, ", "))),
      node.position,
      "",
      {}};
}

Error unknown_key(const Position& position, std::string_view key,
                  const std::vector<std::string>& known, std::string_view where) {
  return Error{ErrorKind::kConfig,
               fmt::format("unknown key `{}` in {}", key, where),
               position,
               spelling_hint(key, known),
               {}};
}

Error missing_key(const Position& position, std::string_view key, std::string_view where) {
  return Error{
      ErrorKind::kConfig, fmt::format("{} needs the key `{}`", where, key), position, "", {}};
}

}  // namespace weir
