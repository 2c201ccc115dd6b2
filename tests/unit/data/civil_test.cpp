#include "data/civil.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

int64_t at(std::string_view text) {
  const auto t = parse_timestamp(text);
  REQUIRE(t.has_value());
  return *t;
}
std::string show(std::optional<int64_t> us, int precision = 0) {
  if (!us) return "none";
  std::string out;
  append_timestamp(out, *us, precision);
  return out;
}
const TimeZone& zone(std::string_view name) {
  const auto z = find_time_zone(name);
  REQUIRE(z.has_value());
  return **z;
}
std::string local(std::string_view zone_name, std::string_view instant) {
  return show(zone(zone_name).to_local(at(instant)));
}
std::string instant(std::string_view zone_name, std::string_view wall) {
  return show(zone(zone_name).to_instant(at(wall)));
}

TEST_CASE("days and dates are each other's inverse") {
  CHECK(days_from_civil(1970, 1, 1) == 0);
  CHECK(days_from_civil(1969, 12, 31) == -1);
  CHECK(days_from_civil(2000, 3, 1) == 11017);
  CHECK(days_from_civil(0, 1, 1) == -719528);
  CHECK(days_from_civil(9999, 12, 31) == 2932896);
  int64_t expected = days_from_civil(1896, 1, 1);
  for (int year = 1896; year <= 2104; ++year) {
    for (uint32_t month = 1; month <= 12; ++month) {
      for (uint32_t day = 1; day <= 31; ++day) {
        if (!valid_date(year, month, day)) continue;
        REQUIRE(days_from_civil(year, month, day) == expected);
        const CivilDate d = civil_from_days(expected);
        REQUIRE((d.year == year && d.month == month && d.day == day));
        ++expected;
      }
    }
  }
  const CivilDate before_zero = civil_from_days(days_from_civil(-5, 2, 28));
  CHECK(before_zero.year == -5);
  CHECK(before_zero.month == 2);
  CHECK(before_zero.day == 28);
}

TEST_CASE("leap years") {
  CHECK(valid_date(2000, 2, 29));
  CHECK(valid_date(2024, 2, 29));
  CHECK_FALSE(valid_date(1900, 2, 29));
  CHECK_FALSE(valid_date(2023, 2, 29));
  CHECK_FALSE(valid_date(2024, 2, 30));
  CHECK_FALSE(valid_date(2024, 13, 1));
  CHECK_FALSE(valid_date(2024, 0, 1));
  CHECK_FALSE(valid_date(2024, 1, 0));
}

TEST_CASE("dates") {
  CHECK(parse_date("1970-01-02") == 1);
  CHECK(parse_date("1969-12-31") == -1);
  CHECK(parse_date("2021-9-7") == parse_date("2021-09-07"));
  for (const auto* wrong :
       {"", "2021", "2021-09", "2021-02-30", "2021-09-31", "2021-13-01", "2021/09/07",
        "2021-09-07 ", " 2021-09-07", "12021-09-07", "-2021-09-07", "+2021-09-07", "2021-09-7x",
        "2021--9-07", "2021-009-07"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_date(wrong).has_value());
  }
}

TEST_CASE("a cast to DATE takes prefixes and ignores the time") {
  CHECK(parse_date_prefix("2021-09-27 12:34:56") == parse_date("2021-09-27"));
  CHECK(parse_date_prefix("2021-09-27T12:34:56") == parse_date("2021-09-27"));
  CHECK(parse_date_prefix("123") == parse_date("0123-01-01"));
  CHECK(parse_date_prefix("2021-9") == parse_date("2021-09-01"));
  CHECK_FALSE(parse_date_prefix("2021/09/27").has_value());
  CHECK_FALSE(parse_date_prefix("").has_value());
  CHECK_FALSE(parse_date_prefix("12345").has_value());
  CHECK_FALSE(parse_date_prefix("2021-02-30").has_value());
}

