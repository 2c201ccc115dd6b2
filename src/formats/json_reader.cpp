#include "formats/json_reader.h"
#include "base/spelling.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

namespace weir {
namespace {

using json::Number;
using json::Walk;

constexpr size_t kMaxGuesses = 1024;
constexpr size_t kMaxGuessBytes = 256;

constexpr int64_t kIntegerPowers[] = {1,
                                      10,
                                      100,
                                      1'000,
                                      10'000,
                                      100'000,
                                      1'000'000,
                                      10'000'000,
                                      100'000'000,
                                      1'000'000'000,
                                      10'000'000'000,
                                      100'000'000'000,
                                      1'000'000'000'000,
                                      10'000'000'000'000,
                                      100'000'000'000'000,
                                      1'000'000'000'000'000,
                                      10'000'000'000'000'000,
                                      100'000'000'000'000'000,
                                      1'000'000'000'000'000'000};

template <class T>
bool push_integer(const Number& number, Column& column) {
  Number n = number;
  if (!n.exact) return false;
  // A number such as 1e3 or 5.0 is an integer too, if it is one exactly.
  if (n.mantissa == 0) n.exponent = 0;
  for (; n.exponent < 0; ++n.exponent) {
    if (n.mantissa % 10 != 0) return false;
    n.mantissa /= 10;
  }
  for (; n.exponent > 0; --n.exponent)
    if (__builtin_mul_overflow(n.mantissa, uint64_t{10}, &n.mantissa)) return false;
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<T>::max());
  if (n.mantissa > kMax + (n.negative ? 1 : 0)) return false;
  const uint64_t bits = n.negative ? 0 - n.mantissa : n.mantissa;
  column.push(static_cast<T>(static_cast<int64_t>(bits)));
  return true;
}

template <class T>
bool push_real(std::string_view text, const Number& number, Column& column) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too small to tell from zero is zero; too large is no number of this type.
    const auto digits = static_cast<int64_t>(text.size());
    if (number.exponent > -digits) return false;
    value = number.negative ? -T{0} : T{0};
  }
  column.push(value);
  return true;
}

// Exact for the numbers that data is made of; see Clinger, "How to Read Floating Point Numbers
// Accurately" (1990): both factors are exact in a double, so one operation rounds once.
bool push_double(std::string_view text, const Number& number, Column& column) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (!number.exact || number.mantissa > (uint64_t{1} << 53) || number.exponent > 22 ||
      number.exponent < -22) {
    return push_real<double>(text, number, column);
  }
  auto value = static_cast<double>(number.mantissa);
  value =
      number.exponent < 0 ? value / kPowers[-number.exponent] : value * kPowers[number.exponent];
  column.push(number.negative ? -value : value);
  return true;
}

bool push_decimal(std::string_view text, const Number& number, const Type& type, Column& column) {
  Int128 value = 0;
  if (number.exact && number.exponent <= 0 && -number.exponent <= type.scale &&
      type.precision < 19) {
    value = number.mantissa;
    const Int128 limit = kIntegerPowers[type.precision];
    if (value >= limit) return false;
    value *= kIntegerPowers[type.scale + number.exponent];
    if (value >= limit) return false;
    column.push(number.negative ? -value : value);
    return true;
  }
  if (text.find_first_of("eE") == std::string_view::npos) {
    if (!parse_decimal(text, type.precision, type.scale, value)) return false;
    column.push(value);
    return true;
  }
  // Written with an exponent: the same digits without one.
  const size_t mark = text.find_first_of("eE");
  std::string digits;
  for (const char c : text.substr(0, mark))
    if (json::is_digit(c)) digits += c;
  if (number.exponent > 80 || number.exponent < -400) return false;
  if (number.exponent >= 0) {
    digits.append(static_cast<size_t>(number.exponent), '0');
  } else {
    const auto fraction = static_cast<size_t>(-number.exponent);
    if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
    digits.insert(digits.size() - fraction, 1, '.');
  }
  if (number.negative) digits.insert(0, 1, '-');
  if (!parse_decimal(digits, type.precision, type.scale, value)) return false;
  column.push(value);
  return true;
}

bool is_word_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b;
  });
}

// Drops a row from the nested parts of a column whose reading stopped half-way.
void repair_children(Column& column) {
  if (column.type().id == TypeId::kRow) {
    for (auto& child : column.children()) repair(*child, column.size());
  } else if (column.type().id == TypeId::kArray) {
    repair(column.child(0), column.child(0).size());
  } else if (column.type().id == TypeId::kMap) {
    const size_t entries = std::min(column.child(0).size(), column.child(1).size());
    repair(column.child(0), entries);
    repair(column.child(1), entries);
  }
}

}  // namespace

