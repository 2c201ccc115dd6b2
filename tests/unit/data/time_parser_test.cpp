#include <catch2/catch.hpp>

#include "data/civil.h"
#include "data/time_pattern.h"

namespace weir {
namespace {

std::string show_time(std::optional<int64_t> us) {
  if (!us) return "none";
  std::string out;
  append_timestamp(out, *us, 6);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}
std::string parsed(std::string_view format, std::string_view text, std::string_view zone = "UTC",
                   std::string_view reference = "2021-06-01 00:00:00") {
  const auto z = find_time_zone(zone);
  REQUIRE(z.has_value());
  const auto parser = make_time_parser(format, **z, *parse_timestamp(reference));
  if (!parser) return "error: " + parser.error().message;
  return show_time((*parser)->parse(text));
}

TEST_CASE("named formats") {
  CHECK(parsed("iso8601", "2021-09-27T12:34:56.25Z") == "2021-09-27 12:34:56.25");
  CHECK(parsed("iso8601", "2021-09-27 12:34:56", "Europe/Berlin") == "2021-09-27 10:34:56");
  CHECK(parsed("rfc3339", "2021-09-27T12:34:56+02:00") == "2021-09-27 10:34:56");
  CHECK(parsed("rfc3339", "2021-09-27T12:34:56") == "none");
  CHECK(parsed("rfc3339", "2021-09-27") == "none");
  CHECK(parsed("clf", "10/Oct/2000:13:55:36 -0700") == "2000-10-10 20:55:36");
  CHECK(parsed("clf", "[10/Oct/2000:13:55:36 -0700]") == "2000-10-10 20:55:36");
  CHECK(parsed("epoch_s", "1632745800") == "2021-09-27 12:30:00");
  CHECK(parsed("epoch_s", "1632745800.123456789") == "2021-09-27 12:30:00.123456");
  CHECK(parsed("epoch_s", "-1") == "1969-12-31 23:59:59");
  CHECK(parsed("epoch_s", "-0.5") == "1969-12-31 23:59:59.5");
  CHECK(parsed("epoch_ms", "1632745800123") == "2021-09-27 12:30:00.123");
  CHECK(parsed("epoch_ms", "1632745800123.5") == "2021-09-27 12:30:00.1235");
  CHECK(parsed("epoch_us", "1632745800123456") == "2021-09-27 12:30:00.123456");
  CHECK(parsed("epoch_ns", "1632745800123456789") == "2021-09-27 12:30:00.123456");
  CHECK(parsed("epoch_ns", "-1") == "1969-12-31 23:59:59.999999");
  for (const auto* wrong : {"", "x", "1.", "1e9", "99999999999999999999", "253402300800", " 1"}) {
    CAPTURE(wrong);
    CHECK(parsed("epoch_s", wrong) == "none");
  }
}

TEST_CASE("auto tells the format from the text") {
  CHECK(parsed("auto", "2021-09-27T12:34:56Z") == "2021-09-27 12:34:56");
  CHECK(parsed("auto", "10/Oct/2000:13:55:36 -0700") == "2000-10-10 20:55:36");
  CHECK(parsed("auto", "1632745800") == "2021-09-27 12:30:00");
  CHECK(parsed("auto", "1632745800.5") == "2021-09-27 12:30:00.5");
  CHECK(parsed("auto", "1632745800123") == "2021-09-27 12:30:00.123");
  CHECK(parsed("auto", "1632745800123456") == "2021-09-27 12:30:00.123456");
  CHECK(parsed("auto", "1632745800123456789") == "2021-09-27 12:30:00.123456");
  CHECK(parsed("auto", "Jun  1 22:14:15") == "2021-06-01 22:14:15");
  CHECK(parsed("auto", "2021") == "none");
  CHECK(parsed("auto", "hello") == "none");
  CHECK(parsed("auto", "") == "none");
}

TEST_CASE("syslog takes the last year that is not ahead of the reference") {
  CHECK(parsed("syslog", "Oct 11 22:14:15", "UTC", "2021-10-12 00:00:00") == "2021-10-11 22:14:15");
  CHECK(parsed("syslog", "Oct  1 22:14:15.123", "UTC", "2021-10-12 00:00:00") ==
        "2021-10-01 22:14:15.123");
  CHECK(parsed("syslog", "Dec 31 23:59:59", "UTC", "2022-01-01 00:00:05") == "2021-12-31 23:59:59");
  CHECK(parsed("syslog", "Jan  1 00:00:01", "UTC", "2021-12-31 23:59:55") == "2022-01-01 00:00:01");
  CHECK(parsed("syslog", "Dec  1 00:00:00", "UTC", "2021-11-27 00:00:00") == "2021-12-01 00:00:00");
  CHECK(parsed("syslog", "Feb 25 16:19:38", "UTC", "2021-11-27 00:00:00") == "2021-02-25 16:19:38");
  CHECK(parsed("syslog", "Jan  1 00:30:00", "Europe/Berlin", "2021-12-31 23:00:00") ==
        "2021-12-31 23:30:00");
  CHECK(parsed("syslog", "Feb 29 12:00:00", "UTC", "2021-06-01 00:00:00") == "2020-02-29 12:00:00");
  CHECK(parsed("syslog", "Feb 29 12:00:00", "UTC", "1900-01-01 00:00:00") == "1896-02-29 12:00:00");
  CHECK(parsed("syslog", "2021-09-27T12:34:56Z") == "2021-09-27 12:34:56");
  for (const auto* wrong :
       {"", "Oct", "Oct 32 00:00:00", "Feb 30 00:00:00", "Oct 11 25:00:00", "Oct 11 22:14",
        "Okt 11 22:14:15", "Oct 11 22:14:15x", "Oct1122:14:15abcdef"}) {
    CAPTURE(wrong);
    CHECK(parsed("syslog", wrong) == "none");
  }
}

TEST_CASE("strptime patterns") {
  CHECK(parsed("%Y-%m-%d %H:%M:%S", "2021-09-27 12:34:56") == "2021-09-27 12:34:56");
  CHECK(parsed("%Y-%m-%d %H:%M:%S", "2021-9-7 1:2:3") == "2021-09-07 01:02:03");
  CHECK(parsed("%F %T", "2021-09-27 12:34:56", "Europe/Berlin") == "2021-09-27 10:34:56");
  CHECK(parsed("%F %T", "2021-09-27   12:34:56") == "2021-09-27 12:34:56");
  CHECK(parsed("%F %T,%f", "2021-09-27 12:34:56,123") == "2021-09-27 12:34:56.123");
  CHECK(parsed("%Y%m%d%H%M%S", "20210927123456") == "2021-09-27 12:34:56");
  CHECK(parsed("%Y%m%d%H%M%S%f", "20210927123456789") == "2021-09-27 12:34:56.789");
  CHECK(parsed("%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700") == "2000-10-10 20:55:36");
  CHECK(parsed("%d/%b/%Y:%H:%M:%S %z", "1/Oct/2000:13:55:36 -07:00") == "2000-10-01 20:55:36");
  CHECK(parsed("%a, %d %b %Y %H:%M:%S %Z", "Mon, 27 Sep 2021 12:34:56 GMT") ==
        "2021-09-27 12:34:56");
  CHECK(parsed("%A %d %B %Y", "monday 27 SEPTEMBER 2021") == "2021-09-27 00:00:00");
  CHECK(parsed("%d %b %Y", "27 Sept 2021") == "2021-09-27 00:00:00");
  CHECK(parsed("%m/%d/%y %I:%M %p", "09/27/21 12:05 AM") == "2021-09-27 00:05:00");
  CHECK(parsed("%m/%d/%y %I:%M %p", "09/27/21 12:05 pm") == "2021-09-27 12:05:00");
  CHECK(parsed("%D %I:%M%p", "09/27/69 11:05PM") == "1969-09-27 23:05:00");
  CHECK(parsed("%e %b %Y %R", " 7 Sep 2021 12:34") == "2021-09-07 12:34:00");
  CHECK(parsed("%Y.%j", "2020.366") == "2020-12-31 00:00:00");
  CHECK(parsed("%s", "1632745800") == "2021-09-27 12:30:00");
  CHECK(parsed("%s.%f", "1632745800.5") == "2021-09-27 12:30:00.5");
  CHECK(parsed("100%% %Y-%m-%d", "100% 2021-09-27") == "2021-09-27 00:00:00");
  CHECK(parsed("%F%n%T", "2021-09-27\n12:34:56") == "2021-09-27 12:34:56");
  CHECK(parsed("%F %T %Z", "2021-09-27 12:34:56 Europe/Berlin") == "2021-09-27 10:34:56");
  CHECK(parsed("%F %T %Z", "2021-09-27 12:34:56 PDT") == "2021-09-27 19:34:56");
  CHECK(parsed("%F %T", "2016-12-31 23:59:60") == "2017-01-01 00:00:00");
}

TEST_CASE("texts that a pattern refuses") {
  for (const auto* wrong : {"", "2021-09-27", "2021-09-27 12:34:56 ", "2021-09-27 12:34:56x",
                            "2021-02-30 12:34:56", "2021-09-27 24:00:00", "2021-09-27 12:60:00",
                            "2021-09-27 12:30:60", "21-09-27 12:34:56", "-021-09-27 12:34:56"}) {
    CAPTURE(wrong);
    CHECK(parsed("%Y-%m-%d %H:%M:%S", wrong) == "none");
  }
  CHECK(parsed("%Y.%j", "2021.366") == "none");
  CHECK(parsed("%I:%M %p", "13:00 PM") == "none");
  CHECK(parsed("%F %T %z", "2021-09-27 12:34:56 CEST+") == "none");
  CHECK(parsed("%F %T %Z", "2021-09-27 12:34:56 Nowhere") == "none");
}

TEST_CASE("patterns without a year take the last one") {
  CHECK(parsed("%b %d %H:%M:%S", "Dec 31 23:00:00", "UTC", "2022-01-01 00:00:00") ==
        "2021-12-31 23:00:00");
  CHECK(parsed("%m-%d %H:%M:%S", "02-29 01:00:00", "UTC", "2021-01-01 00:00:00") ==
        "2020-02-29 01:00:00");
  CHECK(parsed("%b %d %H:%M:%S %z", "Jan 01 00:30:00 +0100", "UTC", "2021-12-31 23:00:00") ==
        "2021-12-31 23:30:00");
  CHECK(parsed("%H:%M", "12:34") == "1970-01-01 12:34:00");
}

TEST_CASE("wrong formats say what is wrong") {
  CHECK(parsed("%Y-%Q", "x") == "error: unknown directive `%Q` in time format `%Y-%Q`");
  CHECK(parsed("%Y-%", "x") == "error: time format `%Y-%` ends with a lone `%`");
  CHECK(parsed("iso", "x") == "error: unknown time format `iso`");
  const auto near = make_time_parser("epoch_sec", *utc(), 0);
  REQUIRE_FALSE(near.has_value());
  CHECK(near.error().hint == "did you mean `epoch_s`?");
}

TEST_CASE("which formats name a zone") {
  const auto zoned = [](std::string_view format) {
    return (*make_time_parser(format, *utc(), 0))->has_zone();
  };
  for (const auto* f : {"rfc3339", "clf", "epoch_s", "epoch_ns", "%F %T %z", "%F %Z", "%s"}) {
    CAPTURE(f);
    CHECK(zoned(f));
  }
  for (const auto* f : {"iso8601", "syslog", "auto", "%F %T"}) {
    CAPTURE(f);
    CHECK_FALSE(zoned(f));
  }
}

TEST_CASE("epoch units") {
  CHECK(epoch_unit("epoch_s")->multiply == 1'000'000);
  CHECK(epoch_unit("epoch_ns")->divide == 1000);
  CHECK_FALSE(epoch_unit("iso8601").has_value());
}

std::string guess(std::vector<std::string> texts) {
  return guess_time_format(texts.data(), texts.data() + texts.size());
}

TEST_CASE("guessed formats") {
  CHECK(guess({}).empty());
  CHECK(guess({"2021-09-27T12:34:56Z", "2021-09-27T12:34:56.5+02:00"}) == "rfc3339");
  CHECK(guess({"2021-09-27T12:34:56Z", "2021-09-27 12:34:56"}) == "iso8601");
  CHECK(guess({"10/Oct/2000:13:55:36 -0700"}) == "clf");
  CHECK(guess({"Oct 11 22:14:15", "Oct  1 22:14:15"}) == "syslog");
  CHECK(guess({"Mon, 27 Sep 2021 12:34:56 +0200"}) == "%a, %d %b %Y %H:%M:%S %z");
  CHECK(guess({"2021/09/27 12:34:56"}) == "%Y/%m/%d %H:%M:%S");
  CHECK(guess({"1632745800"}).empty());
  CHECK(guess({"2021-09-27T12:34:56Z", "x"}).empty());
}

TEST_CASE("strftime") {
  const int64_t t = *parse_timestamp("2021-09-07 01:02:03.45");
  CHECK(format_strftime("out/%Y-%m-%d/%H%M%S", t) == "out/2021-09-07/010203");
  CHECK(format_strftime("%e|%I|%p|%b|%B|%a|%A|%j|%y|%f|%s|%z|%Z|%%|%D|%R", t) ==
        " 7|01|AM|Sep|September|Tue|Tuesday|250|21|450000|1630976523|+0000|UTC|%|09/07/21|01:02");
  CHECK(format_strftime("%Q", t) == "%Q");
  CHECK(format_strftime("", t).empty());
}

TEST_CASE("Java patterns write") {
  const int64_t t = *parse_timestamp("2021-09-07 13:02:03.45");
  const auto java = [&](std::string_view pattern) {
    const auto r = format_java_pattern(pattern, t);
    return r ? *r : "error: " + r.error().message;
  };
  CHECK(java("yyyy-MM-dd HH:mm:ss.SSS") == "2021-09-07 13:02:03.450");
  CHECK(java("yyyy-MM-dd'T'HH:mm:ss") == "2021-09-07T13:02:03");
  CHECK(java("EEE, d MMM yy h:m a") == "Tue, 7 Sep 21 1:2 PM");
  CHECK(java("EEEE MMMM D Q k K") == "Tuesday September 250 3 13 1");
  CHECK(java("''yyyy'' 'o''clock'") == "'2021' o'clock");
  CHECK(java("yyyyMMdd[HHmm]") == "202109071302");
  CHECK(java("YYYY") == "error: unknown letters `YYYY` in date pattern `YYYY`");
  CHECK(java("'x") == "error: unfinished quote in date pattern `'x`");
  CHECK(java("[x") == "error: `[` without `]` in date pattern `[x`");
}

TEST_CASE("Java patterns read") {
  const auto java = [](std::string_view pattern, std::string_view text) {
    return show_time(parse_java_pattern(pattern, text));
  };
  CHECK(java("yyyy-MM-dd HH:mm:ss", "2021-09-07 13:02:03") == "2021-09-07 13:02:03");
  CHECK(java("dd/MM/yyyy", "07/09/2021") == "2021-09-07 00:00:00");
  CHECK(java("yyyyMMddHHmmss", "20210907130203") == "2021-09-07 13:02:03");
  CHECK(java("yyyy-MM-dd[ HH:mm]", "2021-09-07") == "2021-09-07 00:00:00");
  CHECK(java("yyyy-MM-dd[ HH:mm]", "2021-09-07 13:02") == "2021-09-07 13:02:00");
  CHECK(java("yyyy-MM-dd[ HH:mm]", "2021-09-07 13") == "none");
  CHECK(java("yyyy-MM-dd'T'HH:mm:ssXXX", "2021-09-07T13:02:03+02:00") == "2021-09-07 11:02:03");
  CHECK(java("HH:mm", "13:02") == "1970-01-01 13:02:00");
  CHECK(java("yyyy-MM-dd", "2021-02-29") == "none");
}

}  // namespace
}  // namespace weir
