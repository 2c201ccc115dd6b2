#include "expr/aggregates/real_sum.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <vector>

using namespace weir;

namespace {

double exact(const std::vector<double>& values) {
  LongReal all;
  for (const double v : values) all.add(v);
  return all.value();
}

}  // namespace

TEST_CASE("a long real gives back what was put in, and cancels exactly") {
  for (const double v :
       {1.0, -1.0, 0.1, 5e-324, -5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 3e-310}) {
    LongReal a;
    a.add(v);
    CHECK(a.value() == v);
    a.add(1e300);
    a.add(-v);
    a.add(-1e300);
    CHECK(a.value() == 0);
  }
  CHECK(exact({0.1, 1e16, 0.2, -1e16, 0.3}) ==
        0.6);  // what the three doubles add up to, rounded once
  CHECK(exact({1e308, 1e308, -1e308}) == 1e308);
  CHECK(exact({9007199254740992.0, 1.0}) == 9007199254740992.0);          // a tie, to even
  CHECK(exact({9007199254740992.0, 1.0, 5e-324}) == 9007199254740994.0);  // just above the tie
  CHECK(std::isnan(
      exact({std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()})));
}

TEST_CASE("a sum has the same bits in any order and however it is split") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 200; ++i) {
      const int scale =
          static_cast<int>(random() % (round % 2 == 0 ? 40u : 600u)) - (round % 2 == 0 ? 20 : 300);
      values.push_back(
          std::ldexp(static_cast<double>(static_cast<int64_t>(random() >> 12)), scale) *
          (random() % 2 == 0 ? 1 : -1));
      if (i % 7 == 0) values.push_back(-values.back());
    }
    const double expected = exact(values);
    for (int order = 0; order < 5; ++order) {
      std::shuffle(values.begin(), values.end(), random);
      std::vector<RealSum> parts(1 + random() % 4);
      for (const double v : values) parts[random() % parts.size()].add(v);
      RealSum total;
      for (const auto& p : parts) total.add(p);
      CHECK(total.value() == expected);
      const auto [hi, lo] = total.pair();
      CHECK(hi == expected);
      CHECK(std::fabs(lo) <= std::fabs(hi));
      SnapshotWriter writer;
      total.save(writer);
      SnapshotReader reader(writer.bytes());
      RealSum restored;
      restored.load(reader);
      CHECK(restored.value() == expected);
      restored.release();
      for (auto& p : parts) p.release();
      total.release();
    }
  }
}

TEST_CASE("infinities, NaN and overflow come out as IEEE has them") {
  RealSum s;
  s.add(1.7e308);
  s.add(1.7e308);
  CHECK(std::isinf(s.value()));
  s.add(-1.7e308);
  CHECK(s.value() == 1.7e308);
  s.add(-std::numeric_limits<double>::infinity());
  CHECK(s.value() == -std::numeric_limits<double>::infinity());
  s.add(std::numeric_limits<double>::quiet_NaN());
  CHECK(std::isnan(s.value()));
  s.release();
}
