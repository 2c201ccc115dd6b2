// What type a column of sample texts has.
//
// Texts that would lose something as a number stay STRING: 007 and +49 are labels, and an integer beyond
// 64 bits is an identifier, not a measurement.
#include <algorithm>

#include "formats/field_parser.h"

namespace weir {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_label(std::string_view text) {
  if (text[0] == '+') return true;
  if (text[0] == '-') text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && is_digit(text[1]);
}

bool is_truth_word(std::string_view text) {
  for (const std::string_view word : {"true", "false", "TRUE", "FALSE", "True", "False"}) {
    if (text == word) return true;
  }
  return false;
}

bool is_bigint(std::string_view text) {
  int64_t value;
  return !is_label(text) && parse_int64(text, value);
}

bool is_double(std::string_view text) {
  double value;
  if (is_label(text) || !parse_double(text, value)) return false;
  if (!std::all_of(text.begin() + (text[0] == '-'), text.end(), is_digit)) return true;
  return is_bigint(text);
}

bool is_number_word(std::string_view text) { return !is_digit(text.back()) && text.back() != '.'; }

// Digits after the last point of a time text; 0 without a fraction.
int fraction_digits(std::string_view text) {
  const size_t point = text.rfind('.');
  if (point == std::string_view::npos) return 0;
  size_t end = point + 1;
  while (end < text.size() && is_digit(text[end])) ++end;
  return static_cast<int>(end - point - 1);
}

uint8_t time_precision(const std::vector<std::string>& texts) {
  int digits = 0;
  for (const auto& text : texts) digits = std::max(digits, fraction_digits(text));
  return digits > 6 ? 9 : 6;
}

}  // namespace

GuessedType guess_type(const std::vector<std::string>& all_texts) {
  std::vector<std::string> texts;
  for (const auto& text : all_texts)
    if (!text.empty()) texts.push_back(text);
  if (texts.empty()) return {Type::string(), {}};
  const auto all = [&texts](auto&& test) { return std::all_of(texts.begin(), texts.end(), test); };

  if (all(is_truth_word)) return {Type::boolean(), {}};
  if (all(is_bigint)) return {Type::bigint(), {}};
  // A column of nothing but "nan" and "inf" is more likely one of words.
  if (all(is_double) && !all(is_number_word)) return {Type::float64(), {}};
  if (all([](const std::string& t) { return parse_date(t).has_value(); }))
    return {Type::date(), {}};
  // parse_timestamp also reads bare dates: a mix of both is a column of timestamps.
  if (all([](const std::string& t) { return parse_timestamp(t).has_value(); }))
    return {Type::timestamp(time_precision(texts)), {}};
  const auto with_zone = [](const std::string& t) {
    return !parse_timestamp(t) && parse_instant(t, *utc()).has_value();
  };
  if (all(with_zone)) return {Type::timestamp_ltz(time_precision(texts)), {}};

  const std::string format = guess_time_format(texts.data(), texts.data() + texts.size());
  if (format.empty() || epoch_unit(format)) return {Type::string(), {}};
  const auto parser = make_time_parser(format, *utc(), 0);
  if (!parser) return {Type::string(), {}};
  return {(*parser)->has_zone() ? Type::timestamp_ltz() : Type::timestamp(), format};
}

}  // namespace weir
