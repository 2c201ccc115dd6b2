#include "config/toml_text.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

namespace weir {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 20;
constexpr int kMaxDepth = 64;
// toml++ builds and destroys the tables of a.b.c recursively and knows no bound for them.
constexpr int kMaxDottedKeys = 16;
// Every position carries its line for the caret; lines that are no sight to a person are left out,
// and so is everything beyond a total that only a hostile text reaches.
constexpr size_t kMaxLineBytes = 1000;
constexpr size_t kMaxLinesTotal = size_t{64} << 20;

std::unexpected<Error> fail_at(Position position, std::string message, std::string hint = {}) {
  return fail(
      Error{ErrorKind::kConfig, std::move(message), std::move(position), std::move(hint), {}});
}

// The byte offset of character `column` (from 1) in a line; its size when beyond.
size_t offset_of(std::string_view line, uint32_t column) {
  size_t pos = 0;
  for (uint32_t c = 1; c < column && pos < line.size(); ++c) {
    ++pos;
    while (pos < line.size() && (line[pos] & '\xC0') == '\x80') ++pos;
  }
  return pos;
}

// The document's lines, for positions and for looking at how a value was written.
class Lines {
 public:
  Lines(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    for (size_t pos = 0; pos <= text_.size();) {
      starts_.push_back(pos);
      const size_t newline = text_.find('\n', pos);
      if (newline == std::string_view::npos) break;
      pos = newline + 1;
    }
  }

  std::string_view line(uint32_t number) const {
    if (number == 0 || number > starts_.size()) return {};
    std::string_view rest = text_.substr(starts_[number - 1]);
    rest = rest.substr(0, rest.find('\n'));
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    return rest;
  }
  // The text from a place to the document's end.
  std::string_view from(toml::source_position place) const {
    if (place.line == 0 || place.line > starts_.size()) return {};
    return text_.substr(starts_[place.line - 1] + offset_of(line(place.line), place.column));
  }

  Position at(uint32_t number, uint32_t column, int length = 1) {
    Position position{
        file_, static_cast<int>(number), static_cast<int>(column), {}, std::max(1, length)};
    const std::string_view shown = line(number);
    if (shown.size() <= kMaxLineBytes && kept_ + shown.size() <= kMaxLinesTotal) {
      position.line_text = std::string(shown);
      kept_ += shown.size();
    }
    return position;
  }
  Position at(const toml::source_region& region) {
    const auto& [begin, end] = std::pair(region.begin, region.end);
    if (begin.line == 0) return Position{file_, 0, 0, {}, 1};
    const bool one_line = end.line == begin.line && end.column > begin.column;
    return at(begin.line, begin.column, one_line ? static_cast<int>(end.column - begin.column) : 1);
  }

 private:
  std::string_view text_;
  const std::string& file_;
  std::vector<size_t> starts_;
  size_t kept_ = 0;
};

// Refuses a.b.c... of absurd length before toml++ recurses over it. Strings and comments are
// skipped.
Result<void> check_dotted_keys(std::string_view text, Lines& lines) {
  int dots = 0;
  uint32_t line = 1;
  for (size_t pos = 0; pos < text.size(); ++pos) {
    const char c = text[pos];
    if (c == '"' || c == '\'') {
      const std::string triple(3, c);
      if (text.substr(pos).starts_with(triple)) {
        size_t end = text.find(triple, pos + 3);
        while (c == '"' && end != std::string_view::npos && text[end - 1] == '\\')
          end = text.find(triple, end + 1);
        if (end == std::string_view::npos) return {};
        line += static_cast<uint32_t>(std::count(text.begin() + static_cast<ptrdiff_t>(pos),
                                                 text.begin() + static_cast<ptrdiff_t>(end), '\n'));
        pos = end + 2;
        continue;
      }
      for (++pos; pos < text.size() && text[pos] != c && text[pos] != '\n'; ++pos)
        if (c == '"' && text[pos] == '\\') ++pos;
      if (pos < text.size() && text[pos] == '\n') return {};  // not closed: the parser will say so
    } else if (c == '#') {
      pos = std::min(text.find('\n', pos), text.size()) - 1;
    } else if (c == '\n') {
      ++line;
      dots = 0;
    } else if (c == '=' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}') {
      dots = 0;
    } else if (c == '.' && ++dots > kMaxDottedKeys) {
      return fail_at(lines.at(line, 1),
                     fmt::format("a dotted key has more than {} parts", kMaxDottedKeys));
    }
  }
  return {};
}

class Converter {
 public:
  explicit Converter(Lines& lines) : lines_(lines) {}

  Result<Node> convert(const toml::node& value, int depth) {
    Node node;
    node.position = lines_.at(value.source());
    if (depth > kMaxDepth)
      return fail_at(node.position, fmt::format("nested deeper than {} levels", kMaxDepth));
    if (const auto* table = value.as_table()) return convert_table(*table, std::move(node), depth);
    if (const auto* array = value.as_array()) {
      node.kind = Node::Kind::kArray;
      for (const auto& item : *array) {
        auto converted = convert(item, depth + 1);
        if (!converted) return converted;
        node.items.push_back(std::move(*converted));
      }
      return node;
    }
    if (const auto* text = value.as_string()) {
      convert_string(text->get(), value.source(), node);
    } else if (const auto* integer = value.as_integer()) {
      node.kind = Node::Kind::kInteger;
      node.integer = integer->get();
    } else if (const auto* real = value.as_floating_point()) {
      node.kind = Node::Kind::kFloat;
      node.real = real->get();
    } else if (const auto* boolean = value.as_boolean()) {
      node.kind = Node::Kind::kBoolean;
      node.boolean = boolean->get();
    } else {
      node.kind = Node::Kind::kDateTime;
      const auto& region = value.source();
      node.text =
          std::string(lines_.from(region.begin).substr(0, region.end.column - region.begin.column));
    }
    return node;
  }

