#include "formats/field_parser.h"

#include <algorithm>
#include <limits>

#include "base/spelling.h"
#include "base/units.h"

namespace weir {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;
constexpr int64_t kMillisPerDay = 86'400'000;

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b;
         });
}

bool parse_boolean(std::string_view text, bool& out) {
  for (const std::string_view yes : {"true", "t", "1", "yes"}) {
    if (equals_ignoring_case(text, yes)) return out = true;
  }
  for (const std::string_view no : {"false", "f", "0", "no"}) {
    if (equals_ignoring_case(text, no)) return out = false, true;
  }
  return false;
}

// "+1-06", "18": years and months, or months alone.
bool parse_months(std::string_view text, int64_t& out) {
  const size_t dash = text.find('-', 1);
  if (dash == std::string_view::npos) return parse_int64(text, out);
  int64_t years;
  int64_t months;
  if (!parse_int64(text.substr(0, dash), years) || !parse_int64(text.substr(dash + 1), months))
    return false;
  if (months < 0 || months > 11 || years > 1'000'000'000 || years < -1'000'000'000) return false;
  out = years * 12 + (text[0] == '-' ? -months : months);
  return true;
}

// "+0 00:00:03.000" as the engine writes it, or a duration such as "5m".
bool parse_interval_millis(std::string_view text, int64_t& out) {
  const size_t blank = text.find(' ');
  if (blank != std::string_view::npos && text.find(':') != std::string_view::npos) {
    int64_t days;
    const auto time = parse_time(text.substr(blank + 1));
    if (!time || !parse_int64(text.substr(0, blank), days)) return false;
    if (days > 100'000'000'000 || days < -100'000'000'000) return false;
    out = days * kMillisPerDay + (text[0] == '-' ? -*time : *time);
    return true;
  }
  const auto duration = parse_duration(text);
  if (!duration) return false;
  out = duration->us / kMicrosPerMilli;
  return true;
}

template <class T>
bool append_integer_text(std::string_view text, Column& column) {
  int64_t value;
  if (!parse_int64(text, value)) return false;
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return false;
  column.push(static_cast<T>(value));
  return true;
}

// Cuts a value to a type's fraction digits, towards the past.
int64_t cut_to_precision(int64_t value, int have_digits, int want_digits) {
  if (want_digits >= have_digits) return value;
  if (have_digits - want_digits == 3)
    return floor_div(value, 1000) * 1000;  // a division by a constant
  int64_t unit = 1;
  for (int i = want_digits; i < have_digits; ++i) unit *= 10;
  return floor_div(value, unit) * unit;
}

}  // namespace

Result<FieldParser> FieldParser::make(const Type& type, const std::string& format,
                                      const TimeZone* zone, int64_t reference_us) {
  if (type.is_nested() || type.id == TypeId::kNull)
    return fail(ErrorKind::kConfig, "a field's text cannot give " + with_article(type.to_string()),
                "declare it as STRING and take it apart with functions");
  FieldParser parser(type);
  parser.zone_ = zone;
  if (!type.is_temporal()) {
    if (!format.empty())
      return fail(ErrorKind::kConfig, "a time format does not fit the type " + type.to_string(),
                  "declare the column as TIMESTAMP, TIMESTAMP_LTZ, DATE or TIME");
    return parser;
  }
  if (format.empty()) {
    parser.form_ = TimeForm::kOwn;
    return parser;
  }
  // A text without a zone is a wall clock; only an instant needs to know whose.
  const TimeZone& text_zone = type.id == TypeId::kTimestampLtz ? *zone : *utc();
  auto time = make_time_parser(format, text_zone, reference_us);
  if (!time) return fail(time.error());
  parser.time_ = std::move(*time);
  const bool clf = format == "clf" || format == "%d/%b/%Y:%H:%M:%S %z";
  parser.form_ = clf ? TimeForm::kClf : TimeForm::kParser;
  return parser;
}

