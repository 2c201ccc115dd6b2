#include "formats/sniff.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include "formats/field_parser.h"
#include "formats/format.h"
#include "formats/json_structure.h"
#include "formats/json_walk.h"
#include "formats/msgpack_item.h"

namespace weir {
namespace {

constexpr size_t kLines = 50;
constexpr size_t kMaxLineBytes = 64 << 10;

bool is_json_object(JsonStructure& structure, std::string_view line) {
  JsonTokens tokens;
  if (structure.index(line.data(), line.size(), tokens) != JsonStructure::Status::kOk) return false;
  json::Walk walk;
  walk.base = line.data();
  walk.end = static_cast<uint32_t>(line.size());
  walk.has_escapes = true;
  if (walk.at(tokens.at) != '{') return false;
  const uint32_t* behind = walk.skip(tokens.at);
  return behind != nullptr && *behind >= walk.end;
}

// The share of lines for which `test` holds.
template <class Test>
double share(const std::vector<std::string_view>& lines, Test&& test) {
  if (lines.empty()) return 0;
  const auto count = std::count_if(lines.begin(), lines.end(), test);
  return static_cast<double>(count) / static_cast<double>(lines.size());
}

bool matches(const RE2& regex, std::string_view line) {
  return RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), regex);
}

// A key=value pair with a key like a name; otherwise not.
bool is_pair(std::string_view token) {
  const size_t equals = token.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  return std::all_of(token.begin(), token.begin() + static_cast<ptrdiff_t>(equals), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-' ||
           c == '/' || c == '@';
  });
}

bool is_logfmt_line(std::string_view line) {
  size_t tokens = 0;
  size_t pairs = 0;
  for (size_t i = 0; i < line.size();) {
    if (line[i] == ' ' || line[i] == '\t') {
      ++i;
      continue;
    }
    const size_t begin = i;
    bool quoted = false;
    while (i < line.size() && (quoted || (line[i] != ' ' && line[i] != '\t'))) {
      if (line[i] == '\\' && quoted) ++i;
      if (i < line.size() && line[i] == '"') quoted = !quoted;
      ++i;
    }
    ++tokens;
    pairs += is_pair(line.substr(begin, std::min(i, line.size()) - begin));
  }
  return pairs > 0 && (pairs == tokens || (pairs >= 2 && pairs * 10 >= tokens * 6));
}

// The records of delimited text, split; quotes hide delimiters and line ends. Nothing when a quote
// stands where RFC 4180 has none.
std::vector<std::vector<std::string>> split_records(std::string_view sample, bool whole,
                                                    char delimiter) {
  std::vector<std::vector<std::string>> records;
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < sample.size() && records.size() < kLines; ++i) {
    const char c = sample[i];
    if (quoted) {
      const bool doubled = i + 1 < sample.size() && sample[i + 1] == '"';
      if (c != '"') {
        fields.back() += c;
      } else if (doubled) {
        fields.back() += sample[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"' && delimiter != '\t' && fields.back().empty()) {
      quoted = true;
    } else if (c == '"' && delimiter != '\t') {
      return {};
    } else if (c == delimiter) {
      fields.emplace_back();
    } else if (c == '\n') {
      if (fields.back().ends_with('\r')) fields.back().pop_back();
      if (fields.size() > 1 || !fields[0].empty()) records.push_back(std::move(fields));
      fields.assign(1, {});
    } else {
      fields.back() += c;
    }
  }
  const bool rest = fields.size() > 1 || !fields[0].empty();
  if (rest && !quoted && (whole || records.empty()) && records.size() < kLines)
    records.push_back(std::move(fields));
  return records;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ' ' ||
                  c == '.' || c == '-' || c == '/' || c == '(' || c == ')' || c == '%' ||
                  static_cast<signed char>(c) < 0;
         });
}

// True if the first record names the columns of the others.
bool has_header(const std::vector<std::vector<std::string>>& records) {
  const auto& first = records[0];
  const std::set<std::string> distinct(first.begin(), first.end());
  if (distinct.size() != first.size() || distinct.contains("")) return false;
  for (const auto& field : first)
    if (guess_type({field}).type.id != TypeId::kString) return false;
  for (size_t c = 0; c < first.size(); ++c) {
    std::vector<std::string> texts;
    for (size_t r = 1; r < records.size(); ++r) texts.push_back(records[r][c]);
    if (guess_type(texts).type.id != TypeId::kString) return true;
    if (std::find(texts.begin(), texts.end(), first[c]) != texts.end()) return false;
  }
  return std::all_of(first.begin(), first.end(), is_name);
}

// True if the text begins like the rest of a time that was cut at its comma: "123 INFO".
bool is_rest_of_time(std::string_view text) {
  const auto digit = [&](size_t i) {
    return std::isdigit(static_cast<unsigned char>(text[i])) != 0;
  };
  return text.size() > 3 && digit(0) && digit(1) && digit(2) && text[3] == ' ';
}

