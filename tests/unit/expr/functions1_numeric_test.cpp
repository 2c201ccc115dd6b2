#include <cmath>
#include <set>

#include "expr/functions/shortest_digits.h"
#include "functions1_call.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string numeric(std::string_view name, const std::vector<Value>& args) {
  static const FunctionList family = numeric_functions();
  return eval(family, name, args);
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("numeric functions: of DOUBLE") {
  CHECK(numeric("POWER", {number(2), number(10)}) == "1024.0");
  CHECK(numeric("POWER", {real(2), real(-1)}) == "0.5");
  CHECK(numeric("SQRT", {number(9)}) == "3.0");
  CHECK(numeric("SQRT", {real(-1)}) == "NaN");
  CHECK(numeric("EXP", {real(1)}) == "2.718281828459045");
  CHECK(numeric("LN", {real(0)}) == "-Infinity");
  CHECK(numeric("LOG10", {number(1000)}) == "3.0");
  CHECK(numeric("LOG2", {number(8)}) == "3.0");
  CHECK(numeric("LOG", {real(1)}) == "0.0");
  CHECK(numeric("LOG", {number(2), number(8)}) == "3.0");
  CHECK(numeric("SIN", {real(0)}) == "0.0");
  CHECK(numeric("COS", {real(0)}) == "1.0");
  CHECK(numeric("COT", {real(0)}) == "Infinity");
  CHECK(numeric("ATAN2", {number(0), number(1)}) == "0.0");
  CHECK(numeric("DEGREES", {real(3.141592653589793)}) == "180.0");
  CHECK(numeric("RADIANS", {number(180)}) == "3.141592653589793");
  CHECK(numeric("PI", {}) == "3.141592653589793");
  CHECK(numeric("E", {}) == "2.718281828459045");
  CHECK(numeric("SIN", {none(Type::float64())}) == "NULL");
  CHECK(numeric("SQRT", {decimal(900, 5, 2)}) == "3.0");
}

TEST_CASE("numeric functions: ABS and SIGN keep the type") {
  CHECK(numeric("ABS", {number(-3)}) == "3");
  CHECK(numeric("ABS", {decimal(-350, 5, 2)}) == "3.50");
  CHECK(numeric("ABS", {real(-2.5)}) == "2.5");
  CHECK(numeric("ABS", {typed(TypeId::kTinyInt, -128)}) == "error: ABS: TINYINT overflow");
  CHECK(numeric("ABS", {big(INT64_MIN)}) == "error: ABS: BIGINT overflow");
  CHECK(numeric("ABS", {big(INT64_MIN + 1)}) == "9223372036854775807");
  CHECK(numeric("ABS", {text("x")}) == "bind: ABS takes a number, not STRING");
  CHECK(numeric("ABS", {none(Type::integer())}) == "NULL");
  CHECK(numeric("SIGN", {number(-7)}) == "-1");
  CHECK(numeric("SIGN", {real(0.5)}) == "1.0");
  CHECK(numeric("SIGN", {decimal(-350, 5, 2)}) == "-1.00");
  CHECK(numeric("SIGN", {number(0)}) == "0");
}

TEST_CASE("numeric functions: CEIL and FLOOR") {
  CHECK(numeric("CEIL", {decimal(12, 2, 1)}) == "2");
  CHECK(numeric("CEIL", {decimal(-12, 2, 1)}) == "-1");
  CHECK(numeric("CEILING", {decimal(99, 2, 1)}) == "10");
  CHECK(numeric("CEIL", {decimal(10, 2, 1)}) == "1");
  CHECK(numeric("FLOOR", {decimal(-12, 2, 1)}) == "-2");
  CHECK(numeric("FLOOR", {decimal(-10, 2, 1)}) == "-1");
  CHECK(numeric("FLOOR", {decimal(12, 2, 1)}) == "1");
  CHECK(numeric("FLOOR", {real(-1.2)}) == "-2.0");
  CHECK(numeric("CEIL", {number(7)}) == "7");
  CHECK(numeric("FLOOR", {none(Type::decimal(5, 2))}) == "NULL");
  CHECK(numeric("FLOOR", {real(1), text("DAY")}) == "bind: FLOOR takes 1 argument, not 2");
}

