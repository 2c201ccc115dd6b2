#include "formats/regex_pattern.h"

#include <algorithm>

#include "base/spelling.h"

namespace weir {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 20;
constexpr size_t kMaxNesting = 64;

// Offset behind the character class that begins at text[i] == '['.
size_t class_end(std::string_view text, size_t i) {
  ++i;
  if (i < text.size() && text[i] == '^') ++i;
  if (i < text.size() && text[i] == ']') ++i;
  while (i < text.size() && text[i] != ']') {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '[' && i + 1 < text.size() && text[i + 1] == ':') {
      const size_t close = text.find(":]", i + 2);
      if (close != std::string_view::npos) i = close + 1;
    }
    ++i;
  }
  return std::min(i + 1, text.size());
}

// Offset behind the group that begins at text[i] == '('; npos when it is not closed.
size_t group_end(std::string_view text, size_t i) {
  size_t depth = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '\\') {
      i += 2;
      continue;
    }
    if (c == '[') {
      i = class_end(text, i);
      continue;
    }
    if (c == '(') ++depth;
    if (c == ')' && --depth == 0) return i + 1;
    ++i;
  }
  return std::string_view::npos;
}

bool has_outer_alternation(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '|') return true;
    if (c == '\\') {
      i += 2;
    } else if (c == '[') {
      i = class_end(text, i);
    } else if (c == '(') {
      i = group_end(text, i);
      if (i == std::string_view::npos) return true;
    } else {
      ++i;
    }
  }
  return false;
}

// "[source][address]" is "source.address"; "[message]" is "message".
std::string flattened(std::string_view field) {
  if (!field.starts_with('[')) return std::string(field);
  std::string out;
  for (const char c : field) {
    if (c == '[' && !out.empty()) out += '.';
    if (c != '[' && c != ']') out += c;
  }
  return out;
}

class PatternReader {
 public:
  PatternReader(const PatternLibrary* library, bool relax_counts)
      : library_(library), relax_counts_(relax_counts) {}

  Result<RegexPattern> read(std::string_view pattern) {
    if (auto done = write(pattern, true); !done) return fail(done.error());
    return std::move(out_);
  }

 private:
  using Done = Result<void>;

  // An error at text[offset]. Inside a definition the place is the reference that led there.
  std::unexpected<Error> error(size_t offset, std::string message, std::string hint = {}) const {
    Error e{ErrorKind::kConfig, std::move(message), {}, std::move(hint), {}};
    e.position.column = static_cast<int>(stack_.empty() ? offset : outer_offset_) + 1;
    if (!stack_.empty()) e.message = "in the pattern " + stack_.back() + ": " + e.message;
    return std::unexpected(std::move(e));
  }

  void open_group(std::string field, std::string type) {
    out_.groups.push_back({std::move(field), std::move(type), out_.text.size(), 0, depth_ == 0});
    out_.text += '(';
  }

  // Writes `text`, a whole pattern or definition.
  Done write(std::string_view text, bool outermost) {
    std::vector<size_t> open;  // per open parenthesis its number in out_.groups, or npos
    size_t i = 0;
    while (i < text.size()) {
      if (out_.text.size() > kMaxTextBytes)
        return error(i, "the pattern is too large when written out");
      const char c = text[i];
      if (c == '\\') {
        if (i + 1 >= text.size()) return error(i, "the pattern ends with a backslash");
        write_escape(text[i + 1], false);
        i += 2;
      } else if (c == '[') {
        const size_t end = class_end(text, i);
        write_class(text.substr(i, end - i));
        i = end;
      } else if (c == '(') {
        bool pushed = false;
        size_t group = std::string_view::npos;
        const size_t before = out_.groups.size();
        auto next = write_open(text, i, pushed);
        if (!next) return fail(next.error());
        i = *next;
        if (pushed) {
          if (out_.groups.size() > before) group = before;
          open.push_back(group);
          ++depth_;
        }
      } else if (c == ')') {
        if (open.empty()) return error(i, "a `)` without its `(`");
        out_.text += ')';
        --depth_;
        if (open.back() != std::string_view::npos)
          out_.groups[open.back()].close = out_.text.size();
        open.pop_back();
        ++i;
      } else if (c == '|') {
        if (depth_ == 0) out_.can_cut = false;
        out_.text += c;
        ++i;
      } else if (c == '%' && library_ != nullptr && text.substr(i).starts_with("%{")) {
        auto next = write_reference(text, i, outermost);
        if (!next) return fail(next.error());
        i = *next;
      } else if (c == '{' && relax_counts_ && large_count_end(text, i) != 0) {
        out_.text.append(text, i, text.find(',', i) + 1 - i);
        i = large_count_end(text, i);  // at the brace
      } else {
        out_.text += c;
        ++i;
        i = drop_possessive(text, i, c);
      }
    }
    if (!open.empty()) return error(0, "a `(` is not closed");
    return {};
  }