bool FieldParser::parse_micros(std::string_view text, int64_t& us, int& nanos) {
  nanos = 0;
  switch (form_) {
    case TimeForm::kClf:
      if (minutes_.parse_clf(text, us)) return true;
      [[fallthrough]];
    case TimeForm::kParser: {
      if (text == cached_text_ && !text.empty()) {
        us = cached_us_;
        return true;
      }
      const auto parsed = time_->parse(text);
      if (!parsed) return false;
      us = *parsed;
      cached_text_ = text;
      cached_us_ = us;
      return true;
    }
    default:
      return type_.id == TypeId::kTimestampLtz ? minutes_.parse_instant(text, *zone_, us, nanos)
                                               : minutes_.parse_timestamp(text, us, nanos);
  }
}

bool FieldParser::append_time_value(std::string_view text, Column& column) {
  if (form_ == TimeForm::kOwn && type_.id == TypeId::kDate) {
    const auto date = parse_date(text);
    if (date) column.push(*date);
    return date.has_value();
  }
  if (form_ == TimeForm::kOwn && type_.id == TypeId::kTime) {
    const auto time = parse_time(text);
    if (time) column.push(static_cast<int32_t>(cut_to_precision(*time, 3, type_.precision)));
    return time.has_value();
  }
  int64_t us;
  int nanos;
  if (!parse_micros(text, us, nanos)) return false;
  if (type_.id == TypeId::kDate) {
    column.push(static_cast<int32_t>(floor_div(us, kMicrosPerDay)));
  } else if (type_.id == TypeId::kTime) {
    const int64_t millis = floor_mod(us, kMicrosPerDay) / kMicrosPerMilli;
    column.push(static_cast<int32_t>(cut_to_precision(millis, 3, type_.precision)));
  } else if (type_.in_nanos()) {
    int64_t value;
    if (__builtin_mul_overflow(us, int64_t{1000}, &value) ||
        __builtin_add_overflow(value, int64_t{nanos}, &value)) {
      return false;
    }
    column.push(cut_to_precision(value, 9, type_.precision));
  } else {
    column.push(cut_to_precision(us, 6, type_.precision));
  }
  return true;
}

bool FieldParser::append(std::string_view text, Column& column) {
  switch (type_.id) {
    case TypeId::kString:
    case TypeId::kBytes: column.push(StringRef(text)); return true;
    case TypeId::kBoolean: {
      bool value;
      if (!parse_boolean(text, value)) return false;
      column.push(static_cast<uint8_t>(value));
      return true;
    }
    case TypeId::kTinyInt: return append_integer_text<int8_t>(text, column);
    case TypeId::kSmallInt: return append_integer_text<int16_t>(text, column);
    case TypeId::kInt: return append_integer_text<int32_t>(text, column);
    case TypeId::kBigInt: return append_integer_text<int64_t>(text, column);
    case TypeId::kFloat: {
      float value;
      if (!parse_float(text, value)) return false;
      column.push(value);
      return true;
    }
    case TypeId::kDouble: {
      double value;
      if (!parse_double(text, value)) return false;
      column.push(value);
      return true;
    }
    case TypeId::kDecimal: {
      Int128 value;
      if (!parse_decimal(text, type_.precision, type_.scale, value)) return false;
      column.push(value);
      return true;
    }
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return append_time_value(text, column);
    case TypeId::kIntervalMonths: {
      int64_t value;
      if (!parse_months(text, value)) return false;
      column.push(value);
      return true;
    }
    case TypeId::kIntervalMillis: {
      int64_t value;
      if (!parse_interval_millis(text, value)) return false;
      column.push(value);
      return true;
    }
    default: return false;
  }
}

std::string FieldParser::complaint(std::string_view text) const {
  return "not " + with_article(type_.to_string()) + ": " + quote_for_message(text);
}

}  // namespace weir
