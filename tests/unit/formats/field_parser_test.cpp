#include "formats/field_parser.h"

#include <cmath>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include "data/text.h"

using namespace weir;

namespace {

// The value as text, "error" when the text is not one.
std::string parsed(const Type& type, const std::string& text, const std::string& format = "",
                   const TimeZone* zone = utc()) {
  auto parser = FieldParser::make(type, format, zone, 0);
  if (!parser) return "no parser: " + parser.error().message;
  Column column(type);
  if (!parser->append(text, column)) {
    CHECK(column.size() == 0);
    return "error";
  }
  REQUIRE(column.size() == 1);
  return text_at(column, 0);
}

std::string decimal(const std::string& text, int precision, int scale) {
  return parsed(Type::decimal(precision, scale), text);
}

}  // namespace

TEST_CASE("integers are a sign and digits, nothing else") {
  CHECK(parsed(Type::bigint(), "0") == "0");
  CHECK(parsed(Type::bigint(), "-12") == "-12");
  CHECK(parsed(Type::bigint(), "+12") == "12");
  CHECK(parsed(Type::bigint(), "12345678") == "12345678");
  CHECK(parsed(Type::bigint(), "123456789") == "123456789");
  CHECK(parsed(Type::bigint(), "000000000000000000000000012") == "12");
  CHECK(parsed(Type::bigint(), "9223372036854775807") == "9223372036854775807");
  CHECK(parsed(Type::bigint(), "-9223372036854775808") == "-9223372036854775808");
  for (const char* bad : {"",
                          "-",
                          "+",
                          " 1",
                          "1 ",
                          "1.0",
                          "1e3",
                          "0x1",
                          "12x",
                          "--1",
                          "+-1",
                          "1234567x",
                          "123456789x",
                          "9223372036854775808",
                          "-9223372036854775809",
                          "18446744073709551616",
                          "99999999999999999999",
                          "1_000",
                          "\xD9\xA1",
                          "/",
                          ":"}) {
    INFO(bad);
    CHECK(parsed(Type::bigint(), bad) == "error");
  }
}

TEST_CASE("narrow integers refuse what does not fit") {
  CHECK(parsed(Type(TypeId::kTinyInt), "-128") == "-128");
  CHECK(parsed(Type(TypeId::kTinyInt), "128") == "error");
  CHECK(parsed(Type(TypeId::kSmallInt), "32767") == "32767");
  CHECK(parsed(Type(TypeId::kSmallInt), "-32769") == "error");
  CHECK(parsed(Type::integer(), "2147483647") == "2147483647");
  CHECK(parsed(Type::integer(), "2147483648") == "error");
}

TEST_CASE("doubles round correctly on every path") {
  double value = 0;
  for (const char* text : {"0",
                           "-0",
                           "1.5",
                           "-12.3",
                           "12.34567",
                           ".5",
                           "5.",
                           "0.1",
                           "99999.99",
                           "123456789.5",
                           "1234567890123456",
                           "0.000001",
                           "1e5",
                           "1E-5",
                           "+3.25",
                           "3.141592653589793",
                           "2.2250738585072014e-308",
                           "4.9e-324",
                           "1.7976931348623157e308",
                           "9007199254740993",
                           "0.3",
                           "123456789012345.6",
                           "00012.50",
                           "1e22",
                           "1e23"}) {
    INFO(text);
    REQUIRE(parse_double(text, value));
    CHECK(value == std::strtod(text, nullptr));
    CHECK(std::signbit(value) == (text[0] == '-'));
  }
  CHECK(parse_double("nan", value));
  CHECK(std::isnan(value));
  CHECK(parse_double("-inf", value));
  CHECK(value == -std::numeric_limits<double>::infinity());
  CHECK(parse_double("Infinity", value));
  for (const char* bad :
       {"",       "-",         ".",    "-.",  "1.2.3", "1..2",      "1,5",    "1e",
        "e5",     "0x10",      "--1",  "+-1", "1 ",    " 1",        "nan(1)", "1e400",
        "-1e400", "12345678x", "1.5f", "1-2", "...",   "1.234.5678"}) {
    INFO(bad);
    CHECK_FALSE(parse_double(bad, value));
  }
}

TEST_CASE("random decimals agree with strtod") {
  std::mt19937 random(7);
  double value = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = random() % 2 == 0 ? "-" : "";
    const size_t before = random() % 10;
    const size_t after = random() % 10;
    for (size_t k = 0; k < before; ++k) text += static_cast<char>('0' + random() % 10);
    if (random() % 4 != 0) {
      text += '.';
      for (size_t k = 0; k < after; ++k) text += static_cast<char>('0' + random() % 10);
    }
    const bool has_digit = text.find_first_of("0123456789") != std::string::npos;
    REQUIRE(parse_double(text, value) == has_digit);
    if (has_digit && value != std::strtod(text.c_str(), nullptr)) FAIL(text);
  }
}

