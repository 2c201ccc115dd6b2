#include "functions2_harness.h"

namespace weir::test {
namespace {

std::string extract(const std::string& unit, const Value& v, std::string_view zone = "UTC") {
  Family f(temporal_functions(), zone);
  return f("EXTRACT", {S(unit), v});
}

TEST_CASE("EXTRACT takes every unit of a timestamp") {
  const Value t = TS("2021-09-27 12:34:56.123456789", 9);
  const std::pair<const char*, const char*> expected[] = {{"MILLENNIUM", "3"},
                                                          {"CENTURY", "21"},
                                                          {"DECADE", "202"},
                                                          {"YEAR", "2021"},
                                                          {"QUARTER", "3"},
                                                          {"MONTH", "9"},
                                                          {"WEEK", "39"},
                                                          {"DAY", "27"},
                                                          {"HOUR", "12"},
                                                          {"MINUTE", "34"},
                                                          {"SECOND", "56"},
                                                          {"MILLISECOND", "123"},
                                                          {"MICROSECOND", "123456"},
                                                          {"NANOSECOND", "123456789"},
                                                          {"EPOCH", "1632746096"},
                                                          {"DOW", "2"},
                                                          {"ISODOW", "1"},
                                                          {"DOY", "270"},
                                                          {"ISOYEAR", "2021"}};
  for (const auto& [unit, result] : expected) {
    CAPTURE(unit);
    CHECK(extract(unit, t) == result);
  }
}

TEST_CASE("EXTRACT at edges of the calendar") {
  CHECK(extract("WEEK", D("2021-01-03")) == "53");
  CHECK(extract("ISOYEAR", D("2021-01-03")) == "2020");
  CHECK(extract("WEEK", D("2020-12-31")) == "53");
  CHECK(extract("WEEK", D("2024-12-30")) == "1");
  CHECK(extract("CENTURY", D("2000-12-31")) == "20");
  CHECK(extract("CENTURY", D("2001-01-01")) == "21");
  CHECK(extract("MILLENNIUM", D("2000-12-31")) == "2");
  CHECK(extract("DOY", D("2020-12-31")) == "366");
  CHECK(extract("DOW", D("2021-09-26")) == "1");
  CHECK(extract("ISODOW", D("2021-09-26")) == "7");
  CHECK(extract("HOUR", TS("1969-12-31 23:59:59.5", 3)) == "23");
  CHECK(extract("MILLISECOND", TS("1969-12-31 23:59:59.5", 3)) == "500");
  CHECK(extract("EPOCH", TS("1969-12-31 23:59:59.5", 3)) == "-1");
  CHECK(extract("HOUR", D("2021-09-26")) == "0");
  CHECK(extract("MINUTE", T("12:34:56")) == "34");
  CHECK(extract("YEAR", null(Type::date())) == "NULL");
}

TEST_CASE("EXTRACT from TIMESTAMP_LTZ uses the session zone, EPOCH does not") {
  CHECK(extract("HOUR", LTZ("2021-06-30 23:00:00"), "Europe/Berlin") == "1");
  CHECK(extract("MONTH", LTZ("2021-06-30 23:00:00"), "Europe/Berlin") == "7");
  CHECK(extract("EPOCH", LTZ("1970-01-01 00:00:01"), "Europe/Berlin") == "1");
  CHECK(extract("HOUR", TS("2021-06-30 23:00:00"), "Europe/Berlin") == "23");
}

TEST_CASE("EXTRACT from intervals") {
  const auto months = [](int64_t m) { return of(Type{TypeId::kIntervalMonths}, m); };
  const auto millis = [](int64_t m) { return of(Type{TypeId::kIntervalMillis}, m); };
  CHECK(extract("YEAR", months(14)) == "1");
  CHECK(extract("MONTH", months(14)) == "2");
  CHECK(extract("MONTH", months(-14)) == "-2");
  CHECK(extract("DAY", millis(90'061'001)) == "1");
  CHECK(extract("SECOND", millis(90'061'001)) == "1");
  CHECK(extract("MILLISECOND", millis(90'061'001)) == "1");
  CHECK(extract("EPOCH", millis(90'061'001)) == "90061");
  CHECK(extract("HOUR", months(1)).starts_with("error: "));
  CHECK(extract("YEAR", millis(1)).starts_with("error: "));
}

TEST_CASE("wrong arguments of EXTRACT are errors of binding") {
  CHECK(extract("YEARS", D("2021-01-01")) == "error: `YEARS` is no unit of EXTRACT");
  CHECK(extract("YEAR", T("12:00")).starts_with("error: "));
  CHECK(extract("YEAR", I(3)) ==
        "error: argument 2 of EXTRACT must be a DATE, TIME or TIMESTAMP, not INT");
  Family f(temporal_functions());
  CHECK(f("YEAR", {S("x")}, {}, 0) ==
        "error: argument 1 of YEAR must be a DATE, TIME or TIMESTAMP, not STRING");
  CHECK(f("YEAR", {S("2021-05-06 00:00:00")}) == "2021");
}

TEST_CASE("named parts") {
  Family f(temporal_functions());
  const Value t = TS("1994-09-27 13:14:15");
  const std::pair<const char*, const char*> expected[] = {
      {"YEAR", "1994"},     {"QUARTER", "3"},     {"MONTH", "9"},     {"WEEK", "39"},
      {"DAYOFYEAR", "270"}, {"DAYOFMONTH", "27"}, {"DAYOFWEEK", "3"}, {"HOUR", "13"},
      {"MINUTE", "14"},     {"SECOND", "15"}};
  for (const auto& [name, result] : expected) {
    CAPTURE(name);
    CHECK(f(name, {t}) == result);
    CHECK(f(name, {null(Type::timestamp())}) == "NULL");
  }
  CHECK(f("EPOCH_MS", {TS("1969-12-31 23:59:59.9995", 6)}) == "-1");
  CHECK(f("EPOCH_MS", {LTZ("1970-01-01 00:00:01.25")}) == "1250");
}

TEST_CASE("FLOOR and CEIL to a unit") {
  Family f(temporal_functions());
  const Value t = TS("2021-09-27 12:44:31.5", 3);
  const auto floor = [&](const Value& v, const char* unit) { return f("FLOOR", {v, S(unit)}); };
  const auto ceil = [&](const Value& v, const char* unit) { return f("CEIL", {v, S(unit)}); };
  CHECK(floor(t, "SECOND") == "2021-09-27 12:44:31.000");
  CHECK(floor(t, "MINUTE") == "2021-09-27 12:44:00.000");
  CHECK(floor(t, "HOUR") == "2021-09-27 12:00:00.000");
  CHECK(floor(t, "DAY") == "2021-09-27 00:00:00.000");
  CHECK(floor(t, "WEEK") == "2021-09-26 00:00:00.000");
  CHECK(floor(t, "MONTH") == "2021-09-01 00:00:00.000");
  CHECK(floor(t, "QUARTER") == "2021-07-01 00:00:00.000");
  CHECK(floor(t, "YEAR") == "2021-01-01 00:00:00.000");
  CHECK(floor(t, "DECADE") == "2020-01-01 00:00:00.000");
  CHECK(floor(t, "CENTURY") == "2001-01-01 00:00:00.000");
  CHECK(floor(t, "MILLENNIUM") == "2001-01-01 00:00:00.000");
  CHECK(ceil(t, "SECOND") == "2021-09-27 12:44:32.000");
  CHECK(ceil(t, "DAY") == "2021-09-28 00:00:00.000");
  CHECK(ceil(t, "WEEK") == "2021-10-03 00:00:00.000");
  CHECK(ceil(t, "MONTH") == "2021-10-01 00:00:00.000");
  CHECK(ceil(t, "QUARTER") == "2021-10-01 00:00:00.000");
  CHECK(ceil(t, "YEAR") == "2022-01-01 00:00:00.000");
  CHECK(ceil(t, "CENTURY") == "2101-01-01 00:00:00.000");
  // Flink's rule: on a first day the time of day does not count.
  CHECK(ceil(TS("2021-09-01 12:00:00"), "MONTH") == "2021-09-01 00:00:00");
  CHECK(ceil(TS("2021-09-01 00:00:00"), "DAY") == "2021-09-01 00:00:00");
  CHECK(floor(TS("1969-12-31 23:59:59.5", 3), "HOUR") == "1969-12-31 23:00:00.000");
  CHECK(floor(D("2021-09-27"), "MONTH") == "2021-09-01");
  CHECK(ceil(D("2021-09-27"), "YEAR") == "2022-01-01");
  CHECK(floor(T("12:44:31"), "MINUTE") == "12:44:00");
  CHECK(ceil(T("23:30:00"), "HOUR") == "00:00:00");
  CHECK(floor(TS("2021-09-27 12:44:31.123456789", 9), "MICROSECOND") ==
        "2021-09-27 12:44:31.123456000");
  CHECK(ceil(TS("2021-09-27 12:44:31.000000001", 9), "SECOND") == "2021-09-27 12:44:32.000000000");
  CHECK(floor(T("12:44:31"), "MONTH").starts_with("error: "));
  CHECK(floor(t, "EPOCH").starts_with("error: "));
  CHECK(f("CEILING", {D("2021-09-27"), S("MONTH")}) == "2021-10-01");
}

TEST_CASE("FLOOR of TIMESTAMP_LTZ rounds the wall clock of the session") {
  Family f(temporal_functions(), "Europe/Berlin");
  CHECK(f("FLOOR", {LTZ("2021-06-30 23:00:00"), S("DAY")}) == "2021-07-01 00:00:00.000");
  Family kolkata(temporal_functions(), "Asia/Kolkata");
  CHECK(kolkata("FLOOR", {LTZ("2021-06-30 12:10:00"), S("HOUR")}) == "2021-06-30 17:00:00.000");
}

TEST_CASE("TIMESTAMPADD") {
  Family f(temporal_functions());
  const auto add = [&](const char* unit, int64_t n, const Value& v) {
    return f("TIMESTAMPADD", {S(unit), L(n), v});
  };
  CHECK(add("WEEK", 1, D("2003-01-02")) == "2003-01-09");
  CHECK(add("MONTH", 1, D("2021-01-31")) == "2021-02-28");
  CHECK(add("MONTH", 1, D("2020-01-31")) == "2020-02-29");
  CHECK(add("MONTH", -1, D("2020-03-31")) == "2020-02-29");
  CHECK(add("YEAR", 1, D("2020-02-29")) == "2021-02-28");
  CHECK(add("QUARTER", -1, D("2020-01-15")) == "2019-10-15");
  CHECK(add("HOUR", 25, D("2020-01-15")) == "2020-01-16 01:00:00");
  CHECK(add("HOUR", -1, TS("1970-01-01 00:30:00")) == "1969-12-31 23:30:00");
  CHECK(add("MILLISECOND", 5, TS("1970-01-01 00:30:00")) == "1970-01-01 00:30:00.005");
  CHECK(add("NANOSECOND", 5, TS("1970-01-01 00:30:00")) == "1970-01-01 00:30:00.000000005");
  CHECK(add("MINUTE", 1, TS("1970-01-01 00:30:00.000000007", 9)) ==
        "1970-01-01 00:31:00.000000007");
  CHECK(add("MONTH", 1, TS("1970-01-31 00:30:00.000000007", 9)) == "1970-02-28 00:30:00.000000007");
  CHECK(add("HOUR", 3, T("23:00:00")) == "02:00:00");
  CHECK(add("DAY", 1, T("23:00:00")).starts_with("error: "));
  CHECK(add("DAY", INT64_MAX, TS("2021-01-01 00:00:00")) == "row error: the time is out of range");
  CHECK(add("DAY", INT32_MAX, D("2021-01-01")) == "row error: the time is out of range");
  CHECK(add("YEAR", 1'000'000, D("2021-01-01")) == "row error: the time is out of range");
  CHECK(f("TIMESTAMPADD", {S("DAY"), null(Type::bigint()), D("2021-01-01")}) == "NULL");
  CHECK(f.type("TIMESTAMPADD", {S("DAY"), L(1), LTZ("2021-01-01")}) == "TIMESTAMP_LTZ(3)");
}

TEST_CASE("TIMESTAMPDIFF truncates") {
  Family f(temporal_functions());
  const auto diff = [&](const char* unit, const Value& a, const Value& b) {
    return f("TIMESTAMPDIFF", {S(unit), a, b});
  };
  CHECK(diff("DAY", TS("2003-01-02 10:00:00"), TS("2003-01-03 10:00:00")) == "1");
  CHECK(diff("DAY", TS("2003-01-02 10:00:00"), TS("2003-01-03 09:59:59")) == "0");
  CHECK(diff("DAY", TS("2003-01-03 10:00:00"), TS("2003-01-02 10:00:01")) == "0");
  CHECK(diff("DAY", TS("2003-01-03 10:00:00"), TS("2003-01-02 10:00:00")) == "-1");
  CHECK(diff("MONTH", D("2021-01-31"), D("2021-02-28")) == "1");
  CHECK(diff("MONTH", D("2021-01-31"), D("2021-02-27")) == "0");
  CHECK(diff("MONTH", TS("2021-01-15 12:00:00"), TS("2021-02-15 11:59:59")) == "0");
  CHECK(diff("MONTH", TS("2021-02-15 12:00:00"), TS("2021-01-15 12:00:00")) == "-1");
  CHECK(diff("YEAR", D("2020-02-29"), D("2021-02-28")) == "1");
  CHECK(diff("YEAR", D("2020-03-01"), D("2021-02-28")) == "0");
  CHECK(diff("QUARTER", D("2020-01-01"), D("2020-12-31")) == "3");
  CHECK(diff("WEEK", D("2020-01-01"), D("2020-01-20")) == "2");
  CHECK(diff("SECOND", D("2020-01-01"), TS("2020-01-01 00:01:40")) == "100");
  CHECK(diff("NANOSECOND", TS("2020-01-01 00:00:00", 9), TS("2020-01-01 00:00:00.000000009", 9)) ==
        "9");
  CHECK(diff("HOUR", LTZ("2021-03-28 00:00:00"), LTZ("2021-03-28 02:00:00")) == "2");
  CHECK(diff("MINUTE", T("10:00"), T("09:00")) == "-60");
  CHECK(diff("DAY", S("2003-01-02 10:00:00"), TS("2003-01-05 10:00:00")) == "3");
  CHECK(diff("DAY", T("10:00"), D("2021-01-01")).starts_with("error: "));
  CHECK(diff("DAY", null(Type::date()), D("2021-01-01")) == "NULL");
}

TEST_CASE("OVERLAPS") {
  Family f(temporal_functions());
  const auto hours = [](int64_t h) { return of(Type{TypeId::kIntervalMillis}, h * 3'600'000); };
  CHECK(f("OVERLAPS", {T("2:55"), hours(1), T("3:30"), hours(2)}) == "TRUE");
  CHECK(f("OVERLAPS", {T("9:00"), T("10:00"), T("10:15"), hours(3)}) == "FALSE");
  CHECK(f("OVERLAPS", {T("9:00"), T("10:00"), T("10:00"), T("11:00")}) == "TRUE");
  CHECK(f("OVERLAPS", {T("10:00"), T("9:00"), T("9:30"), T("9:20")}) == "TRUE");
  CHECK(f("OVERLAPS", {D("2021-01-31"), of(Type{TypeId::kIntervalMonths}, 1), D("2021-02-28"),
                       D("2021-03-01")}) == "TRUE");
  CHECK(f("OVERLAPS", {TS("2021-01-01 00:00:00"), TS("2021-01-02 00:00:00"), D("2021-01-03"),
                       D("2021-01-04")}) == "FALSE");
  CHECK(f("OVERLAPS", {D("2021-01-01"), null(Type::date()), D("2021-01-03"), D("2021-01-04")}) ==
        "NULL");
  CHECK(f("OVERLAPS", {T("9:00"), T("10:00"), D("2021-01-03"), D("2021-01-04")})
            .starts_with("error: "));
}

TEST_CASE("the clock") {
  Family f(temporal_functions(), "Europe/Berlin");
  f.now_us = *parse_timestamp("2021-06-30 23:00:00.1239");
  CHECK(f("NOW", {}) == "2021-07-01 01:00:00.123");
  CHECK(f("CURRENT_TIMESTAMP", {}) == "2021-07-01 01:00:00.123");
  CHECK(f("CURRENT_ROW_TIMESTAMP", {}) == "2021-07-01 01:00:00.123");
  CHECK(f("LOCALTIMESTAMP", {}) == "2021-07-01 01:00:00.123");
  CHECK(f("CURRENT_DATE", {}) == "2021-07-01");
  CHECK(f("CURRENT_TIME", {}) == "01:00:00");
  CHECK(f("LOCALTIME", {}) == "01:00:00");
  CHECK(f("UNIX_TIMESTAMP", {}) == "1625094000");
  CHECK(f.type("NOW", {}) == "TIMESTAMP_LTZ(3)");
  for (const FunctionDescriptor& d : f.functions()) {
    if (d.name == "NOW" || d.name == "CURRENT_DATE") CHECK_FALSE(d.deterministic);
  }
}

TEST_CASE("DATE_FORMAT") {
  Family f(temporal_functions());
  CHECK(f("DATE_FORMAT", {TS("2021-09-27 12:34:56.5", 3), S("yyyy/MM/dd HH:mm:ss.SSS")}) ==
        "2021/09/27 12:34:56.500");
  CHECK(f("DATE_FORMAT", {S("2021-09-27 12:34:56"), S("dd.MM.yy")}) == "27.09.21");
  CHECK(f("DATE_FORMAT", {S("nothing"), S("dd.MM.yy")}) == "NULL");
  CHECK(f("DATE_FORMAT", {D("2021-09-27"), S("EEE")}) == "Mon");
  CHECK(f("DATE_FORMAT", {TS("2021-09-27 12:34:56"), S("YYYY")})
            .starts_with("error: unknown letters"));
  CHECK(f("DATE_FORMAT", {TS("2021-09-27 12:34:56"), S("b")}, {}, 1) ==
        "row error: unknown letters `b` in date pattern `b`");
  CHECK(f("DATE_FORMAT", {TS("2021-09-27 12:34:56"), S("HH")}, {}, 1) == "12");
  CHECK(f("DATE_FORMAT", {null(Type::timestamp()), S("HH")}) == "NULL");
  Family berlin(temporal_functions(), "Europe/Berlin");
  CHECK(berlin("DATE_FORMAT", {LTZ("2021-06-30 23:00:00"), S("yyyy-MM-dd HH:mm XXX")}) ==
        "2021-07-01 01:00 +02:00");
}

TEST_CASE("functions that make times of texts") {
  Family f(temporal_functions(), "Europe/Berlin");
  CHECK(f("TO_TIMESTAMP", {S("2021-09-27 12:34:56")}) == "2021-09-27 12:34:56.000");
  CHECK(f("TO_TIMESTAMP", {S(" 2021-9-7 1:2:3.4567 ")}) == "2021-09-07 01:02:03.456");
  CHECK(f("TO_TIMESTAMP", {S("2021-09-27")}) == "2021-09-27 00:00:00.000");
  CHECK(f("TO_TIMESTAMP", {S("2021-02-30 00:00:00")}) == "NULL");
  CHECK(f("TO_TIMESTAMP", {S("")}) == "NULL");
  CHECK(f("TO_TIMESTAMP", {S("27/09/2021 12:34"), S("dd/MM/yyyy HH:mm")}) ==
        "2021-09-27 12:34:00.000");
  CHECK(f("TO_TIMESTAMP", {S("x"), S("dd/MM/yyyy HH:mm")}) == "NULL");
  CHECK(f("TO_TIMESTAMP", {S("02-29"), S("MM-dd")}) == "NULL");
  CHECK(f("TO_TIMESTAMP", {S("x"), S("'")}).starts_with("error: "));
  CHECK(f("TO_TIMESTAMP", {I(3)}).starts_with("error: "));
  CHECK(f.type("TO_TIMESTAMP", {S("x")}) == "TIMESTAMP(3)");
  CHECK(f("TO_DATE", {S("2021-09-27")}) == "2021-09-27");
  CHECK(f("TO_DATE", {S("2021-9-7 12:00:00")}) == "2021-09-07");
  CHECK(f("TO_DATE", {S("2021/09/27")}) == "NULL");
  CHECK(f("TO_DATE", {S("27.09.2021"), S("dd.MM.yyyy")}) == "2021-09-27");
  CHECK(f("UNIX_TIMESTAMP", {S("1970-01-01 01:00:44")}) == "44");
  CHECK(f("UNIX_TIMESTAMP", {S("x")}) == "NULL");
  CHECK(f("UNIX_TIMESTAMP", {S("01.01.1970"), S("dd.MM.yyyy")}) == "-3600");
  CHECK(f("FROM_UNIXTIME", {L(44)}) == "1970-01-01 01:00:44");
  CHECK(f("FROM_UNIXTIME", {L(-1), S("HH:mm:ss XXX")}) == "00:59:59 +01:00");
  CHECK(f("FROM_UNIXTIME", {L(INT64_MAX)}) == "NULL");
}

TEST_CASE("TO_TIMESTAMP_LTZ") {
  Family f(temporal_functions(), "Europe/Berlin");
  CHECK(f("TO_TIMESTAMP_LTZ", {L(1632746096), I(0)}) == "2021-09-27 14:34:56.000");
  CHECK(f("TO_TIMESTAMP_LTZ", {L(1632746096123), I(3)}) == "2021-09-27 14:34:56.123");
  CHECK(f("TO_TIMESTAMP_LTZ", {L(1632746096123)}) == "2021-09-27 14:34:56.123");
  CHECK(f("TO_TIMESTAMP_LTZ", {L(1632746096123456), I(6)}) == "2021-09-27 14:34:56.123456");
  CHECK(f("TO_TIMESTAMP_LTZ", {Value::float64(1.5), I(0)}) == "1970-01-01 01:00:01.500");
  CHECK(f("TO_TIMESTAMP_LTZ", {L(-62167219200), I(0)}) == "0000-01-01 00:53:28.000");
  CHECK(f("TO_TIMESTAMP_LTZ", {L(-62167219201), I(0)}) == "NULL");
  CHECK(f("TO_TIMESTAMP_LTZ", {L(253402300800), I(0)}) == "NULL");
  CHECK(f("TO_TIMESTAMP_LTZ", {L(INT64_MIN), I(0)}) == "NULL");
  CHECK(f("TO_TIMESTAMP_LTZ", {L(1), I(2)}).starts_with("error: "));
  CHECK(f("TO_TIMESTAMP_LTZ", {S("2021-09-27 12:34:56")}) == "2021-09-27 14:34:56.000");
  CHECK(f("TO_TIMESTAMP_LTZ", {S("2021-09-27T12:34:56+02:00")}) == "2021-09-27 12:34:56.000");
  CHECK(f("TO_TIMESTAMP_LTZ", {S("27.09.2021"), S("dd.MM.yyyy"), S("America/New_York")}) ==
        "2021-09-27 06:00:00.000");
  CHECK(f("TO_TIMESTAMP_LTZ", {S("27.09.2021"), S("dd.MM.yyyy"), S("Nowhere")})
            .starts_with("error: "));
  CHECK(f("TO_TIMESTAMP_LTZ", {S("27.09.2021"), S("dd.MM.yyyy"), S("Nowhere")}, {}, 2) ==
        "row error: no time zone `Nowhere`");
}

TEST_CASE("zones and our own formats") {
  Family f(temporal_functions());
  CHECK(f("CONVERT_TZ", {S("1970-01-01 00:00:00"), S("UTC"), S("America/Los_Angeles")}) ==
        "1969-12-31 16:00:00");
  CHECK(f("CONVERT_TZ", {S("2021-07-01 12:00:00"), S("Europe/Berlin"), S("+05:30")}) ==
        "2021-07-01 15:30:00");
  CHECK(f("CONVERT_TZ", {S("x"), S("UTC"), S("UTC")}) == "NULL");
  CHECK(f("CONVERT_TZ", {S("x"), S("UTC"), S("Mars")}) == "error: no time zone `Mars`");
  CHECK(f("PARSE_TIME", {S("10/Oct/2000:13:55:36 -0700"), S("clf")}) ==
        "2000-10-10 20:55:36.000000");
  CHECK(f("PARSE_TIME", {S("x"), S("clf")}) == "NULL");
  CHECK(f("PARSE_TIME", {S("x"), S("%Q")}).starts_with("error: unknown directive"));
}

TEST_CASE("every temporal function is described") {
  for (const FunctionDescriptor& d : temporal_functions()) {
    CAPTURE(d.name);
    CHECK_FALSE(d.signature.empty());
    CHECK_FALSE(d.example.empty());
    CHECK_FALSE(d.result.empty());
    CHECK(d.doc.ends_with('.'));
    CHECK(d.family == "temporal");
  }
}

}  // namespace
}  // namespace weir::test