// Commas in prose are followed by a blank; one in a time, 12:00:00,123, separates nothing.
bool looks_like_prose(const std::vector<std::vector<std::string>>& records) {
  static const RE2 kTimeBefore("[0-9]:[0-9]{2}$");
  size_t fields = 0;
  size_t blanks = 0;
  size_t times = 0;
  for (const auto& record : records) {
    for (size_t f = 1; f < record.size(); ++f) {
      ++fields;
      blanks += record[f].starts_with(' ');
      times += is_rest_of_time(record[f]) && RE2::PartialMatch(record[f - 1], kTimeBefore);
    }
  }
  return blanks * 2 > fields || (times * 2 > fields && records[0].size() == 2);
}

// `comments`: lines with # have been taken out of the sample.
bool sniff_delimited(std::string_view sample, bool whole, bool comments, FormatSpec& spec) {
  size_t best_fields = 1;
  char best = 0;
  bool header = false;
  for (const char delimiter : {',', '\t', ';', '|'}) {
    const auto records = split_records(sample, whole, delimiter);
    if (records.empty() || records[0].size() <= best_fields) continue;
    const size_t fields = records[0].size();
    if (std::any_of(records.begin(), records.end(),
                    [&](const auto& r) { return r.size() != fields; }))
      continue;
    if (delimiter != '\t' && looks_like_prose(records)) continue;
    best = delimiter;
    best_fields = fields;
    header = has_header(records);
  }
  if (best == 0) return false;
  spec.name = best == '\t' ? "tsv" : "csv";
  const auto option = [&spec](const char* name, Node value) {
    spec.options.entries.emplace_back(name, std::move(value));
    spec.options.key_positions.emplace_back();
  };
  if (best == ';' || best == '|') {
    Node node;
    node.kind = Node::Kind::kString;
    node.text = std::string(1, best);
    option("delimiter", std::move(node));
  }
  if (comments) {
    Node node;
    node.kind = Node::Kind::kString;
    node.text = "#";
    option("comment", std::move(node));
  }
  if (!header) {
    Node node;
    node.kind = Node::Kind::kBoolean;
    node.boolean = false;
    option("header", std::move(node));
  }
  return true;
}

// A whole map whose first key is a text. No text in UTF-8 begins with its first byte.
bool begins_msgpack_record(std::string_view sample) {
  msgpack::Item map;
  msgpack::Item key;
  size_t at = 0;
  size_t end = 0;
  return msgpack::read_item(sample, at, map) == msgpack::Status::kDone &&
         map.kind == msgpack::Kind::kMap &&
         msgpack::read_item(sample, at, key) == msgpack::Status::kDone &&
         key.kind == msgpack::Kind::kString &&
         msgpack::skip_value(sample, end) == msgpack::Status::kDone;
}

}  // namespace

FormatSpec sniff_spec(std::string_view sample) {
  FormatSpec spec;
  spec.name = "text";
  if (sample.starts_with(std::string_view("Obj\1", 4))) {
    spec.name = "avro";
    return spec;
  }
  if (begins_msgpack_record(sample)) {
    spec.name = "msgpack";
    return spec;
  }
  if (sample.starts_with("\xEF\xBB\xBF")) sample.remove_prefix(3);
  const bool whole = sample.ends_with('\n');
  std::vector<std::string_view> lines;
  for (size_t begin = 0; begin < sample.size() && lines.size() < kLines;) {
    const size_t end = sample.find('\n', begin);
    // A last line without its end may have been cut.
    if (end == std::string_view::npos && !lines.empty()) break;
    std::string_view line = sample.substr(begin, end == std::string_view::npos ? end : end - begin);
    begin = end == std::string_view::npos ? sample.size() : end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos && line.size() <= kMaxLineBytes)
      lines.push_back(line);
  }
  if (lines.empty()) return spec;

  JsonStructure structure;
  if (share(lines, [&](std::string_view line) { return is_json_object(structure, line); }) >= 0.8) {
    spec.name = "json";
    return spec;
  }
  static const RE2 kCommon(
      R"re(^\S+ \S+ \S.* \[[^\]]+\] "(?:[^"\\]|\\.)*" (?:[0-9]{3}|-) (?:[0-9]+|-))re");
  static const RE2 kCombined(
      R"re(^\S+ \S+ \S.* \[[^\]]+\] "(?:[^"\\]|\\.)*" (?:[0-9]{3}|-) (?:[0-9]+|-) "(?:[^"\\]|\\.)*" ")re");
  if (share(lines, [](std::string_view line) { return matches(kCommon, line); }) >= 0.8) {
    const bool combined =
        share(lines, [](std::string_view line) { return matches(kCombined, line); }) >= 0.8;
    spec.name = combined ? "combined" : "common";
    return spec;
  }
  if (share(lines, is_logfmt_line) >= 0.8) {
    spec.name = "logfmt";
    return spec;
  }
  if (!lines[0].starts_with('#')) {
    sniff_delimited(sample, whole, false, spec);
    return spec;
  }
  std::string without;
  for (size_t begin = 0; begin < sample.size();) {
    const size_t found = sample.find('\n', begin);
    const size_t end = found == std::string_view::npos ? sample.size() : found + 1;
    if (sample[begin] != '#') without += sample.substr(begin, end - begin);
    begin = end;
  }
  sniff_delimited(without, whole, true, spec);
  return spec;
}

std::string sniff_format(std::string_view sample) { return sniff_spec(sample).name; }

}  // namespace weir
