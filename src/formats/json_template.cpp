#include "formats/json_template.h"

#include <algorithm>
#include <cstring>

#include "formats/json_structure.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir {
namespace {

// Finds the end of a string's text that begins at `p`. Gives the place of the closing quote, or
// nullptr: no quote before `end`, or a control character.
const char* string_end(const char* p, const char* end, bool& escaped, bool& beyond_ascii) {
  while (p < end) {
#if defined(__SSE2__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(special));
    const auto high = static_cast<unsigned>(_mm_movemask_epi8(bytes));
    if (found == 0) {
      beyond_ascii |= high != 0;
      p += 16;
      continue;
    }
    const auto clean = static_cast<unsigned>(__builtin_ctz(found));
    beyond_ascii |= (high & ((1U << clean) - 1)) != 0;
    p += clean;
#else
    while (p < end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20)
      beyond_ascii |= static_cast<unsigned char>(*p++) >= 0x80;
#endif
    if (p >= end) return nullptr;
    if (*p == '"') return p;
    if (*p != '\\' || end - p < 2 || static_cast<unsigned char>(p[1]) < 0x20) return nullptr;
    escaped = true;
    beyond_ascii |= static_cast<unsigned char>(p[1]) >= 0x80;
    p += 2;
  }
  return nullptr;
}

bool starts_with(const char* p, const char* end, std::string_view word) {
  return static_cast<size_t>(end - p) >= word.size() &&
         std::memcmp(p, word.data(), word.size()) == 0;
}

}  // namespace

JsonTemplate::JsonTemplate(std::string_view line, const std::vector<Place>& places,
                           const std::vector<JsonSlot>& slots) {
  std::vector<bool> present(slots.size());
  size_t done = 0;
  for (const Place& place : places) {
    Part part;
    set_text(part, line.substr(done, place.begin - done));
    done = place.end;
    part.slot = place.slot;
    if (place.slot >= 0) {
      const auto slot = static_cast<size_t>(place.slot);
      present[slot] = true;
      switch (slots[slot].reader.type().id) {
        case TypeId::kString: part.kind = Kind::kString; break;
        case TypeId::kBigInt: part.kind = Kind::kBigInt; break;
        case TypeId::kDouble: part.kind = Kind::kDouble; break;
        default: part.kind = Kind::kOther;
      }
    }
    parts_.push_back(part);
  }
  std::string_view rest = line.substr(done);
  while (!rest.empty() && json::Walk::is_space(rest.back())) rest.remove_suffix(1);
  set_text(last_, rest);
  for (size_t i = 0; i < slots.size(); ++i)
    if (!present[i]) missing_.push_back(i);
}

void JsonTemplate::set_text(Part& part, std::string_view text) {
  part.offset = static_cast<uint32_t>(texts_.size());
  part.size = static_cast<uint32_t>(text.size());
  texts_ += text;
  for (size_t i = 0; i < 2; ++i) {
    const size_t from = std::min(text.size(), 8 * i);
    const size_t n = std::min(text.size() - from, size_t{8});
    std::memcpy(&part.words[i], text.data() + from, n);
    std::memset(&part.masks[i], 0xFF, n);
  }
}

bool JsonTemplate::fits(const Part& part, const char* p, const char* end) const {
  uint64_t words[2];
  std::memcpy(words, p, sizeof(words));
  if ((((words[0] ^ part.words[0]) & part.masks[0]) |
       ((words[1] ^ part.words[1]) & part.masks[1])) != 0)
    return false;
  if (static_cast<size_t>(end - p) < part.size) return false;
  return part.size <= 16 ||
         std::memcmp(p + 16, texts_.data() + part.offset + 16, part.size - 16) == 0;
}

