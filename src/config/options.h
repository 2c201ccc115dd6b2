// Options declared once, beside the struct that they fill: name, type, default, unit, help.
//
//   struct CsvOptions { char delimiter = ','; bool header = true; };
//   const OptionTable<CsvOptions>& csv_options() {
//     static const OptionTable<CsvOptions> table = {
//         {"delimiter", &CsvOptions::delimiter, "the character between fields"},
//         {"header", &CsvOptions::header, "the first record names the columns"},
//     };
//     return table;
//   }
//   ...
//   CsvOptions options;
//   read_options(csv_options(), node, options, errors);   // reports every unknown key, wrong type, value
//
// Defaults are those of a default-constructed struct. The same tables feed `weir formats csv`, the
// man page's tables and the spelling hints.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "config/node.h"

namespace weir {

// Named expressions or strings in the order written: columns = { a = "x + 1", b = "y" }.
struct NamedText {
  std::string name;
  Position name_position;
  SourceText value;
};
using NamedTexts = std::vector<NamedText>;

// What the documentation shows of one option.
struct OptionDoc {
  std::string name;
  std::string type;           // "string", "boolean", "duration", "list of strings" ...
  std::string default_value;  // "" when there is none
  std::string help;
  bool required = false;
  std::vector<std::string> choices;
};

// Reading of one value of each type; an Error holds the place and what was expected.
Result<void> read_value(const Node& node, bool& out);
Result<void> read_value(const Node& node, int& out);
Result<void> read_value(const Node& node, int64_t& out);
Result<void> read_value(const Node& node, double& out);
Result<void> read_value(const Node& node,
                        char& out);  // a string of one character; "\\t" and "tab" too
Result<void> read_value(const Node& node, std::string& out);
Result<void> read_value(const Node& node, SourceText& out);
Result<void> read_value(const Node& node, Duration& out);
Result<void> read_value(const Node& node, ByteSize& out);
Result<void> read_value(const Node& node,
                        std::vector<std::string>& out);  // a string counts as a list of one
Result<void> read_value(const Node& node, std::vector<SourceText>& out);  // the same
Result<void> read_value(const Node& node, NamedTexts& out);
Result<void> read_value(const Node& node, Node& out);  // anything, read later by its owner
template <class T>
Result<void> read_value(const Node& node, std::optional<T>& out) {
  T value{};
  if (auto r = read_value(node, value); !r) return r;
  out = std::move(value);
  return {};
}

std::string type_text(const bool&);
std::string type_text(const int&);
std::string type_text(const int64_t&);
std::string type_text(const double&);
std::string type_text(const char&);
std::string type_text(const std::string&);
std::string type_text(const SourceText&);
std::string type_text(const Duration&);
std::string type_text(const ByteSize&);
std::string type_text(const std::vector<std::string>&);
std::string type_text(const std::vector<SourceText>&);
std::string type_text(const NamedTexts&);
std::string type_text(const Node&);
template <class T>
std::string type_text(const std::optional<T>&) {
  return type_text(T{});
}

std::string default_text(const bool&);
std::string default_text(const int&);
std::string default_text(const int64_t&);
std::string default_text(const double&);
std::string default_text(const char&);
std::string default_text(const std::string&);
std::string default_text(const Duration&);
std::string default_text(const ByteSize&);
template <class T>
std::string default_text(const T&) {
  return {};
}

// One option of struct S.
template <class S>
struct Option {
  std::string name;
  std::string help;
  bool required = false;
  std::vector<std::string> choices;
  std::function<Result<void>(const Node&, S&)> read;
  std::function<std::string()> type;
  std::function<std::string()> default_value;

  // B is bool: else two choices in braces would count as a string made from two pointers.
  template <class T, class B = bool>
    requires std::is_same_v<B, bool>
  Option(std::string n, T S::* member, std::string h, B is_required = false)
      : name(std::move(n)), help(std::move(h)), required(is_required) {
    read = [member](const Node& node, S& s) { return read_value(node, s.*member); };
    type = [member] { return type_text(S{}.*member); };
    default_value = [member] { return default_text(S{}.*member); };
  }
  // A string that must be one of `allowed`.
  Option(std::string n, std::string S::* member, std::vector<std::string> allowed, std::string h);
};

Error not_a_choice(const Node& node, std::string_view found,
                   const std::vector<std::string>& allowed);

template <class S>
Option<S>::Option(std::string n, std::string S::* member, std::vector<std::string> allowed,
                  std::string h)
    : name(std::move(n)), help(std::move(h)), choices(std::move(allowed)) {
  read = [member, c = choices](const Node& node, S& s) -> Result<void> {
    if (auto r = read_value(node, s.*member); !r) return r;
    for (const auto& choice : c)
      if (choice == s.*member) return {};
    return fail(not_a_choice(node, s.*member, c));
  };
  type = [] { return std::string("string"); };
  default_value = [member] { return default_text(S{}.*member); };
}

template <class S>
using OptionTable = std::vector<Option<S>>;

template <class S>
std::vector<OptionDoc> option_docs(const OptionTable<S>& table) {
  std::vector<OptionDoc> docs;
  for (const auto& o : table)
    docs.push_back({o.name, o.type(), o.default_value(), o.help, o.required, o.choices});
  return docs;
}

Error unknown_key(const Position& position, std::string_view key,
                  const std::vector<std::string>& known, std::string_view where);
Error missing_key(const Position& position, std::string_view key, std::string_view where);

// Fills `out` from the entries of a table node; keys in `ignored` belong to someone else ("op", "type").
// Adds every problem to `errors`. `where` names the table in messages: "the csv format".
template <class S>
void read_options(const OptionTable<S>& table, const Node& node, S& out, Errors& errors,
                  std::string_view where, const std::vector<std::string>& ignored = {}) {
  for (size_t i = 0; i < node.entries.size(); ++i) {
    const auto& [key, value] = node.entries[i];
    const Option<S>* found = nullptr;
    for (const auto& o : table)
      if (o.name == key) found = &o;
    if (found != nullptr) {
      if (auto r = found->read(value, out); !r) errors.push_back(r.error());
      continue;
    }
    bool skip = false;
    for (const auto& name : ignored) skip = skip || name == key;
    if (skip) continue;
    std::vector<std::string> known;
    for (const auto& o : table) known.push_back(o.name);
    for (const auto& name : ignored) known.push_back(name);
    errors.push_back(unknown_key(
        i < node.key_positions.size() ? node.key_positions[i] : value.position, key, known, where));
  }
  for (const auto& o : table)
    if (o.required && node.find(o.name) == nullptr)
      errors.push_back(missing_key(node.position, o.name, where));
}

}  // namespace weir