void repair(Column& column, size_t rows) {
  if (!column.type().is_nested()) {
    if (column.size() > rows) column.resize(rows);
    return;
  }
  if (column.size() > rows) column.resize(rows);
  repair_children(column);
}

bool json_string_value(const Walk& walk, std::string_view raw, Batch& batch,
                       std::string_view& out) {
  out = raw;
  if (!walk.escaped(raw)) return true;
  Arena& arena = batch.arena();
  char* bytes = arena.allocate(raw.size());
  const size_t size = json::unescape(raw, bytes);
  arena.give_back(raw.size() - (size == json::kBadEscape ? 0 : size));
  out = {bytes, size};
  return size != json::kBadEscape;
}

void JsonKeys::add(std::string_view key, int number) {
  known_.try_emplace(std::string(key), number);
}

int JsonKeys::find_slowly(size_t position, std::string_view key) {
  const int number = number_of(key);
  if (position >= kMaxGuesses || key.size() > kMaxGuessBytes) return number;
  if (position >= guesses_.size()) guesses_.resize(position + 1);
  Guess& guess = guesses_[position];
  guess.text = key;
  guess.number = number;
  for (size_t i = 0; i < 2; ++i) {
    const size_t from = std::min(key.size(), 8 * i);
    const size_t n = std::min(key.size() - from, size_t{8});
    guess.words[i] = guess.masks[i] = 0;
    std::memcpy(&guess.words[i], key.data() + from, n);
    std::memset(&guess.masks[i], 0xFF, n);
  }
  return number;
}

Result<JsonReader> JsonReader::make(const Type& type, const std::string& format,
                                    const TimeZone* zone, int64_t reference_us) {
  JsonReader reader(type);
  if (type.is_nested()) {
    if (type.id == TypeId::kMap && type.map_key().is_nested())
      return fail(ErrorKind::kConfig, "the keys of a JSON object cannot be " +
                                          with_article(type.map_key().to_string()));
    if (type.id == TypeId::kMap) {
      auto keys = JsonReader::make(type.map_key(), {}, zone, reference_us);
      if (!keys) return fail(keys.error());
      reader.text_ = std::move(keys->text_);
    }
    const size_t first = type.id == TypeId::kMap ? 1 : 0;
    for (size_t i = first; type.fields && i < type.fields->size(); ++i) {
      const auto& field = (*type.fields)[i];
      // A time format speaks of the times inside: ARRAY<TIMESTAMP>.
      auto child = JsonReader::make(
          field.type, field.type.is_temporal() || field.type.is_nested() ? format : "", zone,
          reference_us);
      if (!child) return fail(child.error());
      if (type.id == TypeId::kRow) reader.keys_.add(field.name, static_cast<int>(i));
      reader.children_.push_back(std::move(*child));
    }
    return reader;
  }
  if (type.id == TypeId::kNull || type.is_string_like()) return reader;
  auto text = FieldParser::make(type, format, zone, reference_us);
  if (!text) return fail(text.error());
  reader.text_ = std::move(*text);
  if (type.is_timestamp()) {
    reader.epoch_ = epoch_unit(format);
    if (!reader.epoch_ && (format.empty() || format == "iso8601" || format == "rfc3339")) {
      auto parser = make_time_parser("auto", *zone, reference_us);
      if (!parser) return fail(parser.error());
      reader.auto_ = std::move(*parser);
    }
  }
  return reader;
}

const uint32_t* JsonReader::refuse(Walk& walk, const uint32_t* token) const {
  std::string_view text = walk.text(token);
  if (walk.at(token) == '{' || walk.at(token) == '[') {
    // The text of the whole value; the walk also finds out whether it is one.
    Walk check = walk;
    const uint32_t* behind = check.skip(token);
    if (behind == nullptr) return walk.fail(std::move(check.reason));
    text = {text.data(), static_cast<size_t>(walk.base + behind[-1] + 1 - text.data())};
  } else if (walk.at(token) != '"') {
    Walk check = walk;
    if (check.skip_scalar(token) == nullptr) return walk.fail(std::move(check.reason));
  }
  walk.field = "value";  // made the column's name by the caller
  walk.reason = "not " + with_article(type_.to_string()) + ": " + quote_for_message(text);
  if (type_.id == TypeId::kTimestamp && walk.at(token) == '"' &&
      parse_instant(walk.string(token), *utc()).has_value()) {
    walk.reason += " (it names its zone: declare the column as TIMESTAMP_LTZ)";
  }
  return nullptr;
}