TEST_CASE("numeric functions: ROUND") {
  CHECK(numeric("ROUND", {decimal(-125315, 6, 3), number(2)}) == "-125.32");
  CHECK(numeric("ROUND", {decimal(125315, 6, 3), number(2)}) == "125.32");
  CHECK(numeric("ROUND", {decimal(125314, 6, 3), number(2)}) == "125.31");
  CHECK(numeric("ROUND", {decimal(125315, 6, 3)}) == "125");
  CHECK(numeric("ROUND", {decimal(125315, 6, 3), number(5)}) == "125.315");
  CHECK(numeric("ROUND", {decimal(125315, 6, 3), number(-1)}) == "130");
  CHECK(numeric("ROUND", {decimal(125315, 6, 3), number(-2)}) == "100");
  CHECK(numeric("ROUND", {decimal(125315, 6, 3), number(-3)}) == "0");
  CHECK(numeric("ROUND", {decimal(999, 3, 2), number(1)}) == "10.0");
  CHECK(numeric("ROUND", {decimal(5, 1, 1), number(0)}) == "1");
  CHECK(numeric("ROUND", {decimal(-5, 1, 1), number(0)}) == "-1");
  CHECK(numeric("ROUND", {decimal(4, 1, 1), number(-40)}) == "0");
  CHECK(numeric("ROUND", {real(2.675), number(2)}) == "2.68");
  CHECK(numeric("ROUND", {real(1.005), number(2)}) == "1.01");
  CHECK(numeric("ROUND", {real(-0.5)}) == "-1.0");
  CHECK(numeric("ROUND", {real(-0.3)}) == "0.0");
  CHECK(numeric("ROUND", {real(0.5)}) == "1.0");
  CHECK(numeric("ROUND", {real(1e300), number(2)}) == "1.0E300");
  CHECK(numeric("ROUND", {real(123456.789), number(-3)}) == "123000.0");
  CHECK(numeric("ROUND", {real(kNan), number(2)}) == "NaN");
  CHECK(numeric("ROUND", {real(-kInfinity)}) == "-Infinity");
  CHECK(numeric("ROUND", {real(1.5e-300), number(400)}) == "1.5E-300");
  CHECK(numeric("ROUND", {number(15), number(-1)}) == "20");
  CHECK(numeric("ROUND", {number(-15), number(-1)}) == "-20");
  CHECK(numeric("ROUND", {number(14), number(1)}) == "14");
  CHECK(numeric("ROUND", {number(INT32_MAX), number(-1)}) == "error: ROUND: INT overflow");
  CHECK(numeric("ROUND", {number(5), number(-100)}) == "0");
  CHECK(numeric("ROUND", {number(5), none(Type::integer())}) == "NULL");
}

TEST_CASE("numeric functions: ROUND of a DECIMAL to computed places keeps its type") {
  const FunctionList family = numeric_functions();
  const Value x = decimal(125315, 6, 3);
  const Outcome out =
      run(family, "ROUND", {{x, number(2)}, {x, number(-2)}, {x, number(0)}, {x, number(9)}});
  REQUIRE(out.call->result == Type::decimal(6, 3));
  CHECK(shown(out, 0) == "125.320");
  CHECK(shown(out, 1) == "100.000");
  CHECK(shown(out, 2) == "125.000");
  CHECK(shown(out, 3) == "125.315");
  const Outcome full = run(family, "ROUND", {{decimal(9995, 4, 3), number(2)}});
  CHECK(shown(full, 0) == "NULL");  // 10.000 does not fit
}

TEST_CASE("rounding doubles agrees with rounding their digits") {
  uint64_t state = 12345;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto units = static_cast<int64_t>(state >> 40);
    const int scale = static_cast<int>(state >> 33 & 7);
    const double x = static_cast<double>(units % 2 == 0 ? units : -units) / std::pow(10, scale);
    for (const int places : {0, 1, 2, 3, -1}) {
      for (const bool half_up : {true, false}) {
        ShortestDigits d = shortest_digits(x);
        cut_digits(d, places, half_up);
        const double expected = digits_to_double(d);
        const double got = half_up ? round_double(x, places) : truncate_double(x, places);
        if (got != expected) {
          INFO(x << " to " << places << ": " << got << " instead of " << expected);
          REQUIRE(got == expected);
        }
      }
    }
  }
}

TEST_CASE("numeric functions: TRUNCATE") {
  CHECK(numeric("TRUNCATE", {decimal(42328, 5, 3), number(2)}) == "42.32");
  CHECK(numeric("TRUNCATE", {decimal(-42328, 5, 3), number(2)}) == "-42.32");
  CHECK(numeric("TRUNCATE", {decimal(42328, 5, 3)}) == "42");
  CHECK(numeric("TRUNCATE", {decimal(42328, 5, 3), number(-1)}) == "40");
  CHECK(numeric("TRUNCATE", {real(42.328), number(2)}) == "42.32");
  CHECK(numeric("TRUNCATE", {real(0.29), number(2)}) == "0.29");
  CHECK(numeric("TRUNCATE", {real(-2.9)}) == "-2.0");
  CHECK(numeric("TRUNCATE", {number(19), number(-1)}) == "10");
}