TEST_CASE("times of day") {
  CHECK(parse_time("23") == 23 * 3'600'000);
  CHECK(parse_time("23:45") == 85'500'000);
  CHECK(parse_time("23:45:01.25") == 85'501'250);
  CHECK(parse_time("00:00:00.000999") == 0);
  CHECK(parse_time("1:2:3") == 3'723'000);
  for (const auto* wrong :
       {"", "24", "23:60", "23:59:60", "23:45:01.", "12:00:00x", "2021-09-27", ":1", "123:00"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_time(wrong).has_value());
  }
  std::string out;
  append_time(out, 85'501'250, 0);
  append_time(out, 85'501'250, 3);
  append_time(out, 0, 1);
  CHECK(out == "23:45:0123:45:01.25000:00:00.0");
}

TEST_CASE("timestamps without a zone") {
  CHECK(parse_timestamp("1970-01-01 00:00:00") == 0);
  CHECK(parse_timestamp("1969-12-31T23:59:59.999999") == -1);
  CHECK(parse_timestamp("2021-09-27") == at("2021-09-27 00:00:00"));
  CHECK(parse_timestamp("2021-9-7 1:02") == at("2021-09-07 01:02:00"));
  CHECK(parse_timestamp("20210927T123456") == at("2021-09-27 12:34:56"));
  CHECK(parse_timestamp("2021-09-27 12:34:56,5") == at("2021-09-27 12:34:56.500"));
  CHECK(show(parse_timestamp("2016-12-31 23:59:60")) == "2017-01-01 00:00:00");
  CHECK(show(parse_timestamp("2016-12-31 23:59:60.5"), 3) == "2017-01-01 00:00:00.500");
  CHECK(show(parse_timestamp("0000-01-01 00:00:00")) == "0000-01-01 00:00:00");
  CHECK(show(parse_timestamp("9999-12-31 23:59:59.999999"), 6) == "9999-12-31 23:59:59.999999");
  for (const auto* wrong :
       {"", "2021-09-27 ", "2021-09-27 12", "2021-09-27 24:00:00", "2021-09-27 12:60:00",
        "2021-09-27 12:34:61", "2021-09-27 12:30:60", "2021-02-29 00:00:00", "2021-09-27 12:34:56.",
        "2021-09-27 12:34:56Z", "2021-09-27x12:34:56", "20210927", "1632745800",
        "9999-12-31 23:59:60", "10000-01-01 00:00:00", "-0001-01-01 00:00:00",
        "2021-09-27 12:34:5a", "2o21-09-27 12:34:56", "2021-09-27 12:34:56.12x"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_timestamp(wrong).has_value());
  }
}

TEST_CASE("fractions of one to nine digits, more are cut") {
  const std::string digits = "1234567891";
  for (size_t n = 1; n <= digits.size(); ++n) {
    CAPTURE(n);
    int nanos = -1;
    const auto t = parse_timestamp("1970-01-01 00:00:00." + digits.substr(0, n), &nanos);
    REQUIRE(t.has_value());
    std::string expected = digits.substr(0, std::min<size_t>(n, 9));
    expected.resize(9, '0');
    CHECK(*t * 1000 + nanos == std::stoll(expected));
  }
}