bool JsonTemplate::take_string(const Part& part, std::string_view raw, bool escaped,
                               std::vector<JsonSlot>& slots, Batch& batch) {
  std::string_view value = raw;
  if (escaped) {
    Arena& arena = batch.arena();
    char* bytes = arena.allocate(raw.size());
    const size_t size = json::unescape(raw, bytes);
    const bool keep = size != json::kBadEscape && part.slot >= 0;
    arena.give_back(keep ? raw.size() - size : raw.size());
    if (size == json::kBadEscape) return false;
    value = {bytes, size};
  }
  if (part.kind == Kind::kNone) return true;
  JsonSlot& slot = slots[static_cast<size_t>(part.slot)];
  if (part.kind == Kind::kString) {
    slot.column->push(StringRef(value));
    return true;
  }
  return slot.reader.append_time_text(value, *slot.column);
}

bool JsonTemplate::take_number(const Part& part, std::string_view text, const json::Number& number,
                               std::vector<JsonSlot>& slots) {
  if (part.kind == Kind::kNone) return true;
  JsonSlot& slot = slots[static_cast<size_t>(part.slot)];
  Column& column = *slot.column;
  constexpr uint64_t kExactInDouble = uint64_t{1} << 53;
  if (part.kind == Kind::kBigInt && number.integral && number.exact &&
      number.mantissa <= INT64_MAX) {
    const auto value = static_cast<int64_t>(number.mantissa);
    column.push(number.negative ? -value : value);
    return true;
  }
  if (part.kind == Kind::kDouble && number.integral && number.exact &&
      number.mantissa <= kExactInDouble) {
    const auto value = static_cast<double>(number.mantissa);
    column.push(number.negative ? -value : value);
    return true;
  }
  if (part.kind == Kind::kString) {
    column.push(StringRef(text));
    return true;
  }
  return slot.reader.append_number(text, number, column);
}

bool JsonTemplate::read_values(const char*& p, const char* end, std::vector<JsonSlot>& slots,
                               Batch& batch) {
  for (const Part& part : parts_) {
    if (!fits(part, p, end)) return false;
    p += part.size;
    if (p >= end) return false;
    const char c = *p;
    const char* begin = p;
    if (c == '"') {
      bool escaped = false;
      const char* close = string_end(p + 1, end, escaped, beyond_ascii_);
      if (close == nullptr) return false;
      p = close + 1;
      const std::string_view raw(begin + 1, static_cast<size_t>(close - begin - 1));
      if (!take_string(part, raw, escaped, slots, batch)) return false;
      continue;
    }
    if (c == '-' || json::is_digit(c)) {
      json::Number number;
      p = json::scan_number(p, end, number);
      if (p == nullptr) return false;
      if (!take_number(part, {begin, static_cast<size_t>(p - begin)}, number, slots)) return false;
      continue;
    }
    if (starts_with(p, end, "null")) {
      p += 4;
      if (part.slot >= 0) slots[static_cast<size_t>(part.slot)].column->push_null();
      continue;
    }
    const bool is_true = starts_with(p, end, "true");
    if (!is_true && !starts_with(p, end, "false")) return false;
    p += is_true ? 4 : 5;
    if (part.slot < 0) continue;
    JsonSlot& slot = slots[static_cast<size_t>(part.slot)];
    if (part.kind == Kind::kString) {
      slot.column->push(StringRef(begin, static_cast<size_t>(p - begin)));
    } else if (slot.reader.type().id == TypeId::kBoolean) {
      slot.column->push(static_cast<uint8_t>(is_true));
    } else {
      return false;
    }
  }
  return true;
}

bool JsonTemplate::read(std::string_view line, std::vector<JsonSlot>& slots, Batch& batch) {
  const char* p = line.data();
  const char* end = p + line.size();
  beyond_ascii_ = false;
  bool good = read_values(p, end, slots, batch) && fits(last_, p, end);
  if (good) {
    p += last_.size;
    while (p < end && json::Walk::is_space(*p)) ++p;
    good = p == end && (!beyond_ascii_ || valid_utf8(line.data(), line.size()));
  }
  if (good) {
    for (const size_t i : missing_) slots[i].column->push_null();
    return true;
  }
  for (JsonSlot& slot : slots) repair(*slot.column, batch.rows);
  return false;
}

}  // namespace weir
