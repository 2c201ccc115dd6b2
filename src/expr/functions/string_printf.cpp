// PRINTF: Java's Formatter for the conversions that make sense for SQL values.
//
// %[argument$][flags][width][.precision]conversion with the conversions b B s S c C d o x X e E f g
// G % n and the flags - # + blank 0 , ( . A format that Java refuses gives NULL.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "data/text.h"
#include "expr/decimal.h"
#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/shortest_digits.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

struct Spec {
  int argument = 0;  // 1-based; 0: the next; -1: the last one again
  int width = -1;
  int precision = -1;
  char conversion = 's';  // lower case
  bool upper = false;
  bool left = false, alternate = false, plus = false, blank = false, zero = false, comma = false,
       parentheses = false;
};

bool set_flag(Spec& spec, char c) {
  bool* flag = nullptr;
  switch (c) {
    case '-': flag = &spec.left; break;
    case '#': flag = &spec.alternate; break;
    case '+': flag = &spec.plus; break;
    case ' ': flag = &spec.blank; break;
    case '0': flag = &spec.zero; break;
    case ',': flag = &spec.comma; break;
    case '(': flag = &spec.parentheses; break;
    default: return false;
  }
  *flag = true;
  return true;
}

std::optional<int> read_number(const char*& p, const char* end) {
  int value = 0;
  const auto [next, error] = std::from_chars(p, end, value);
  if (error != std::errc{} || value > 1'000'000) return std::nullopt;
  p = next;
  return value;
}

// Reads the specification behind a '%'; false when Java would throw.
bool read_spec(const char*& p, const char* end, Spec& spec) {
  if (p < end && *p == '<') {
    spec.argument = -1;
    ++p;
  } else if (p < end && *p >= '1' && *p <= '9') {
    const char* q = p;
    const auto number = read_number(q, end);
    if (!number) return false;
    if (q < end && *q == '$') {
      spec.argument = *number;
      p = q + 1;
    }
  }
  while (p < end && set_flag(spec, *p)) ++p;
  if (p < end && *p >= '1' && *p <= '9') {
    const auto number = read_number(p, end);
    if (!number) return false;
    spec.width = *number;
  }
  if (p < end && *p == '.') {
    ++p;
    if (p == end || *p < '0' || *p > '9') return false;
    const auto number = read_number(p, end);
    if (!number) return false;
    spec.precision = *number;
  }
  if (p == end) return false;
  const char c = *p++;
  spec.upper = c >= 'A' && c <= 'Z';
  spec.conversion = spec.upper ? static_cast<char>(c + 32) : c;
  if (spec.upper && std::string_view("bscxeg").find(spec.conversion) == std::string_view::npos)
    return false;
  if ((spec.left || spec.zero) && spec.width < 0) return false;
  if (spec.left && spec.zero) return false;
  return !(spec.plus && spec.blank);
}

void append_padded(std::string& out, std::string_view text, const Spec& spec) {
  const auto length = static_cast<int>(utf8_length(text.data(), text.size()));
  const auto missing = static_cast<size_t>(std::max(0, spec.width - length));
  if (!spec.left) out.append(missing, ' ');
  out += text;
  if (spec.left) out.append(missing, ' ');
}

void pad_text(std::string& out, std::string text, const Spec& spec) {
  if (spec.precision >= 0) {
    const char* end = text.data() + text.size();
    text.resize(static_cast<size_t>(
        utf8_advance(text.data(), end, static_cast<size_t>(spec.precision)) - text.data()));
  }
  if (spec.upper) {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  append_padded(out, text, spec);
}

// Sign, grouping and zeros around the digits of a number ("1234.50", no sign).
void pad_number(std::string& out, bool negative, std::string digits, const Spec& spec) {
  if (spec.comma) {
    const size_t whole = std::min(digits.find('.'), digits.size());
    for (size_t i = whole; i > 3; i -= 3) digits.insert(i - 3, ",");
  }
  std::string before;
  std::string after;
  if (negative) {
    before = spec.parentheses ? "(" : "-";
    if (spec.parentheses) after = ")";
  } else if (spec.plus) {
    before = "+";
  } else if (spec.blank) {
    before = " ";
  }
  if (spec.zero) {
    const int missing = spec.width - static_cast<int>(before.size() + digits.size() + after.size());
    digits.insert(0, static_cast<size_t>(std::max(0, missing)), '0');
  }
  if (spec.upper) {
    for (char& c : digits) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  append_padded(out, before + digits + after, spec);
}

std::optional<int64_t> integer_at(const Column& column, size_t i) {
  switch (column.type().id) {
    case TypeId::kTinyInt: return column.at<int8_t>(i);
    case TypeId::kSmallInt: return column.at<int16_t>(i);
    case TypeId::kInt: return column.at<int32_t>(i);
    case TypeId::kBigInt: return column.at<int64_t>(i);
    default: return std::nullopt;
  }
}

// Octal and hexadecimal show an integer's two's complement in its own width.
uint64_t unsigned_bits(const Column& column, int64_t value) {
  const size_t width = column.type().width();
  return static_cast<uint64_t>(value) &
         (width == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * width)) - 1);
}