TEST_CASE("instants name their zone or take the given one") {
  const TimeZone& berlin = zone("Europe/Berlin");
  CHECK(parse_instant("2021-09-27T12:34:56Z", berlin) == at("2021-09-27 12:34:56"));
  CHECK(parse_instant("2021-09-27T12:34:56.5z", berlin) == at("2021-09-27 12:34:56.5"));
  CHECK(parse_instant("2021-09-27T12:34:56+02:00", *utc()) == at("2021-09-27 10:34:56"));
  CHECK(parse_instant("2021-09-27T12:34:56.123-0730", *utc()) == at("2021-09-27 20:04:56.123"));
  CHECK(parse_instant("2021-09-27 12:34:56 +02", *utc()) == at("2021-09-27 10:34:56"));
  CHECK(parse_instant("2021-09-27 12:34:56 UTC", berlin) == at("2021-09-27 12:34:56"));
  CHECK(parse_instant("20210927T123456Z", berlin) == at("2021-09-27 12:34:56"));
  CHECK(parse_instant("2021-09-27T12:34Z", berlin) == at("2021-09-27 12:34:00"));
  CHECK(parse_instant("2021-09-27T12:34:56", berlin) == at("2021-09-27 10:34:56"));
  CHECK(parse_instant("2021-12-27T12:34:56", berlin) == at("2021-12-27 11:34:56"));
  CHECK(parse_instant("2017-01-01T05:29:60+05:30", *utc()) == at("2017-01-01 00:00:00"));
  for (const auto* wrong :
       {"2021-09-27T12:34:56+2", "2021-09-27T12:34:56+19:00", "2021-09-27T12:34:56+02:0",
        "2021-09-27T12:34:56ZZ", "2021-09-27T12:34:56 ", "2021-09-27T12:34:56+02:60",
        "0000-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_instant(wrong, *utc()).has_value());
  }
}

TEST_CASE("common log format") {
  CHECK(parse_clf("10/Oct/2000:13:55:36 -0700") == at("2000-10-10 20:55:36"));
  CHECK(parse_clf("01/jan/1970:00:00:00 +0000") == 0);
  CHECK(parse_clf("31/Dec/2016:23:59:60 +0000") == at("2017-01-01 00:00:00"));
  const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (uint32_t m = 0; m < 12; ++m) {
    CHECK(parse_clf(std::string("07/") + months[m] + "/2021:00:00:00 +0000") ==
          days_from_civil(2021, m + 1, 7) * kMicrosPerDay);
  }
  for (const auto* wrong :
       {"", "10/Oct/2000:13:55:36", "30/Feb/2000:13:55:36 -0700", "10/Okt/2000:13:55:36 -0700",
        "10/Oct/2000:24:55:36 -0700", "10/Oct/2000:13:55:36 00700", "10/Oct/2000 13:55:36 -0700",
        "1x/Oct/2000:13:55:36 -0700", "10/Oct/2000:13:55:36 -07a0"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_clf(wrong).has_value());
  }
}

TEST_CASE("offsets are zones") {
  CHECK(zone("+02:00").to_local(0) == 7'200'000'000);
  CHECK(zone("-0330").to_instant(0) == 12'600'000'000);
  CHECK(zone("GMT+2").name() == "+02:00");
  CHECK(zone("UTC-7").name() == "-07:00");
  CHECK(&zone("UTC") == utc());
  CHECK(&zone("+02:00") == &zone("+02:00"));
  CHECK_FALSE(find_time_zone("+25:00").has_value());
}

TEST_CASE("a wrong zone names the nearest one") {
  const auto wrong = find_time_zone("Europe/Berln");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().kind == ErrorKind::kConfig);
  CHECK(wrong.error().message == "no time zone `Europe/Berln`");
  CHECK(wrong.error().hint == "did you mean `Europe/Berlin`?");
  CHECK_FALSE(find_time_zone("").has_value());
  CHECK_FALSE(find_time_zone("../../etc/passwd").has_value());
}

TEST_CASE("Berlin: a skipped hour and a doubled one") {
  CHECK(local("Europe/Berlin", "2021-03-28 00:59:59") == "2021-03-28 01:59:59");
  CHECK(local("Europe/Berlin", "2021-03-28 01:00:00") == "2021-03-28 03:00:00");
  CHECK(instant("Europe/Berlin", "2021-03-28 01:59:59") == "2021-03-28 00:59:59");
  CHECK(instant("Europe/Berlin", "2021-03-28 02:00:00") == "2021-03-28 01:00:00");
  CHECK(instant("Europe/Berlin", "2021-03-28 02:30:00") == "2021-03-28 01:00:00");
  CHECK(instant("Europe/Berlin", "2021-03-28 03:00:00") == "2021-03-28 01:00:00");
  CHECK(instant("Europe/Berlin", "2021-03-28 03:00:01") == "2021-03-28 01:00:01");
  CHECK(instant("Europe/Berlin", "2021-10-31 01:59:59") == "2021-10-30 23:59:59");
  CHECK(instant("Europe/Berlin", "2021-10-31 02:30:00") == "2021-10-31 01:30:00");
  CHECK(local("Europe/Berlin", "2021-10-31 00:30:00") == "2021-10-31 02:30:00");
  CHECK(local("Europe/Berlin", "2021-10-31 01:30:00") == "2021-10-31 02:30:00");
  // Before standard time: local mean time, +0:53:28.
  CHECK(local("Europe/Berlin", "1890-01-01 00:00:00") == "1890-01-01 00:53:28");
}

TEST_CASE("Lord Howe moves by half an hour") {
  CHECK(local("Australia/Lord_Howe", "2021-04-03 14:59:59") == "2021-04-04 01:59:59");
  CHECK(local("Australia/Lord_Howe", "2021-04-03 15:00:00") == "2021-04-04 01:30:00");
  CHECK(instant("Australia/Lord_Howe", "2021-04-04 01:45:00") == "2021-04-03 15:15:00");
  CHECK(instant("Australia/Lord_Howe", "2021-10-03 02:15:00") == "2021-10-02 15:30:00");
}

TEST_CASE("Samoa left out a day") {
  CHECK(local("Pacific/Apia", "2011-12-30 09:59:59") == "2011-12-29 23:59:59");
  CHECK(local("Pacific/Apia", "2011-12-30 10:00:00") == "2011-12-31 00:00:00");
  CHECK(instant("Pacific/Apia", "2011-12-30 12:00:00") == "2011-12-30 10:00:00");
}

TEST_CASE("years after the zone table keep the rule") {
  CHECK(local("Europe/Berlin", "2050-07-01 12:00:00") == "2050-07-01 14:00:00");
  CHECK(local("Europe/Berlin", "2050-01-01 12:00:00") == "2050-01-01 13:00:00");
  CHECK(instant("America/New_York", "2099-07-01 12:00:00") == "2099-07-01 16:00:00");
  CHECK(local("Europe/Berlin", "2037-12-31 23:30:00") == "2038-01-01 00:30:00");
  CHECK(local("Asia/Kolkata", "2050-07-01 12:00:00") == "2050-07-01 17:30:00");
  // 2044: the last Sunday of March is the 27th.
  CHECK(local("Europe/Berlin", "2044-03-27 00:59:59") == "2044-03-27 01:59:59");
  CHECK(local("Europe/Berlin", "2044-03-27 01:00:00") == "2044-03-27 03:00:00");
}

TEST_CASE("every instant comes back from its wall clock, doubled hours aside") {
  for (const auto* name :
       {"Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca"}) {
    const TimeZone& z = zone(name);
    for (int64_t t = at("1900-01-01 00:00:00"); t < at("2080-01-01 00:00:00");
         t += 7'919'000'000'00) {
      const int64_t back = z.to_instant(z.to_local(t));
      if (back != t) {
        // Only the later of two instants with the same wall clock.
        REQUIRE(back > t);
        REQUIRE(z.to_local(back) == z.to_local(t));
      }
    }
  }
}

TEST_CASE("timestamps are printed with exactly the digits asked for") {
  const int64_t t = at("2021-09-24 12:34:56.1");
  CHECK(show(t, 0) == "2021-09-24 12:34:56");
  CHECK(show(t, 3) == "2021-09-24 12:34:56.100");
  CHECK(show(t, 6) == "2021-09-24 12:34:56.100000");
  std::string out;
  append_timestamp(out, t, 9, 7, 'T');
  CHECK(out == "2021-09-24T12:34:56.100000007");
  CHECK(show(-1, 6) == "1969-12-31 23:59:59.999999");
  CHECK(show(days_from_civil(-1, 1, 1) * kMicrosPerDay) == "-0001-01-01 00:00:00");
  CHECK(show(days_from_civil(12345, 6, 7) * kMicrosPerDay) == "12345-06-07 00:00:00");
  out.clear();
  append_date(out, -1);
  CHECK(out == "1969-12-31");
}

}  // namespace
}  // namespace weir