TEST_CASE("numeric functions: MOD") {
  CHECK(numeric("MOD", {number(-7), number(3)}) == "-1");
  CHECK(numeric("MOD", {number(7), number(-3)}) == "1");
  CHECK(numeric("MOD", {big(INT64_MIN), big(-1)}) == "0");
  CHECK(numeric("MOD", {number(7), number(0)}) == "error: division by zero");
  CHECK(numeric("MOD", {decimal(750, 4, 2), number(2)}) == "1.50");
  CHECK(numeric("MOD", {decimal(-750, 4, 2), decimal(20, 2, 1)}) == "-1.50");
  CHECK(numeric("MOD", {decimal(750, 4, 2), number(0)}) == "error: division by zero");
  CHECK(numeric("MOD", {real(7.5), number(2)}) == "1.5");
  CHECK(numeric("MOD", {real(7.5), number(0)}) == "NaN");
  CHECK(numeric("MOD", {none(Type::integer()), number(2)}) == "NULL");
  CHECK(run(numeric_functions(), "MOD", {{big(246), number(123)}}).call->result == Type::integer());
}

TEST_CASE("numeric functions: bases") {
  CHECK(numeric("BIN", {number(0)}) == "0");
  CHECK(numeric("BIN", {number(12)}) == "1100");
  CHECK(numeric("BIN", {big(-1)}) == std::string(64, '1'));
  CHECK(numeric("HEX", {number(100)}) == "64");
  CHECK(numeric("HEX", {big(-1)}) == "FFFFFFFFFFFFFFFF");
  CHECK(numeric("HEX", {number(0)}) == "0");
  CHECK(numeric("HEX", {text("hello,world")}) == "68656C6C6F2C776F726C64");
  CHECK(numeric("HEX", {bytes("\x0c\xfd")}) == "0CFD");
  CHECK(numeric("UNHEX", {text("7765")}) == "we");
  CHECK(numeric("UNHEX", {text("")}) == "");
  CHECK(numeric("UNHEX", {text("765")}) == std::string("\0e", 2));
  CHECK(numeric("UNHEX", {text("7g")}) == "NULL");
  CHECK(numeric("UNHEX", {text("g")}) == "NULL");
}

TEST_CASE("numeric functions: random values") {
  const FunctionList family = numeric_functions();
  const auto rand = bind_call(family, "RAND", {}, false);
  const auto other = bind_call(family, "RAND", {}, false);
  const auto dice = bind_call(family, "RAND_INTEGER", {number(6)}, true);
  const auto uuid = bind_call(family, "UUID", {}, false);
  REQUIRE((rand && other && dice && uuid));
  CHECK_FALSE(rand->deterministic);
  CHECK_FALSE(uuid->deterministic);

  Arena arena;
  Batch batch;
  EvalContext context;
  context.arena = &arena;
  context.seed = 42;
  context.batch = &batch;
  constexpr size_t kRows = 10'000;
  const ColumnPtr a = rand->kernel({}, kRows, context);
  const ColumnPtr b = other->kernel({}, kRows, context);
  double sum = 0;
  size_t equal = 0;
  for (size_t i = 0; i < kRows; ++i) {
    const double x = a->at<double>(i);
    REQUIRE((x >= 0 && x < 1));
    sum += x;
    equal += x == b->at<double>(i);
  }
  CHECK(sum / kRows == Approx(0.5).margin(0.02));
  CHECK(equal == 0);  // two calls in one row differ

  // The same rows cut elsewhere give the same values.
  batch.ordinals.append(std::vector<uint64_t>{5000, 5001}.data(), 2);
  const ColumnPtr again = rand->kernel({}, 2, context);
  CHECK(again->at<double>(0) == a->at<double>(5000));
  CHECK(again->at<double>(1) == a->at<double>(5001));
  batch.ordinals.clear();
  context.seed = 43;
  CHECK(rand->kernel({}, 1, context)->at<double>(0) != a->at<double>(0));

  const std::vector<ColumnPtr> six{constant_column(number(6), 1000)};
  std::set<int32_t> seen;
  const ColumnPtr throws = dice->kernel(six, 1000, context);
  for (size_t i = 0; i < 1000; ++i) seen.insert(throws->at<int32_t>(i));
  CHECK(seen == std::set<int32_t>{0, 1, 2, 3, 4, 5});

  const ColumnPtr ids = uuid->kernel({}, 1000, context);
  std::set<std::string> unique;
  for (size_t i = 0; i < 1000; ++i) {
    const std::string id(ids->at<StringRef>(i).view());
    REQUIRE(id.size() == 36);
    CHECK(id[14] == '4');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
    unique.insert(id);
  }
  CHECK(unique.size() == 1000);

  // Without a batch the values still change from call to call.
  context.batch = nullptr;
  CHECK(rand->kernel({}, 1, context)->at<double>(0) != rand->kernel({}, 1, context)->at<double>(0));
  CHECK(bind_call(family, "RAND_INTEGER", {number(0)}, true).error().message ==
        "RAND_INTEGER: the bound must be positive, not 0");
}