bool print_integer(std::string& out, const Column& column, size_t i, const Spec& spec) {
  const auto value = integer_at(column, i);
  if (!value || spec.precision >= 0) return false;
  char buffer[32];
  if (spec.conversion == 'd') {
    if (spec.alternate) return false;
    const bool negative = *value < 0;
    const uint64_t size =
        negative ? uint64_t{0} - static_cast<uint64_t>(*value) : static_cast<uint64_t>(*value);
    const char* end = std::to_chars(buffer, buffer + sizeof(buffer), size).ptr;
    pad_number(out, negative, std::string(buffer, static_cast<size_t>(end - buffer)), spec);
    return true;
  }
  if (spec.comma || spec.plus || spec.blank || spec.parentheses) return false;
  const int base = spec.conversion == 'o' ? 8 : 16;
  const char* end =
      std::to_chars(buffer, buffer + sizeof(buffer), unsigned_bits(column, *value), base).ptr;
  std::string digits(buffer, static_cast<size_t>(end - buffer));
  if (spec.alternate) digits.insert(0, base == 8 ? "0" : "0x");
  pad_number(out, false, std::move(digits), spec);
  return true;
}

// The digits of a DECIMAL; exact.
ShortestDigits decimal_shortest(Int128 value, int scale) {
  ShortestDigits r;
  r.negative = value < 0;
  std::string text;
  append_decimal(text, r.negative ? -value : value, 0);
  r.point = static_cast<int>(text.size()) - scale;
  r.digits = std::move(text);
  const size_t first = std::min(r.digits.find_first_not_of('0'), r.digits.size());
  r.digits.erase(0, first);
  r.point -= static_cast<int>(first);
  while (!r.digits.empty() && r.digits.back() == '0') r.digits.pop_back();
  return r;
}

// d.ddde+XX with `precision` digits after the point.
std::string scientific(ShortestDigits number, int precision) {
  const bool zero = number.digits.empty();
  if (!zero) cut_digits(number, precision + 1 - number.point, true);
  const int exponent = zero ? 0 : number.point - 1;
  number.point = 1;
  return digits_to_fixed(number, precision) +
         fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
}

// %g of Java: `precision` significant digits, plain for 10^-4 <= x < 10^precision.
std::string general(ShortestDigits number, int precision) {
  precision = std::max(precision, 1);
  if (number.digits.empty()) return digits_to_fixed(number, precision - 1);
  ShortestDigits rounded = number;
  cut_digits(rounded, precision - rounded.point, true);
  if (rounded.point < -3 || rounded.point > precision) return scientific(number, precision - 1);
  return digits_to_fixed(rounded, precision - rounded.point);
}