bool JsonReader::append_epoch(std::string_view text, const Number& number, Column& column) {
  int64_t us = 0;
  if (auto_) {
    const auto parsed = auto_->parse(text);
    if (!parsed) return false;
    us = *parsed;
    if (type_.in_nanos() && __builtin_mul_overflow(us, int64_t{1000}, &us)) return false;
  } else {
    // In units of 10^-9 s first when the column keeps them, so that epoch_ns loses nothing.
    if (!number.exact || number.exponent > 18 || number.exponent < -18) return false;
    Int128 value = number.negative ? -Int128{number.mantissa} : Int128{number.mantissa};
    const int64_t finer = type_.in_nanos() ? 1000 : 1;
    value *= epoch_->multiply;
    value *= finer;
    Int128 divisor = epoch_->divide;
    for (int64_t e = number.exponent; e > 0; --e)
      if (__builtin_mul_overflow(value, Int128{10}, &value)) return false;
    for (int64_t e = number.exponent; e < 0; ++e) divisor *= 10;
    Int128 quotient = value / divisor;
    if (value % divisor < 0) --quotient;
    if (quotient > INT64_MAX || quotient < INT64_MIN) return false;
    us = static_cast<int64_t>(quotient);
  }
  int64_t unit = 1;
  for (int p = type_.precision; p < (type_.in_nanos() ? 9 : 6); ++p) unit *= 10;
  column.push(floor_div(us, unit) * unit);
  return true;
}

bool JsonReader::append_number(std::string_view text, const Number& number, Column& column) {
  switch (type_.id) {
    case TypeId::kTinyInt: return push_integer<int8_t>(number, column);
    case TypeId::kSmallInt: return push_integer<int16_t>(number, column);
    case TypeId::kInt: return push_integer<int32_t>(number, column);
    case TypeId::kBigInt: return push_integer<int64_t>(number, column);
    case TypeId::kFloat: return push_real<float>(text, number, column);
    case TypeId::kDouble: return push_double(text, number, column);
    case TypeId::kDecimal: return push_decimal(text, number, type_, column);
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
      if (epoch_ || auto_) return append_epoch(text, number, column);
      [[fallthrough]];
    default:
      return text_ && !type_.is_nested() && type_.id != TypeId::kBoolean &&
             text_->append(text, column);
  }
}

const uint32_t* JsonReader::read_number(Walk& walk, const uint32_t* token, Column& column) {
  const std::string_view text = walk.text(token);
  Number number;
  if (json::scan_number(text.data(), text.data() + text.size(), number) !=
      text.data() + text.size())
    return walk.invalid(token, "a value");
  if (!append_number(text, number, column)) return refuse(walk, token);
  return token + 1;
}

const uint32_t* JsonReader::read_raw(Walk& walk, const uint32_t* token, Column& column) {
  const uint32_t* behind = walk.skip(token);
  if (behind == nullptr) return nullptr;
  // A nested value ends with its closing bracket, the token before `behind`.
  const char* begin = walk.base + *token;
  const char c = *begin;
  const char* end =
      c == '{' || c == '[' ? walk.base + behind[-1] + 1 : begin + walk.text(token).size();
  column.push(StringRef(begin, static_cast<size_t>(end - begin)));
  return behind;
}

const uint32_t* JsonReader::read_string(Walk& walk, const uint32_t* token, Column& column,
                                        Batch& batch) {
  std::string_view value;
  if (!json_string_value(walk, walk.string(token), batch, value))
    return walk.fail("invalid JSON: a wrong escape in " +
                     quote_for_message(walk.string(token), 40));
  if (type_.id == TypeId::kString) {
    column.push(StringRef(value));
    return token + 1;
  }
  if (type_.id == TypeId::kBytes) {
    char* bytes = batch.arena().allocate(value.size());
    const size_t size = json::decode_base64(value, bytes);
    if (size == json::kBadEscape) return refuse(walk, token);
    batch.arena().give_back(value.size() - size);
    column.push(StringRef(bytes, size));
    return token + 1;
  }
  if (type_.is_nested() || !text_) return refuse(walk, token);
  if (type_.id == TypeId::kBoolean) {
    const bool is_true = is_word_ignoring_case(value, "true");
    if (!is_true && !is_word_ignoring_case(value, "false")) return refuse(walk, token);
    column.push(static_cast<uint8_t>(is_true));
    return token + 1;
  }
  if (type_.is_approximate() && (value == "Infinity" || value == "-Infinity"))
    value = value[0] == '-' ? "-inf" : "inf";
  if (!text_->append(value, column)) return refuse(walk, token);
  return token + 1;
}