 private:
  // toml++ keeps tables sorted; the order written is the order of the keys' places.
  Result<Node> convert_table(const toml::table& table, Node node, int depth) {
    node.kind = Node::Kind::kTable;
    std::vector<toml::table::const_iterator> order;
    for (auto it = table.begin(); it != table.end(); ++it) order.push_back(it);
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      const auto& x = a->first.source().begin;
      const auto& y = b->first.source().begin;
      return x.line != y.line ? x.line < y.line : x.column < y.column;
    });
    for (const auto& it : order) {
      auto converted = convert(it->second, depth + 1);
      if (!converted) return converted;
      node.entries.emplace_back(std::string(it->first.str()), std::move(*converted));
      node.key_positions.push_back(lines_.at(it->first.source()));
    }
    return node;
  }

  void convert_string(const std::string& text, const toml::source_region& region, Node& node) {
    node.kind = Node::Kind::kString;
    node.text = text;
    const std::string_view written = lines_.from(region.begin);
    const char quote = written.empty() ? '\0' : written[0];
    if (quote != '"' && quote != '\'') {
      node.exact_text = false;
      return;
    }
    const bool triple = written.substr(0, 3) == std::string(3, quote);
    const size_t open = triple ? 3 : 1;
    // Exact if the text stands in the document letter for letter (no escapes); a newline directly
    // behind the opening quotes is not part of it.
    const bool newline = triple && (written.substr(open).starts_with('\n') ||
                                    written.substr(open).starts_with("\r\n"));
    const size_t begin = newline ? written.find('\n') + 1 : open;
    node.exact_text = written.substr(begin).starts_with(text);
    if (!node.exact_text) return;
    const auto first_line = text.substr(0, text.find('\n'));
    const auto length = static_cast<int>(std::count_if(
        first_line.begin(), first_line.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
    node.position = newline ? lines_.at(region.begin.line + 1, 1, length)
                            : lines_.at(region.begin.line,
                                        region.begin.column + static_cast<uint32_t>(open), length);
  }

  Lines& lines_;
};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// toml++'s words, shortened, with a remedy for the mistakes that people make.
Error readable(const toml::parse_error& e, Lines& lines) {
  std::string message(e.description());
  if (message.starts_with("Error while parsing ")) {
    const size_t colon = message.find(": ");
    if (colon != std::string::npos) message = message.substr(colon + 2);
  }
  const auto place = e.source().begin;
  const std::string_view line = lines.line(place.line);
  const size_t equals = line.find('=');
  std::string hint;
  const size_t value_at =
      equals == std::string_view::npos ? equals : line.find_first_not_of(" \t", equals + 1);
  uint32_t column = place.column;
  if (has(message, "control characters other than TAB") && offset_of(line, column) >= line.size()) {
    message = "the string is not closed on its line";
    hint = "a text of several lines stands between ''' and '''";
  } else if (has(message, "unknown escape sequence")) {
    hint = "in single quotes a backslash is a plain character: '\\d+'";
  } else if (has(message, "cannot redefine")) {
    const size_t name = message.find('\'');
    message = name == std::string::npos
                  ? std::string("this key is defined twice")
                  : fmt::format("`{}` is defined twice",
                                message.substr(name + 1, message.size() - name - 2));
  } else if (value_at != std::string_view::npos && column > offset_of(line, column) - equals &&
             (has(message, "could not determine value type") || has(message, "expected 'true'") ||
              has(message, "expected 'false'") || has(message, "expected digit") ||
              has(message, "expected 'inf'") || has(message, "expected 'nan'"))) {
    std::string_view value = line.substr(value_at);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    message = "this is not a TOML value";
    if (value == "True" || value == "False") {
      hint = value == "True" ? "write true" : "write false";
    } else if (!has(value, "\"") && !value.starts_with('[') && !value.starts_with('{')) {
      column = static_cast<uint32_t>(value_at) + 1;
      hint = fmt::format("text stands in quotes: {}= \"{}\"", line.substr(0, equals), value);
    }
  } else if (has(message, "encountered end-of-file") && equals == std::string_view::npos &&
             !line.empty() && line.find_first_of("[{'\"") == std::string_view::npos) {
    message = "a key needs a value";
    hint = fmt::format("written as {} = \"...\"", line.substr(0, line.find_last_not_of(" \t") + 1));
  } else if (has(message, "encountered end-of-file")) {
    message = "the text ends too early: something is not closed";
  } else if (has(message, "expected key or closing '}'") && has(message, "'\\n'")) {
    hint = "an inline table { ... } stands on one line and has no comma before its }";
  }
  return Error{
      ErrorKind::kConfig, std::move(message), lines.at(place.line, column), std::move(hint), {}};
}

}  // namespace

Result<Node> parse_toml(std::string_view text, const std::string& file) {
  if (text.size() > kMaxTextBytes)
    return fail_at(
        {file, 0, 0, {}, 1},
        fmt::format("the pipeline has {} bytes; at most {} are read", text.size(), kMaxTextBytes));
  Lines lines(text, file);
  if (auto r = check_dotted_keys(text, lines); !r) return fail(std::move(r.error()));
  try {
    const toml::table table = toml::parse(text, std::string_view(file));
    auto node = Converter(lines).convert(table, 0);
    if (node) node->position = {file, 0, 0, {}, 1};
    return node;
  } catch (const toml::parse_error& e) {
    return fail(readable(e, lines));
  }
}

}  // namespace weir
