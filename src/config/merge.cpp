#include "config/merge.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "config/toml_text.h"

namespace weir {
namespace {

bool is_table(const Node& node) { return node.kind == Node::Kind::kTable; }

// One step of a dotted key, with the offset where it stands in the setting.
struct KeyPart {
  std::string name;
  size_t offset = 0;
};

// A setting cut at its first '=' outside quotes.
struct Setting {
  std::vector<KeyPart> parts;
  size_t value_offset = 0;
};

class SettingReader {
 public:
  SettingReader(const std::string& text, const std::string& label) : text_(text), label_(label) {}

  Position at(size_t offset, size_t length = 1) const {
    return SourceText(text_, Position{label_, 1, 1, text_, 1}).at(offset, length);
  }

  Result<Setting> read() const {
    Setting setting;
    size_t pos = 0;
    for (;;) {
      if (auto r = read_part(pos, setting.parts); !r) return fail(std::move(r.error()));
      if (pos < text_.size() && text_[pos] == '.') {
        ++pos;
        continue;
      }
      if (pos < text_.size() && text_[pos] == '[') {
        if (auto r = read_index(pos, setting.parts); !r) return fail(std::move(r.error()));
        if (pos < text_.size() && text_[pos] == '.') {
          ++pos;
          continue;
        }
      }
      break;
    }
    if (pos >= text_.size() || text_[pos] != '=') return refuse(pos, "expected `=` behind the key");
    setting.value_offset = pos + 1;
    return setting;
  }

 private:
  std::unexpected<Error> refuse(size_t offset, std::string message) const {
    return fail(Error{ErrorKind::kUsage,
                      std::move(message),
                      at(offset),
                      "settings are written KEY=VALUE, for example source.path=access.log",
                      {}});
  }

  Result<void> read_part(size_t& pos, std::vector<KeyPart>& parts) const {
    const size_t begin = pos;
    if (pos < text_.size() && (text_[pos] == '"' || text_[pos] == '\'')) {
      const size_t close = text_.find(text_[pos], pos + 1);
      if (close == std::string::npos) return refuse(pos, "a quoted key is not closed");
      parts.push_back({text_.substr(pos + 1, close - pos - 1), begin});
      pos = close + 1;
      return {};
    }
    const auto bare = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-';
    };
    while (pos < text_.size() && bare(text_[pos])) ++pos;
    if (pos == begin) return refuse(begin, "expected a key");
    parts.push_back({text_.substr(begin, pos - begin), begin});
    return {};
  }

  Result<void> read_index(size_t& pos, std::vector<KeyPart>& parts) const {
    const size_t close = text_.find(']', pos);
    if (close == std::string::npos) return refuse(pos, "`[` is not closed");
    parts.push_back({text_.substr(pos + 1, close - pos - 1), pos + 1});
    pos = close + 1;
    return {};
  }

  const std::string& text_;
  const std::string& label_;
};

// The value of a setting: TOML when all of it is one TOML value, else the text itself.
Node setting_value(const std::string& setting, size_t offset, const SettingReader& reader,
                   const std::string& label) {
  const std::string text = setting.substr(offset);
  // A document in which the value stands in the same column as in the setting.
  const Position value_place = reader.at(offset);
  const std::string document =
      fmt::format("v{:{}}={}", "", std::max(0, value_place.column - 3), text);
  auto parsed = parse_toml(document, label);
  if (parsed && parsed->entries.size() == 1 && parsed->entries[0].first == "v") {
    Node& value = parsed->entries[0].second;
    // `1 # 2` is text: a comment would be lost.
    const bool commented = text.find('#') != std::string::npos &&
                           value.kind != Node::Kind::kString && value.kind != Node::Kind::kArray &&
                           !is_table(value);
    // No option is a TOML date: 2024-01-01 is text here.
    if (!commented && value.kind != Node::Kind::kDateTime) {
      value.position.line_text = setting;
      return std::move(value);
    }
  }
  Node node;
  node.kind = Node::Kind::kString;
  node.text = text;
  node.position = reader.at(offset, text.size());
  return node;
}

// The item of an array that a key part numbers.
Result<Node*> array_item(Node& array, const KeyPart& part, const SettingReader& reader) {
  size_t index = 0;
  const char* end = part.name.data() + part.name.size();
  const auto [stop, ec] = std::from_chars(part.name.data(), end, index);
  if (ec != std::errc() || stop != end || index >= array.items.size())
    return fail(
        Error{ErrorKind::kUsage,
              fmt::format("`{}` is no index of an array of {}", part.name, array.items.size()),
              reader.at(part.offset, part.name.size()),
              "indices count from 0",
              {}});
  return &array.items[index];
}

}  // namespace