TEST_CASE("floats are rounded once") {
  CHECK(parsed(Type(TypeId::kFloat), "0.1") == "0.1");
  float value = 0;
  REQUIRE(
      parse_float("1.00000017881393432617187499", value));  // just below the middle of two floats
  CHECK(value == 1.00000011920928955078125F);
  CHECK_FALSE(parse_float("1e39", value));
  CHECK(parse_float("inf", value));
}

TEST_CASE("decimals keep every digit and round half away from zero") {
  CHECK(decimal("12.345", 10, 2) == "12.35");
  CHECK(decimal("-12.345", 10, 2) == "-12.35");
  CHECK(decimal("12.344999", 10, 2) == "12.34");
  CHECK(decimal("0.005", 3, 2) == "0.01");
  CHECK(decimal("0.0005", 3, 2) == "0.00");
  CHECK(decimal("7", 10, 2) == "7.00");
  CHECK(decimal("1.5e3", 10, 2) == "1500.00");
  CHECK(decimal("15e-1", 10, 2) == "1.50");
  CHECK(decimal("99999999999999999999999999999999999999", 38, 0) ==
        "99999999999999999999999999999999999999");
  CHECK(decimal("999.99", 5, 2) == "999.99");
  CHECK(decimal("999.995", 5, 2) == "error");
  CHECK(decimal("1000", 5, 2) == "error");
  CHECK(decimal("100000000000000000000000000000000000000", 38, 0) == "error");
  CHECK(decimal("0e999999", 5, 2) == "0.00");
  for (const char* bad : {"", ".", "-", "1.2.3", "1e", "12x", "nan", "1e9999999999999999999"}) {
    INFO(bad);
    CHECK(decimal(bad, 10, 2) == "error");
  }
}

TEST_CASE("booleans") {
  for (const char* yes : {"true", "TRUE", "True", "t", "T", "yes", "1"})
    CHECK(parsed(Type::boolean(), yes) == "TRUE");
  for (const char* no : {"false", "f", "F", "no", "NO", "0"})
    CHECK(parsed(Type::boolean(), no) == "FALSE");
  for (const char* bad : {"", "2", "on", "tru", "truee"})
    CHECK(parsed(Type::boolean(), bad) == "error");
}

TEST_CASE("times of each type") {
  CHECK(parsed(Type::date(), "2024-02-29") == "2024-02-29");
  CHECK(parsed(Type::date(), "2023-02-29") == "error");
  CHECK(parsed(Type::time(3), "23:45:01.250") == "23:45:01.250");
  CHECK(parsed(Type::timestamp(3), "2021-09-27 12:34:56.123999") == "2021-09-27 12:34:56.123");
  CHECK(parsed(Type::timestamp(3), "1960-01-01 00:00:00.0001") == "1960-01-01 00:00:00.000");
  CHECK(parsed(Type::timestamp(9), "2021-09-27T12:34:56.123456789") ==
        "2021-09-27 12:34:56.123456789");
  CHECK(parsed(Type::timestamp(9), "2300-01-01 00:00:00") == "error");
  CHECK(parsed(Type::timestamp(3), "2021-09-27 12:34:56Z") == "error");
  CHECK(parsed(Type::timestamp_ltz(3), "2021-09-27T12:34:56.5+02:00") == "2021-09-27 10:34:56.500");
  CHECK(parsed(Type::timestamp(3), "10/Oct/2000:13:55:36 -0700", "clf") ==
        "2000-10-10 20:55:36.000");
  CHECK(parsed(Type::timestamp(3), "[10/Oct/2000:13:55:36 -0700]", "clf") ==
        "2000-10-10 20:55:36.000");
  CHECK(parsed(Type::timestamp(3), "1000000000.25", "epoch_s") == "2001-09-09 01:46:40.250");
  CHECK(parsed(Type::date(), "27.09.2021", "%d.%m.%Y") == "2021-09-27");
}

TEST_CASE("a text without a zone is a wall clock for TIMESTAMP and an instant for TIMESTAMP_LTZ") {
  const auto berlin = find_time_zone("Europe/Berlin");
  REQUIRE(berlin);
  CHECK(parsed(Type::timestamp(0), "2021-07-01 12:00:00", "%Y-%m-%d %H:%M:%S", *berlin) ==
        "2021-07-01 12:00:00");
  CHECK(parsed(Type::timestamp_ltz(0), "2021-07-01 12:00:00", "%Y-%m-%d %H:%M:%S", *berlin) ==
        "2021-07-01 10:00:00");
  CHECK(parsed(Type::timestamp_ltz(0), "2021-07-01 12:00:00", "", *berlin) ==
        "2021-07-01 10:00:00");
}

