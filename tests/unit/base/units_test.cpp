#include "base/units.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace weir;

namespace {
int64_t us(std::string_view text) {
  const auto r = parse_duration(text);
  INFO(text);
  REQUIRE(r.has_value());
  return r->us;
}
uint64_t bytes(std::string_view text) {
  const auto r = parse_byte_size(text);
  INFO(text);
  REQUIRE(r.has_value());
  return r->bytes;
}
}  // namespace

TEST_CASE("durations in all their spellings") {
  CHECK(us("250ms") == 250'000);
  CHECK(us("7us") == 7);
  CHECK(us("10s") == 10'000'000);
  CHECK(us("5m") == 300'000'000);
  CHECK(us("1h30m") == 5'400'000'000);
  CHECK(us("7d") == 604'800'000'000);
  CHECK(us("1w") == 604'800'000'000);
  CHECK(us("-5m") == -300'000'000);
  CHECK(us("0") == 0);
  CHECK(us("0s") == 0);
  CHECK(us("1.5h") == 5'400'000'000);
  CHECK(us("0.1s") == 100'000);
  CHECK(us("5 minutes") == 300'000'000);
  CHECK(us("1 day") == 86'400'000'000);
  CHECK(us("1 DAY 2 Hours") == 93'600'000'000);
  CHECK(us(" 10 s ") == 10'000'000);
}

TEST_CASE("what is no duration is refused") {
  for (const char* text :
       {"", "-", "10", "1.5", "ten", "10x", "5M", "10s5", "1month", "s", "1..5s", "10 s x"}) {
    INFO(text);
    const auto r = parse_duration(text);
    REQUIRE_FALSE(r.has_value());
    CHECK(r.error().kind == ErrorKind::kConfig);
    CHECK_FALSE(r.error().hint.empty());
  }
  CHECK(parse_duration("10").error().message == "`10` is a duration without a unit");
  CHECK_FALSE(parse_duration("99999999999999999999s").has_value());
  CHECK_FALSE(parse_duration("106751992d").has_value());
  CHECK(us("106751991d") == 106'751'991LL * 86'400'000'000LL);
}

TEST_CASE("sizes in all their spellings") {
  CHECK(bytes("4096") == 4096);
  CHECK(bytes("0") == 0);
  CHECK(bytes("64KB") == 65'536);
  CHECK(bytes("64k") == 65'536);
  CHECK(bytes("64 KiB") == 65'536);
  CHECK(bytes("10MiB") == 10'485'760);
  CHECK(bytes("1.5GB") == 1'610'612'736);
  CHECK(bytes("1T") == uint64_t{1} << 40);
  CHECK(bytes("12 bytes") == 12);
}

TEST_CASE("what is no size is refused") {
  for (const char* text :
       {"", "KB", "-1", "1XB", "1 K B", "99999999999999999999", "9999999PB", "ib", "5iib"}) {
    INFO(text);
    CHECK_FALSE(parse_byte_size(text).has_value());
  }
}

TEST_CASE("durations are written as they are read") {
  CHECK(format_duration({0}) == "0s");
  CHECK(format_duration({5'400'000'000}) == "1h30m");
  CHECK(format_duration({250'000}) == "250ms");
  CHECK(format_duration({-300'000'000}) == "-5m");
  for (const int64_t value :
       {int64_t{1}, int64_t{-1'234'567'890'123}, std::numeric_limits<int64_t>::max()})
    CHECK(us(format_duration({value})) == value);
  CHECK_FALSE(format_duration({std::numeric_limits<int64_t>::min()}).empty());
}

TEST_CASE("sizes and counts as people read them") {
  CHECK(format_byte_size(0) == "0 B");
  CHECK(format_byte_size(1023) == "1023 B");
  CHECK(format_byte_size(1024) == "1 KB");
  CHECK(format_byte_size(1536) == "1.5 KB");
  CHECK(format_byte_size(421'888) == "412 KB");
  CHECK(format_byte_size(1'048'575) == "1 MB");
  CHECK(format_byte_size(1'610'612'736) == "1.5 GB");
  CHECK(format_byte_size(std::numeric_limits<uint64_t>::max()) == "16384 PB");
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1000) == "1,000");
  CHECK(format_count(5'000'000) == "5,000,000");
}