  // Behind a quantifier at text[i - 1], passes the + that makes it possessive.
  static size_t drop_possessive(std::string_view text, size_t i, char c) {
    const bool quantifier = (c == '*' || c == '+' || c == '?') && i >= 2 && text[i - 2] != '\\';
    const bool counted = c == '}' && is_count(text.substr(0, i));
    if ((quantifier || counted) && i < text.size() && text[i] == '+') return i + 1;
    return i;
  }

  // True if the text ends with {n}, {n,} or {n,m}.
  static bool is_count(std::string_view text) {
    const size_t open = text.rfind('{');
    if (open == std::string_view::npos || (open > 0 && text[open - 1] == '\\')) return false;
    const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
    return !inside.empty() && inside.find_first_not_of("0123456789,") == std::string_view::npos;
  }

  // The offset of the } of {n,m} at text[i] when m has two digits or more; else 0.
  static size_t large_count_end(std::string_view text, size_t i) {
    const size_t comma = text.find_first_not_of("0123456789", i + 1);
    if (comma == i + 1 || comma == std::string_view::npos || text[comma] != ',') return 0;
    const size_t end = text.find_first_not_of("0123456789", comma + 1);
    return end != std::string_view::npos && text[end] == '}' && end >= comma + 3 ? end : 0;
  }

  void write_escape(char c, bool in_class) {
    if (c == 'h' && library_ != nullptr) {  // a hex digit, in the dialect of grok
      out_.text += in_class ? "0-9a-fA-F" : "[0-9a-fA-F]";
    } else if (c == 'Z') {
      out_.text += "\\z";
    } else if (c == '_' || c == '<' || c == '>' || c == '`' || c == '\'') {
      out_.text += c;
    } else {
      out_.text += '\\';
      out_.text += c;
    }
  }

