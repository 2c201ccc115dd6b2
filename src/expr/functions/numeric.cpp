// The numeric family: functions of DOUBLE here, the rest in numeric_*.cpp.
#include <cmath>
#include <iterator>
#include <numbers>

#include "expr/functions/numeric_families.h"

namespace weir {
namespace {

double power(EvalContext&, double x, double y) { return std::pow(x, y); }
double sqrt(EvalContext&, double x) { return std::sqrt(x); }
double exp(EvalContext&, double x) { return std::exp(x); }
double ln(EvalContext&, double x) { return std::log(x); }
double log10(EvalContext&, double x) { return std::log10(x); }
double log2(EvalContext&, double x) { return std::log2(x); }
double log_base(EvalContext&, double base, double x) { return std::log(x) / std::log(base); }

double sin(EvalContext&, double x) { return std::sin(x); }
double cos(EvalContext&, double x) { return std::cos(x); }
double tan(EvalContext&, double x) { return std::tan(x); }
double cot(EvalContext&, double x) { return 1.0 / std::tan(x); }
double sinh(EvalContext&, double x) { return std::sinh(x); }
double cosh(EvalContext&, double x) { return std::cosh(x); }
double tanh(EvalContext&, double x) { return std::tanh(x); }
double asin(EvalContext&, double x) { return std::asin(x); }
double acos(EvalContext&, double x) { return std::acos(x); }
double atan(EvalContext&, double x) { return std::atan(x); }
double atan2(EvalContext&, double y, double x) { return std::atan2(y, x); }
double degrees(EvalContext&, double x) { return x * (180.0 / std::numbers::pi); }
double radians(EvalContext&, double x) { return x * (std::numbers::pi / 180.0); }

double pi(EvalContext&) { return std::numbers::pi; }
double e(EvalContext&) { return std::numbers::e; }

}  // namespace

FunctionList numeric_functions() {
  FunctionList all = {
      scalar<power>("POWER", "POWER(x DOUBLE, y DOUBLE) -> DOUBLE", "Gives x to the power of y.",
                    "POWER(2, 10)", "1024.0"),
      scalar<sqrt>("SQRT", "SQRT(x DOUBLE) -> DOUBLE",
                   "Gives the square root; NaN for a negative x.", "SQRT(9)", "3.0"),
      scalar<exp>("EXP", "EXP(x DOUBLE) -> DOUBLE", "Gives e to the power of x.", "EXP(0)", "1.0"),
      scalar<ln>("LN", "LN(x DOUBLE) -> DOUBLE", "Gives the natural logarithm.", "LN(1)", "0.0"),
      scalar<log10>("LOG10", "LOG10(x DOUBLE) -> DOUBLE", "Gives the logarithm to base 10.",
                    "LOG10(1000)", "3.0"),
      scalar<log2>("LOG2", "LOG2(x DOUBLE) -> DOUBLE", "Gives the logarithm to base 2.", "LOG2(8)",
                   "3.0"),
      scalar<ln>("LOG", "LOG(x DOUBLE) -> DOUBLE", "Gives the natural logarithm.", "LOG(1)", "0.0"),
      scalar<log_base>("LOG", "LOG(base DOUBLE, x DOUBLE) -> DOUBLE",
                       "Gives the logarithm of x to base.", "LOG(2, 8)", "3.0"),
      scalar<sin>("SIN", "SIN(x DOUBLE) -> DOUBLE", "Gives the sine of x in radians.", "SIN(0)",
                  "0.0"),
      scalar<cos>("COS", "COS(x DOUBLE) -> DOUBLE", "Gives the cosine of x in radians.", "COS(0)",
                  "1.0"),
      scalar<tan>("TAN", "TAN(x DOUBLE) -> DOUBLE", "Gives the tangent of x in radians.", "TAN(0)",
                  "0.0"),
      scalar<cot>("COT", "COT(x DOUBLE) -> DOUBLE", "Gives the cotangent of x in radians.",
                  "COT(0)", "Infinity"),
      scalar<sinh>("SINH", "SINH(x DOUBLE) -> DOUBLE", "Gives the hyperbolic sine.", "SINH(0)",
                   "0.0"),
      scalar<cosh>("COSH", "COSH(x DOUBLE) -> DOUBLE", "Gives the hyperbolic cosine.", "COSH(0)",
                   "1.0"),
      scalar<tanh>("TANH", "TANH(x DOUBLE) -> DOUBLE", "Gives the hyperbolic tangent.", "TANH(0)",
                   "0.0"),
      scalar<asin>("ASIN", "ASIN(x DOUBLE) -> DOUBLE", "Gives the arc sine in radians.", "ASIN(0)",
                   "0.0"),
      scalar<acos>("ACOS", "ACOS(x DOUBLE) -> DOUBLE", "Gives the arc cosine in radians.",
                   "ACOS(1)", "0.0"),
      scalar<atan>("ATAN", "ATAN(x DOUBLE) -> DOUBLE", "Gives the arc tangent in radians.",
                   "ATAN(0)", "0.0"),
      scalar<atan2>("ATAN2", "ATAN2(y DOUBLE, x DOUBLE) -> DOUBLE",
                    "Gives the angle of the point (x, y).", "ATAN2(0, 1)", "0.0"),
      scalar<degrees>("DEGREES", "DEGREES(x DOUBLE) -> DOUBLE", "Gives radians as degrees.",
                      "DEGREES(PI())", "180.0"),
      scalar<radians>("RADIANS", "RADIANS(x DOUBLE) -> DOUBLE", "Gives degrees as radians.",
                      "RADIANS(180)", "3.141592653589793"),
      scalar<pi>("PI", "PI() -> DOUBLE", "Gives the circle's constant.", "PI()",
                 "3.141592653589793"),
      scalar<e>("E", "E() -> DOUBLE", "Gives the base of natural logarithms.", "E()",
                "2.718281828459045"),
  };
  const auto add = [&all](FunctionList part) {
    all.insert(all.end(), std::make_move_iterator(part.begin()),
               std::make_move_iterator(part.end()));
  };
  add(numeric_round_functions());
  add(numeric_base_functions());
  add(numeric_random_functions());
  for (FunctionDescriptor& d : all) d.family = "numeric";
  return all;
}

}  // namespace weir
