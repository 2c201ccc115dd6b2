#include "data/text.h"

#include <catch2/catch.hpp>
#include <limits>

#include "base/arena.h"
#include "data/civil.h"
#include "data/value.h"

namespace weir {
namespace {

std::string text_of(const Value& value, const TextStyle& style = {}) {
  return text_at(*constant_column(value, 3), 2, style);
}
Value number(Type type, Int128 n) {
  Value v;
  v.type = std::move(type);
  v.is_null = false;
  v.number = n;
  return v;
}
std::string of_double(double d) {
  std::string out;
  append_double(out, d);
  return out;
}
std::string of_float(float f) {
  std::string out;
  append_float(out, f);
  return out;
}

TEST_CASE("integers") {
  for (const int64_t v :
       {int64_t{0}, int64_t{7}, int64_t{-7}, int64_t{10}, int64_t{99}, int64_t{100}, int64_t{12345},
        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    std::string out;
    append_integer(out, v);
    CHECK(out == std::to_string(v));
  }
  CHECK(text_of(number(Type{TypeId::kTinyInt}, -128)) == "-128");
  CHECK(text_of(number(Type{TypeId::kSmallInt}, 32767)) == "32767");
  CHECK(text_of(Value::boolean(true)) == "TRUE");
  CHECK(text_of(Value::boolean(false)) == "FALSE");
}

TEST_CASE("doubles as Java prints them") {
  CHECK(of_double(0) == "0.0");
  CHECK(of_double(-0.0) == "-0.0");
  CHECK(of_double(3) == "3.0");
  CHECK(of_double(-1.5) == "-1.5");
  CHECK(of_double(123456.789) == "123456.789");
  CHECK(of_double(9999999) == "9999999.0");
  CHECK(of_double(9999999.5) == "9999999.5");
  CHECK(of_double(1e7) == "1.0E7");
  CHECK(of_double(1e10) == "1.0E10");
  CHECK(of_double(12345678.9) == "1.23456789E7");
  CHECK(of_double(0.001) == "0.001");
  CHECK(of_double(0.00123) == "0.00123");
  CHECK(of_double(0.1) == "0.1");
  CHECK(of_double(0.000999) == "9.99E-4");
  CHECK(of_double(1e-5) == "1.0E-5");
  CHECK(of_double(1e300) == "1.0E300");
  CHECK(of_double(5e-324) == "5.0E-324");
  CHECK(of_double(std::numeric_limits<double>::max()) == "1.7976931348623157E308");
  CHECK(of_double(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(of_double(-std::numeric_limits<double>::infinity()) == "-Infinity");
  CHECK(of_double(100.25) == "100.25");
  CHECK(of_float(0.1F) == "0.1");
  CHECK(of_float(0.001F) == "0.001");
  CHECK(of_float(16777216.0F) == "1.6777216E7");
}

TEST_CASE("doubles in JSON are valid numbers") {
  const auto json = [](double d) {
    std::string out;
    append_json_double(out, d);
    return out;
  };
  CHECK(json(3) == "3.0");
  CHECK(json(-0.5) == "-0.5");
  CHECK(json(1e300) == "1e+300");
  CHECK(json(0.1) == "0.1");
}

TEST_CASE("decimals show all their scale") {
  const auto decimal = [](Int128 v, int scale) {
    std::string out;
    append_decimal(out, v, scale);
    return out;
  };
  CHECK(decimal(0, 0) == "0");
  CHECK(decimal(0, 2) == "0.00");
  CHECK(decimal(5, 2) == "0.05");
  CHECK(decimal(-5, 2) == "-0.05");
  CHECK(decimal(12345, 2) == "123.45");
  CHECK(decimal(-100, 2) == "-1.00");
  const Int128 big =
      static_cast<Int128>(1'000'000'000'000'000'000) * 1'000'000'000'000'000'000 * 10;
  CHECK(decimal(big, 0) == "1" + std::string(37, '0'));
  CHECK(decimal(-big - 7, 37) == "-1." + std::string(36, '0') + "7");
  CHECK(text_of(number(Type::decimal(10, 2), 12345)) == "123.45");
}

TEST_CASE("times with exactly their digits") {
  const int64_t t = *parse_timestamp("2021-09-24 12:34:56.1");
  CHECK(text_of(number(Type::date(), -1)) == "1969-12-31");
  CHECK(text_of(number(Type::time(0), 45'296'789)) == "12:34:56");
  CHECK(text_of(number(Type::time(3), 45'296'789)) == "12:34:56.789");
  CHECK(text_of(number(Type::timestamp(0), t)) == "2021-09-24 12:34:56");
  CHECK(text_of(number(Type::timestamp(3), t)) == "2021-09-24 12:34:56.100");
  CHECK(text_of(number(Type::timestamp(6), t)) == "2021-09-24 12:34:56.100000");
  CHECK(text_of(number(Type::timestamp(9), t * 1000 + 5)) == "2021-09-24 12:34:56.100000005");
  CHECK(text_of(number(Type::timestamp(9), -1)) == "1969-12-31 23:59:59.999999999");
  CHECK(text_of(number(Type::timestamp_ltz(3), t)) == "2021-09-24 12:34:56.100");
  CHECK(text_of(number(Type::timestamp_ltz(3), t), {.timezone = "Europe/Berlin"}) ==
        "2021-09-24 14:34:56.100");
}

TEST_CASE("intervals") {
  CHECK(text_of(number(Type{TypeId::kIntervalMonths}, 12)) == "+1-00");
  CHECK(text_of(number(Type{TypeId::kIntervalMonths}, -14)) == "-1-02");
  CHECK(text_of(number(Type{TypeId::kIntervalMillis}, 3000)) == "+0 00:00:03.000");
  CHECK(text_of(number(Type{TypeId::kIntervalMillis}, -90'061'001)) == "-1 01:01:01.001");
}

TEST_CASE("nested values") {
  Value list;
  list.type = Type::array(Type::integer());
  list.is_null = false;
  list.items = {Value::integer(1), Value::null(Type::integer())};
  CHECK(text_of(list) == "[1, NULL]");
  CHECK(text_of(list, {.null_text = "null"}) == "[1, null]");

  Value map;
  map.type = Type::map(Type::string(), Type::integer());
  map.is_null = false;
  map.items = {Value::string("k"), Value::integer(1), Value::string("l"),
               Value::null(Type::integer())};
  CHECK(text_of(map) == "{k=1, l=NULL}");

  Value row;
  row.type = Type::row({{"a", Type::integer()}, {"b", Type::string()}});
  row.is_null = false;
  row.items = {Value::integer(1), Value::string("abc")};
  CHECK(text_of(row) == "(1, abc)");

  list.items.clear();
  CHECK(text_of(list) == "[]");
}

}  // namespace
}  // namespace weir