TEST_CASE("remembered minutes change nothing") {
  auto parser = FieldParser::make(Type::timestamp_ltz(6), "", utc(), 0);
  auto clf = FieldParser::make(Type::timestamp(3), "clf", utc(), 0);
  REQUIRE(parser);
  REQUIRE(clf);
  const auto expect = [](FieldParser& p, const Type& type, const std::string& text,
                         const std::string& value) {
    Column column(type);
    INFO(text);
    if (value == "error") {
      CHECK_FALSE(p.append(text, column));
    } else {
      REQUIRE(p.append(text, column));
      CHECK(text_at(column, 0) == value);
    }
  };
  const Type ltz = Type::timestamp_ltz(6);
  expect(*parser, ltz, "2021-09-27T12:34:56Z", "2021-09-27 12:34:56.000000");
  expect(*parser, ltz, "2021-09-27T12:34:01.25Z", "2021-09-27 12:34:01.250000");
  expect(*parser, ltz, "2021-09-27T12:34:01+01:00", "2021-09-27 11:34:01.000000");
  expect(*parser, ltz, "2021-09-27T12:34:02+01:00", "2021-09-27 11:34:02.000000");
  expect(*parser, ltz, "2021-09-27T12:34:02+01:0", "error");
  expect(*parser, ltz, "2021-09-27T12:34:7Z", "error");
  expect(*parser, ltz, "2021-09-27T12:34:5xZ", "error");
  expect(*parser, ltz, "2021-09-27T12:34:59.9999999Z", "2021-09-27 12:34:59.999999");
  const Type t3 = Type::timestamp(3);
  expect(*clf, t3, "10/Oct/2000:13:55:36 -0700", "2000-10-10 20:55:36.000");
  expect(*clf, t3, "10/Oct/2000:13:55:37 -0700", "2000-10-10 20:55:37.000");
  expect(*clf, t3, "10/Oct/2000:13:55:37 +0000", "2000-10-10 13:55:37.000");
  expect(*clf, t3, "10/Oct/2000:13:55:61 +0000", "error");
  expect(*clf, t3, "10/Oct/2000:13:55:3a +0000", "error");
  expect(*clf, t3, "10/Okt/2000:13:55:37 +0000", "error");
}

TEST_CASE("intervals and types that no text gives") {
  CHECK(parsed(Type(TypeId::kIntervalMonths), "+1-06") == "+1-06");
  CHECK(parsed(Type(TypeId::kIntervalMillis), "5m") ==
        parsed(Type(TypeId::kIntervalMillis), "+0 00:05:00.000"));
  CHECK(parsed(Type::array(Type::string()), "a").starts_with("no parser"));
  CHECK(parsed(Type::bigint(), "1", "clf").starts_with("no parser"));
  CHECK(parsed(Type::timestamp(3), "x", "%Q").starts_with("no parser"));
}

TEST_CASE("complaints name the type and show the text, cut and escaped") {
  auto parser = FieldParser::make(Type::bigint(), "", utc(), 0);
  CHECK(parser->complaint("12x") == "not a BIGINT: `12x`");
  CHECK(quote_for_message("a\nb\t\x1b[0m\x80") == "`a\\nb\\t\\x1b[0m\\x80`");
  CHECK(quote_for_message("Z\xC3\xBCrich") == "`Z\xC3\xBCrich`");
  CHECK(quote_for_message("\xC2\x9B") == "`\\xc2\\x9b`");
  CHECK(quote_for_message("\xE2\x80\xAE") == "`\\xe2\\x80\\xae`");
  CHECK(quote_for_message(std::string(100, 'a'), 10) == "`aaaaaaaaaa...`");
  CHECK(quote_for_message("aaaa\xC3\xBC", 5) == "`aaaa...`");
}

TEST_CASE("types are guessed as narrow as all texts allow") {
  const auto guess = [](const std::vector<std::string>& texts) {
    const GuessedType g = guess_type(texts);
    return g.type.to_string() + (g.format.empty() ? "" : " " + g.format);
  };
  CHECK(guess({}) == "STRING");
  CHECK(guess({"", ""}) == "STRING");
  CHECK(guess({"1", "", "-3"}) == "BIGINT");
  CHECK(guess({"1", "2.5"}) == "DOUBLE");
  CHECK(guess({"1", "nan"}) == "DOUBLE");
  CHECK(guess({"nan", "inf"}) == "STRING");
  CHECK(guess({"true", "FALSE"}) == "BOOLEAN");
  CHECK(guess({"0", "1"}) == "BIGINT");
  CHECK(guess({"yes", "no"}) == "STRING");
  CHECK(guess({"007", "012"}) == "STRING");
  CHECK(guess({"+49", "+1"}) == "STRING");
  CHECK(guess({"12345678901234567890"}) == "STRING");
  CHECK(guess({"0.5", "0"}) == "DOUBLE");
  CHECK(guess({"1", "x"}) == "STRING");
  CHECK(guess({"2024-01-01"}) == "DATE");
  CHECK(guess({"2024-01-01", "2024-01-01 10:00:00"}) == "TIMESTAMP(6)");
  CHECK(guess({"2024-01-01 10:00:00.123456789"}) == "TIMESTAMP(9)");
  CHECK(guess({"2024-01-01T10:00:00Z", "2024-01-01T10:00:00+02:00"}) == "TIMESTAMP_LTZ(6)");
  CHECK(guess({"10/Oct/2000:13:55:36 -0700"}) == "TIMESTAMP_LTZ(6) clf");
}
