#include "expr/decimal.h"

#include <random>

#include "expr_tester.h"

using namespace weir;

TEST_CASE("precision and scale of DECIMAL results") {
  const auto d = [](const std::string& op) { return type_of("CAST(1 AS DECIMAL(10, 2)) " + op); };
  CHECK(d("+ CAST(1 AS DECIMAL(5, 3))") == "DECIMAL(12, 3)");
  CHECK(d("- CAST(1 AS DECIMAL(20, 0))") == "DECIMAL(23, 2)");
  CHECK(d("* CAST(1 AS DECIMAL(5, 3))") == "DECIMAL(16, 5)");
  CHECK(d("/ CAST(1 AS DECIMAL(5, 3))") == "DECIMAL(19, 8)");
  CHECK(d("% CAST(1 AS DECIMAL(5, 3))") == "DECIMAL(5, 3)");
  CHECK(d("+ 1") == "DECIMAL(13, 2)");
  CHECK(d("* 2147483648") == "DECIMAL(30, 2)");
  CHECK(d("* 1e0") == "DOUBLE");
  // Beyond 38 digits the scale gives way, but not below 6.
  CHECK(type_of("CAST(1 AS DECIMAL(38, 10)) * CAST(1 AS DECIMAL(38, 10))") == "DECIMAL(38, 6)");
  CHECK(type_of("CAST(1 AS DECIMAL(38, 4)) + CAST(1 AS DECIMAL(38, 4))") == "DECIMAL(38, 4)");
}

TEST_CASE("DECIMAL arithmetic is exact") {
  CHECK(value_of("0.1 + 0.2 = 0.3") == "TRUE");
  CHECK(value_of("1.25 * 3.5") == "4.375");
  CHECK(value_of("10.00 / 3") == "3.3333333333333");
  CHECK(value_of("CAST(10 AS DECIMAL(10, 2)) / CAST(3 AS DECIMAL(5, 1))") == "3.33333333");
  CHECK(value_of("CAST(20 AS DECIMAL(10, 2)) / CAST(3 AS DECIMAL(5, 1))") == "6.66666667");
  CHECK(value_of("-7.5 % 2") == "-1.5");
  CHECK(value_of("-(1.50)") == "-1.50");
  Table t;
  t.add("a", "DECIMAL(10, 2)", {"1.25", "NULL", "-99999999.99"});
  t.add("b", "DECIMAL(6, 4)", {"0.5", "2", "0.0001"});
  CHECK(t.eval("a + b") == Texts{"1.7500", "NULL", "-99999999.9899"});
  CHECK(t.eval("a - b") == Texts{"0.7500", "NULL", "-99999999.9901"});
  CHECK(t.eval("a * b") == Texts{"0.625000", "NULL", "-9999.999999"});
  CHECK(t.eval("-a") == Texts{"-1.25", "NULL", "99999999.99"});
  CHECK(t.eval("a / 0") == Texts{"! division by zero", "NULL", "! division by zero"});
  CHECK(t.eval("a > 1") == Texts{"TRUE", "NULL", "FALSE"});
  CHECK(t.eval("a = 1.250") == Texts{"TRUE", "NULL", "FALSE"});
}

TEST_CASE("a DECIMAL result that does not fit is NULL") {
  Table t;
  const std::string big(38, '9');
  t.add("a", "DECIMAL(38, 0)", {big, "1"});
  CHECK(t.eval("a + a") == Texts{"NULL", "2"});
  CHECK(t.eval("a * a") == Texts{"NULL", "1"});
  CHECK(t.eval("a - a") == Texts{"0", "0"});
  CHECK(t.eval("a / a") == Texts{"1.000000", "1.000000"});
  CHECK(t.eval("a % 7") ==
        Texts{std::to_string(static_cast<long long>((power_of_ten(38) - 1) % 7)), "1"});
}

TEST_CASE("256-bit intermediate results") {
  const Int128 big = power_of_ten(38) - 1;
  CHECK(*multiply_decimals(big, 38, big, 38, 38, 38) == power_of_ten(38) - 2);
  CHECK_FALSE(multiply_decimals(big, 0, big, 0, 0, 38).has_value());
  CHECK(*divide_decimals(big, 0, big, 0, 6, 38) == 1'000'000);
  CHECK(*divide_decimals(1, 38, big, 0, 38, 38) == 0);
  CHECK(*divide_decimals(2, 0, 3, 0, 37, 38) == power_of_ten(37) * 2 / 3 + 1);
  CHECK_FALSE(divide_decimals(big, 0, 1, 38, 0, 38).has_value());
  CHECK(*modulo_decimals(big, 0, 7, 38, 38, 38) == 0 + [&] {
    // big * 10^38 mod 7, by powers.
    Int128 r = big % 7;
    for (int i = 0; i < 38; ++i) r = r * 10 % 7;
    return r;
  }());
}

TEST_CASE("products and quotients agree with a division in steps") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const auto a = static_cast<int64_t>(random() >> (random() % 60));
    const auto b = static_cast<int64_t>(random() >> (random() % 60)) + 1;
    if (a < 0 || b < 1) continue;
    CHECK(*multiply_decimals(a, 0, b, 0, 0, 38) == static_cast<Int128>(a) * b);
    // a / b to 10 digits, half up: the remainder decides.
    const Int128 scaled = static_cast<Int128>(a) * power_of_ten(10);
    const Int128 wanted = scaled / b + (scaled % b * 2 >= b ? 1 : 0);
    CHECK(*divide_decimals(a, 0, b, 0, 10, 38) == wanted);
    CHECK(*divide_decimals(-a, 0, b, 0, 10, 38) == -wanted);
  }
}

TEST_CASE("rounding is half up by magnitude") {
  CHECK(*rescale_decimal(125, 2, 1, 38) == 13);
  CHECK(*rescale_decimal(-125, 2, 1, 38) == -13);
  CHECK(*rescale_decimal(124, 2, 1, 38) == 12);
  CHECK_FALSE(rescale_decimal(999, 0, 1, 3).has_value());
  CHECK_FALSE(rescale_decimal(9995, 3, 2, 3).has_value());
}

TEST_CASE("decimal texts") {
  bool fits = false;
  CHECK(*parse_decimal("-12.345", 2, 10, fits) == -1235);
  CHECK(*parse_decimal("1e3", 0, 10, fits) == 1000);
  CHECK(*parse_decimal("125e-2", 1, 10, fits) == 13);
  CHECK(*parse_decimal(".5", 1, 2, fits) == 5);
  CHECK(*parse_decimal("0.00000000000000000000000000000000000000000001", 2, 10, fits) == 0);
  CHECK(*parse_decimal("1e-999999999999", 2, 10, fits) == 0);
  CHECK_FALSE(parse_decimal("1e99", 0, 38, fits).has_value());
  CHECK_FALSE(fits);
  for (const auto* wrong : {"", "-", ".", "1.2.3", "1e", "e5", "abc", "1 2", "--1"}) {
    CHECK_FALSE(parse_decimal(wrong, 2, 10, fits).has_value());
  }
  CHECK(decimal_to_double(125, 2) == 1.25);
  CHECK(decimal_to_double(power_of_ten(38) - 1, 38) == 1.0);
  CHECK(*decimal_from_double(0.1, 2, 5) == 10);
  CHECK_FALSE(decimal_from_double(1e30, 0, 10).has_value());
}