Node* find_entry(Node& table, std::string_view key) {
  for (auto& [name, value] : table.entries)
    if (name == key) return &value;
  return nullptr;
}

void set_entry(Node& table, const std::string& key, Node value, const Position& key_position) {
  for (size_t i = 0; i < table.entries.size(); ++i) {
    if (table.entries[i].first != key) continue;
    table.entries[i].second = std::move(value);
    table.key_positions[i] = key_position;
    return;
  }
  table.entries.emplace_back(key, std::move(value));
  table.key_positions.push_back(key_position);
}

bool remove_entry(Node& table, std::string_view key) {
  for (size_t i = 0; i < table.entries.size(); ++i) {
    if (table.entries[i].first != key) continue;
    table.entries.erase(table.entries.begin() + static_cast<ptrdiff_t>(i));
    table.key_positions.erase(table.key_positions.begin() + static_cast<ptrdiff_t>(i));
    return true;
  }
  return false;
}

bool is_array_of_tables(const Node& node) {
  if (node.kind != Node::Kind::kArray || node.items.empty()) return false;
  for (const auto& item : node.items)
    if (!is_table(item)) return false;
  return true;
}

void merge_tables(Node& base, Node over, Errors& errors) {
  for (size_t i = 0; i < over.entries.size(); ++i) {
    auto& [key, value] = over.entries[i];
    Node* old = find_entry(base, key);
    if (old == nullptr) {
      set_entry(base, key, std::move(value), over.key_positions[i]);
    } else if (is_table(*old) && is_table(value)) {
      merge_tables(*old, std::move(value), errors);
    } else if (is_table(*old) != is_table(value)) {
      errors.push_back(Error{ErrorKind::kConfig,
                             fmt::format("`{}` is {} here and {} in {}", key, value.kind_name(),
                                         old->kind_name(), old->position.file),
                             value.position,
                             "only values of one kind can be merged",
                             {}});
    } else if (is_array_of_tables(*old) && is_array_of_tables(value)) {
      for (auto& item : value.items) old->items.push_back(std::move(item));
    } else {
      set_entry(base, key, std::move(value), over.key_positions[i]);
    }
  }
}

Result<void> apply_setting(Node& root, const std::string& setting, const std::string& label) {
  const SettingReader reader(setting, label);
  auto key = reader.read();
  if (!key) return fail(std::move(key.error()));
  Node value = setting_value(setting, key->value_offset, reader, label);

  Node* at = &root;
  for (size_t i = 0; i < key->parts.size(); ++i) {
    const KeyPart& part = key->parts[i];
    const bool last = i + 1 == key->parts.size();
    const Position place = reader.at(part.offset, part.name.size());
    if (at->kind == Node::Kind::kArray) {
      auto item = array_item(*at, part, reader);
      if (!item) return fail(std::move(item.error()));
      at = *item;
      if (last) *at = std::move(value);
      continue;
    }
    if (i > 0 && key->parts[i - 1].name == "format" && at->kind == Node::Kind::kString) {
      Node table;
      table.position = at->position;
      const Position name_place = at->position;
      set_entry(table, "name", std::move(*at), name_place);
      *at = std::move(table);
    }
    if (!is_table(*at))
      return fail(Error{ErrorKind::kUsage,
                        fmt::format("`{}` is {} and has no key `{}`", key->parts[i - 1].name,
                                    at->kind_name(), part.name),
                        place,
                        "",
                        {}});
    if (last) {
      set_entry(*at, part.name, std::move(value), place);
      continue;
    }
    if (find_entry(*at, part.name) == nullptr) {
      const std::string& next = key->parts[i + 1].name;
      if (!next.empty() && next.find_first_not_of("0123456789") == std::string::npos)
        return fail(Error{ErrorKind::kUsage,
                          fmt::format("there is no `{}` to take item {} of", part.name, next),
                          place,
                          "",
                          {}});
      Node table;
      table.position = place;
      set_entry(*at, part.name, std::move(table), place);
    }
    at = find_entry(*at, part.name);
  }
  return {};
}

}  // namespace weir