bool print_real(std::string& out, const Column& column, size_t i, const Spec& spec) {
  ShortestDigits digits;
  if (column.type().id == TypeId::kDecimal) {
    digits = decimal_shortest(column.at<Int128>(i), column.type().scale);
  } else if (column.type().is_approximate()) {
    const bool single = column.type().id == TypeId::kFloat;
    const double x = single ? static_cast<double>(column.at<float>(i)) : column.at<double>(i);
    if (std::isnan(x)) {
      append_padded(out, "NaN", spec);
      return true;
    }
    if (std::isinf(x)) {
      Spec plain = spec;
      plain.zero = plain.comma = false;
      pad_number(out, x < 0, "Infinity", plain);
      return true;
    }
    digits = shortest_digits(x);
  } else {
    return false;
  }
  const int precision = spec.precision < 0 ? 6 : spec.precision;
  if (precision > 10'000) return false;
  std::string text;
  if (spec.conversion == 'f') {
    ShortestDigits cut = digits;
    cut_digits(cut, precision, true);
    text = digits_to_fixed(cut, precision);
  } else if (spec.conversion == 'e') {
    if (spec.comma) return false;
    text = scientific(digits, precision);
  } else {
    if (spec.alternate) return false;
    text = general(digits, precision);
  }
  if (spec.alternate && text.find('.') == std::string::npos) text += '.';
  pad_number(out, digits.negative, std::move(text), spec);
  return true;
}

bool print_character(std::string& out, const Column& column, size_t i, const Spec& spec) {
  if (spec.precision >= 0) return false;
  std::string text;
  if (const auto code = integer_at(column, i)) {
    if (*code < 0 || *code > 0x10FFFF) return false;
    char bytes[4];
    text.assign(bytes,
                static_cast<size_t>(utf8_encode(bytes, static_cast<char32_t>(*code)) - bytes));
  } else if (column.type().is_text()) {
    const StringRef s = column.at<StringRef>(i);
    if (utf8_length(s.ptr, s.len) != 1) return false;
    text = s.view();
  } else {
    return false;
  }
  pad_text(out, std::move(text), spec);
  return true;
}

// Prints one argument; false when the conversion does not take its type.
bool print_argument(std::string& out, const Column& column, size_t i, const Spec& spec) {
  const bool null = column.type().id == TypeId::kNull || column.is_null(i);
  switch (spec.conversion) {
    case 'b':
      // true for anything that is neither NULL nor FALSE
      pad_text(out,
               null || (column.type().id == TypeId::kBoolean && column.at<uint8_t>(i) == 0)
                   ? "false"
                   : "true",
               spec);
      return true;
    case 's':
      if (null)
        pad_text(out, "null", spec);
      else if (column.type().id == TypeId::kBoolean)
        pad_text(out, column.at<uint8_t>(i) != 0 ? "true" : "false", spec);
      else
        pad_text(out, text_at(column, i), spec);
      return true;
    case 'c':
    case 'd':
    case 'o':
    case 'x':
    case 'e':
    case 'f':
    case 'g':
      if (null) {
        Spec plain = spec;
        plain.precision = -1;
        pad_text(out, "null", plain);
        return true;
      }
      if (spec.conversion == 'c') return print_character(out, column, i, spec);
      if (std::string_view("dox").find(spec.conversion) != std::string_view::npos) {
        return print_integer(out, column, i, spec);
      }
      return print_real(out, column, i, spec);
    default: return false;
  }
}

// false: the format is wrong or does not fit the arguments.
bool print_row(std::string& out, std::string_view format, Columns args, size_t i) {
  const char* p = format.data();
  const char* const end = p + format.size();
  size_t next = 0;
  size_t last = args.size();  // none yet
  while (p < end) {
    if (*p != '%') {
      out += *p++;
      continue;
    }
    ++p;
    Spec spec;
    if (!read_spec(p, end, spec)) return false;
    if (spec.conversion == '%') {
      append_padded(out, "%", spec);
    } else if (spec.conversion == 'n') {
      out += '\n';
    } else {
      size_t which = last;
      if (spec.argument == 0)
        which = next++;
      else if (spec.argument > 0)
        which = static_cast<size_t>(spec.argument) - 1;
      if (which >= args.size() || !print_argument(out, *args[which], i, spec)) return false;
      last = which;
    }
    if (out.size() > kMaxTextBytes) return true;
  }
  return true;
}

ColumnPtr printf_rows(Columns args, size_t rows, EvalContext& context) {
  std::string out;
  return map_rows<StringRef, true>(
      Type::string(), args, rows, context, [&](size_t i) -> std::optional<StringRef> {
        if (args[0]->is_null(i)) return std::nullopt;
        out.clear();
        if (!print_row(out, args[0]->at<StringRef>(i).view(), args.subspan(1), i))
          return std::nullopt;
        if (too_long(context, out.size())) return std::nullopt;
        return copy_text(context, out);
      });
}

Result<BoundCall> bind_printf(std::span<const ExprPtr> args) {
  if (auto ok = check_count("PRINTF", args, 1, -1); !ok) return fail(ok.error());
  if (auto ok = check_type("PRINTF", args, 0, Type::string()); !ok) return fail(ok.error());
  std::vector<Type> types;
  // A bare NULL needs some type that has values.
  for (const ExprPtr& a : args)
    types.push_back(a->type().id == TypeId::kNull ? Type::string() : a->type());
  return BoundCall{std::move(types), Type::string(), printf_rows, true};
}

}  // namespace

FunctionList string_printf_functions() {
  FunctionDescriptor d;
  d.name = "PRINTF";
  d.signature = "PRINTF(format STRING[, x1 ANY, ...]) -> STRING";
  d.doc =
      "Formats its arguments as Java's Formatter does; NULL when the format is wrong or does not "
      "fit them.";
  d.example = "PRINTF('%s: %05d %.2f', 'a', 42, 2.675)";
  d.result = "a: 00042 2.68";
  d.bind = bind_printf;
  return {std::move(d)};
}

}  // namespace weir