const uint32_t* JsonReader::read(Walk& walk, const uint32_t* token, Column& column, Batch& batch) {
  const char c = walk.at(token);
  if (c == '"') return read_string(walk, token, column, batch);
  if (c == 'n' && walk.text(token) == "null") {
    column.push_null();
    return token + 1;
  }
  if (type_.id == TypeId::kString) return read_raw(walk, token, column);
  if (c == '-' || json::is_digit(c)) return read_number(walk, token, column);
  if (c == '{') {
    if (type_.id == TypeId::kRow) return read_row(walk, token, column, batch);
    if (type_.id == TypeId::kMap) return read_map(walk, token, column, batch);
    return refuse(walk, token);
  }
  if (c == '[')
    return type_.id == TypeId::kArray ? read_array(walk, token, column, batch)
                                      : refuse(walk, token);
  if (type_.id == TypeId::kBoolean) {
    const std::string_view word = walk.text(token);
    if (word == "true" || word == "false") {
      column.push(static_cast<uint8_t>(word == "true"));
      return token + 1;
    }
  }
  if (c == '\0' && *token >= walk.end) return walk.invalid(token, "a value");
  return refuse(walk, token);
}

const uint32_t* JsonReader::read_row(Walk& walk, const uint32_t* token, Column& column,
                                     Batch& batch) {
  const size_t row = column.size();
  token = json::walk_object(
      walk, token, [&](size_t position, std::string_view raw, const uint32_t* value) {
        std::string scratch;
        std::string_view key;
        if (!json::key_text(walk, raw, scratch, key))
          return walk.fail("invalid JSON: a wrong escape in " + quote_for_message(raw, 40));
        int number;
        if (key.data() == raw.data()) {
          number = keys_.find(position, key);
        } else {
          scratch.resize(key.size() + 16);  // find() looks at whole words
          number = keys_.find(position, {scratch.data(), key.size()});
        }
        if (number == JsonKeys::kUnknown) return walk.skip(value);
        const auto field = static_cast<size_t>(number);
        Column& child = column.child(field);
        if (child.size() > row) return walk.skip(value);  // the first of equal keys counts
        const uint32_t* behind = children_[field].read(walk, value, child, batch);
        if (behind == nullptr && !walk.field.empty())
          walk.field = walk.field.replace(0, 5, "value." + (*type_.fields)[field].name);
        return behind;
      });
  if (token == nullptr) return nullptr;
  for (const auto& child : column.children())
    if (child->size() == row) child->push_null();
  column.push_row();
  return token;
}

const uint32_t* JsonReader::read_array(Walk& walk, const uint32_t* token, Column& column,
                                       Batch& batch) {
  Column& child = column.child(0);
  const auto offset = static_cast<uint32_t>(child.size());
  token = json::walk_array(walk, token, [&](size_t index, const uint32_t* value) {
    const uint32_t* behind = children_[0].read(walk, value, child, batch);
    if (behind == nullptr && !walk.field.empty())
      walk.field = walk.field.replace(0, 5, "value[" + std::to_string(index + 1) + "]");
    return behind;
  });
  if (token == nullptr) return nullptr;
  column.push(ListRef{offset, static_cast<uint32_t>(child.size()) - offset});
  return token;
}

const uint32_t* JsonReader::read_map(Walk& walk, const uint32_t* token, Column& column,
                                     Batch& batch) {
  Column& keys = column.child(0);
  Column& values = column.child(1);
  const auto offset = static_cast<uint32_t>(keys.size());
  std::set<std::string_view> seen;
  token = json::walk_object(walk, token, [&](size_t, std::string_view raw, const uint32_t* value) {
    std::string_view key;
    if (!json_string_value(walk, raw, batch, key))
      return walk.fail("invalid JSON: a wrong escape in " + quote_for_message(raw, 40));
    if (!seen.insert(key).second) return walk.skip(value);
    if (!text_) {
      keys.push(StringRef(key));
    } else if (!text_->append(key, keys)) {
      walk.field = "value";
      return walk.fail("not " + with_article(type_.map_key().to_string()) + ": " +
                       quote_for_message(key));
    }
    const uint32_t* behind = children_[0].read(walk, value, values, batch);
    if (behind == nullptr && !walk.field.empty())
      walk.field = walk.field.replace(0, 5, "value[" + std::string(key) + "]");
    return behind;
  });
  if (token == nullptr) return nullptr;
  column.push(ListRef{offset, static_cast<uint32_t>(keys.size()) - offset});
  return token;
}

}  // namespace weir
