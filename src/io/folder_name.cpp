#include "io/folder_name.h"

#include <fmt/format.h>

#include <cstdint>

namespace weir {

namespace {

constexpr std::string_view kEmptyName = "__EMPTY__";
constexpr size_t kLongestName = 180;  // of the 255 bytes that file systems allow

bool is_plain(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || u >= 0x80 ||
         std::string_view("._-=+@, ").find(c) != std::string_view::npos;
}

uint64_t fnv(std::string_view text) {
  uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  return hash;
}

// -1: no digit.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int letter = (c | 0x20) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

}  // namespace

std::string folder_name(std::string_view text) {
  if (text.empty()) return std::string(kEmptyName);
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    // A name may not begin with a dot, nor be taken for one of ours.
    const bool first = i == 0 && (text[i] == '.' || text.starts_with("__"));
    if (is_plain(text[i]) && !first) {
      name += text[i];
    } else {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(text[i]));
    }
  }
  if (name.size() > kLongestName) {
    name.resize(kLongestName - 18);
    name += fmt::format("%~{:016x}", fnv(text));
  }
  return name;
}

std::string text_of_folder(std::string_view name) {
  if (name == kEmptyName) return {};
  std::string text;
  for (size_t i = 0; i < name.size(); ++i) {
    const int high = name[i] == '%' && i + 2 < name.size() ? hex_value(name[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(name[i + 2]) : -1;
    if (low >= 0) {
      text += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      text += name[i];
    }
  }
  return text;
}

bool is_null_folder(std::string_view name) {
  return name == kNullFolder || name == "__HIVE_DEFAULT_PARTITION__" ||
         name == "__DEFAULT_PARTITION__";
}

std::string short_hash(std::string_view text) { return fmt::format("{:08x}", fnv(text) >> 32); }

}  // namespace weir