  void write_class(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) {
        write_escape(text[++i], true);
      } else if (text[i] == '[' && i > 0 && !text.substr(i).starts_with("[:")) {
        out_.text += "\\[";  // RE2 reads it so; other engines begin a nested class here
      } else {
        out_.text += text[i];
      }
    }
  }

  // What a group's opening at text[i] means; gives the offset behind it.
  Result<size_t> write_open(std::string_view text, size_t i, bool& pushed) {
    const std::string_view rest = text.substr(i);
    if (!rest.starts_with("(?")) {
      out_.text += "(?:";
      pushed = true;
      return i + 1;
    }
    if (rest.starts_with("(?#")) {
      const size_t close = text.find(')', i);
      if (close == std::string_view::npos) return error(i, "a comment is not closed");
      return close + 1;
    }
    if (rest.starts_with("(?>")) {
      out_.text += "(?:";
      pushed = true;
      return i + 3;
    }
    if (rest.starts_with("(?=") || rest.starts_with("(?!") || rest.starts_with("(?<=") ||
        rest.starts_with("(?<!"))
      return drop_look_around(text, i);
    for (const std::string_view opening : {"(?P<", "(?<", "(?'"}) {
      if (!rest.starts_with(opening)) continue;
      const char closing = opening.back() == '<' ? '>' : '\'';
      const size_t end = text.find(closing, i + opening.size());
      if (end == std::string_view::npos || end == i + opening.size())
        return error(i, "a group's name is not closed");
      open_group(flattened(text.substr(i + opening.size(), end - i - opening.size())), {});
      pushed = true;
      return end + 1;
    }
    // Flags, (?i) or (?i:...). In the dialect of grok m means that a point matches line ends.
    const size_t end = text.find_first_of(":)", i);
    if (end == std::string_view::npos) return error(i, "a `(` is not closed");
    std::string flags(text.substr(i, end - i));
    if (library_ != nullptr) std::replace(flags.begin(), flags.end(), 'm', 's');
    out_.text += flags;
    out_.text += text[end];
    pushed = text[end] == ':';
    return end + 1;
  }

  Result<size_t> drop_look_around(std::string_view text, size_t i) {
    const size_t end = group_end(text, i);
    if (end == std::string_view::npos) return error(i, "a `(` is not closed");
    const std::string_view construct = text.substr(i, end - i);
    const bool negative = construct[2] == '!' || construct.starts_with("(?<!");
    const std::string_view before = text.substr(0, i);
    const bool at_edge =
        end == text.size() || before.find_first_not_of("^\\b") == std::string_view::npos;
    // An atomic group around all of a definition does not make its head less of a head.
    const bool head_of_group = before == "(?>" || before == "(?:" || before == "(";
    if (negative && (at_edge || head_of_group)) return end;
    return error(i, "the look-around " + std::string(construct) + " is not supported",
                 "RE2 never backtracks and so cannot look around; write the pattern without it");
  }

  std::string unknown_name_hint(const std::string& name) const {
    const std::string near = nearest_name(name, library_->names());
    return (near.empty() ? "Logstash's are known, such as IP, WORD, NUMBER and DATA"
                         : "did you mean `" + near + "`?") +
           "; `patterns` and `patterns_file` add others";
  }

  Result<size_t> write_reference(std::string_view text, size_t i, bool outermost) {
    const size_t end = text.find('}', i);
    if (end == std::string_view::npos) return error(i, "a `%{` is not closed");
    if (outermost) outer_offset_ = i;
    std::string_view inside = text.substr(i + 2, end - i - 2);
    const auto part = [&inside] {
      const size_t colon = inside.find(':');
      const std::string_view head = inside.substr(0, colon);
      inside = colon == std::string_view::npos ? std::string_view() : inside.substr(colon + 1);
      return std::string(head);
    };
    const std::string name = part();
    const std::string field = flattened(part());
    const std::string type(inside);
    const std::string* definition = library_->find(name);
    if (definition == nullptr)
      return error(i, "no grok pattern `" + name + "`", unknown_name_hint(name));
    if (std::find(stack_.begin(), stack_.end(), name) != stack_.end())
      return error(i, "the pattern " + name + " refers to itself");
    if (stack_.size() >= kMaxNesting) return error(i, "patterns refer to each other too deeply");

    // Without a group of its own the definition's groups stay on the outermost level.
    const bool quantified = end + 1 < text.size() &&
                            std::string_view("*+?{").find(text[end + 1]) != std::string_view::npos;
    const bool bare = field.empty() && !quantified && !has_outer_alternation(*definition);
    const size_t group = out_.groups.size();
    if (!bare && !field.empty()) open_group(field, type);
    if (!bare && field.empty()) out_.text += "(?:";
    depth_ += !bare;
    stack_.push_back(name);
    if (auto done = write(*definition, false); !done) return fail(done.error());
    stack_.pop_back();
    depth_ -= !bare;
    if (!bare) out_.text += ')';
    if (!field.empty()) out_.groups[group].close = out_.text.size();
    return end + 1;
  }

  const PatternLibrary* library_;
  bool relax_counts_;
  RegexPattern out_;
  size_t depth_ = 0;
  size_t outer_offset_ = 0;         // of the reference in the outermost pattern
  std::vector<std::string> stack_;  // definitions being written
};

}  // namespace

std::string RegexPattern::with_groups(const std::vector<bool>& keep) const {
  std::string result;
  size_t done = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (keep[i]) continue;
    result.append(text, done, groups[i].open + 1 - done);
    result += "?:";
    done = groups[i].open + 1;
  }
  result.append(text, done);
  return result;
}

Result<RegexPattern> read_regex_pattern(std::string_view pattern, const PatternLibrary* library,
                                        bool relax_counts) {
  return PatternReader(library, relax_counts).read(pattern);
}

}  // namespace weir
