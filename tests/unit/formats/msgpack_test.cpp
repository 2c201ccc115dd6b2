#include <catch2/catch.hpp>
#include <random>

#include "block_decoding.h"
#include "formats/format_list.h"
#include "formats/msgpack_item.h"
#include "io/feed.h"

using namespace weir;
using namespace weir::test;
using namespace std::string_literals;

namespace {

// {"id": 1, "s": "a\nb", "x": 1.5}, {"id": -200, "s": nil, "x": 2}
const std::string kTwo =
    "\x83\xa2id\x01\xa1s\xa3"
    "a\nb\xa1x\xcb\x3f\xf8\0\0\0\0\0\0"
    "\x83\xa2id\xd1\xff\x38\xa1s\xc0\xa1x\x02"s;

std::unique_ptr<Format> sampled_msgpack(std::string_view bytes) {
  auto format = make_format(kMsgpackFormat);
  REQUIRE(format->infer(bytes, true).has_value());
  return format;
}

std::string packed_columns(const Format& format) {
  std::string text;
  for (const auto& column : format.schema())
    text += column.name + " " + column.type.to_string() + ", ";
  return text;
}

// What a feed gives of the bytes: blocks' lengths, then the error.
std::string fed(std::string bytes, size_t block_bytes, size_t most = size_t{1} << 20) {
  FeedOptions options;
  options.block_bytes = block_bytes;
  options.max_record_bytes = most;
  const auto feed =
      make_memory_feed(std::move(bytes), make_format(kMsgpackFormat)->cutter(), options);
  std::string text;
  FeedItem item;
  uint64_t total = 0;
  while (feed->claim(item)) {
    if (item.error) {
      text += fmt::format("{}\n", item.error->message);
    } else {
      CHECK(item.block.origin.begin == total);
      total += item.block.bytes.size();
    }
    item = FeedItem{};
  }
  return fmt::format("{} bytes\n{}", total, text);
}

}  // namespace

TEST_CASE("msgpack: a sample decides names and types") {
  const auto format = sampled_msgpack(kTwo);
  CHECK(packed_columns(*format) == "id BIGINT, s STRING, x DOUBLE, ");
  const Decoded two = decode(*format, kTwo);
  CHECK(show(two.batch) == "1|a\nb|1.5\n-200|NULL|2.0\n");
  CHECK(lengths_agree(two.batch));
  // A timestamp of microseconds, bytes, an array, a ROW, a MAP with keys that are numbers, 2^63.
  const std::string rich =
      "\x86\xa1t\xd7\xff\x1d\x6f\x28\x00\x65\x53\xf1\x00"
      "\xa1"
      "b\xc4\x02\x00\xff\xa1"
      "a\x92\xc3\xc2\xa1r\x81\xa1k\x01\xa1m\x81\x07\xa1v"
      "\xa1u\xcf\x80\0\0\0\0\0\0\0"s;
  CHECK(packed_columns(*sampled_msgpack(rich)) ==
        "t TIMESTAMP_LTZ(6), b BYTES, a ARRAY<BOOLEAN>, r ROW<k BIGINT>, m MAP<BIGINT, STRING>, "
        "u DECIMAL(20, 0), ");
  CHECK(show(decode(*sampled_msgpack(rich), rich).batch) ==
        "2023-11-14 22:13:20.123456|\0\xff|[TRUE, FALSE]|(1)|{7=v}|9223372036854775808\n"s);
}

TEST_CASE("msgpack: declared columns, paths, and values of other kinds") {
  const Declared columns = {{"i", "INT"},
                            {"s", "STRING"},
                            {"d", "DECIMAL(10, 2)"},
                            {"t", "TIMESTAMP(3)", "epoch_ms"},
                            {"deep", "STRING", "", "in.k"}};
  const auto format = make_format(kMsgpackFormat, {}, columns);
  CHECK(!format->needs_sample());
  // i "12", s {"k": [1, nil]}, d 1.25 as a double, t 1500, in {"k": true}, and i a second time.
  const std::string record =
      "\x86\xa1i\xa2"
      "12\xa1s\x81\xa1k\x92\x01\xc0\xa1"
      "d\xcb\x3f\xf4\0\0\0\0\0\0\xa1t\xcd\x05\xdc\xa2in\x81\xa1k\xc3\xa1i\x05"s;
  const Decoded decoded = decode(*format, record);
  CHECK(show_rejects(decoded.batch) == "");
  CHECK(show(decoded.batch) == "12|{\"k\":[1,null]}|1.25|1970-01-01 00:00:01.500|true\n");
}

TEST_CASE("msgpack: what is refused leaves the rows around it") {
  const auto format =
      make_format(kMsgpackFormat, {}, {{"n", "TINYINT"}, {"l", "ARRAY<INT>"}, {"s", "STRING"}});
  const std::string good = "\x81\xa1n\x01";
  const std::string text = good + "\x07" + "\x81\xa1n\xcd\x01\x00"s +
                           "\x81\xa1n\xcb\x3f\xf8\0\0\0\0\0\0"s +
                           "\x82\xa1l\x92\x01\xa1x\xa1n\x02" + "\x81\xa1s\xc4\x01z" + good;
  const Decoded decoded = decode(*format, text);
  CHECK(show(decoded.batch) == "1|NULL|NULL\n1|NULL|NULL\n");
  CHECK(lengths_agree(decoded.batch));
  std::string reasons;
  for (const auto& r : decoded.batch.rejects)
    reasons += fmt::format("@{} {}: {}\n", r.offset, r.field, r.reason);
  CHECK(reasons ==
        "@1004 : a record is a map of columns; this is another value\n"
        "@1005 n: not a TINYINT: `256`\n"
        "@1011 n: not a TINYINT: `1.5`\n"
        "@1023 l: not an INT: `\"x\"`\n"
        "@1033 s: not a STRING: `\"eg==\"`\n");
  CHECK(decoded.batch.records == 7);
}

TEST_CASE("msgpack: every block size finds the same records, and damage stands behind them") {
  for (const size_t block : {1, 7, 20, 64, 4096}) {
    CHECK(fed(kTwo, block) == "35 bytes\n");
    CHECK(fed(kTwo + "\xc1" + kTwo, block) ==
          "35 bytes\nmemory: byte 35: in the record here stands the byte 0xc1, which MessagePack "
          "does not have\n");
    CHECK(fed(kTwo + kTwo.substr(0, 10), block) ==
          "35 bytes\nmemory: byte 35: the input ends within a record\n");
    CHECK(fed("", block) == "0 bytes\n");
  }
  // Lengths that are only claimed, and one that is there and too long.
  CHECK(fed(kTwo + "\xdd\xff\xff\xff\xff\x01\x02"s, 16) ==
        "35 bytes\nmemory: byte 35: the input ends within a record\n");
  CHECK(fed(kTwo + "\xdb\x7f\xff\xff\xff" + std::string(5000, 'x'), 16, 1000) ==
        "35 bytes\nthe record at byte 35 is longer than 1000 B\n");
}

TEST_CASE("msgpack: what is written is read back") {
  const Declared columns = {{"b", "BOOLEAN"},
                            {"i", "BIGINT"},
                            {"f", "FLOAT"},
                            {"d", "DOUBLE"},
                            {"s", "STRING"},
                            {"y", "BYTES"},
                            {"c", "DECIMAL(20, 3)"},
                            {"t", "TIMESTAMP_LTZ(9)"},
                            {"w", "TIMESTAMP(6)"},
                            {"e", "DATE"},
                            {"a", "ARRAY<ROW<x INT, y STRING>>"},
                            {"m", "MAP<STRING, ARRAY<DOUBLE>>"}};
  const auto json = make_format(kJsonFormat, {}, columns);
  const auto format = make_format(kMsgpackFormat, {}, columns);
  std::string text;
  std::mt19937_64 random(7);
  for (int i = 0; i < 300; ++i) {
    const auto bits = static_cast<int64_t>(random() >> (i % 64));
    text += fmt::format(
        R"({{"b":{},"i":{},"f":0.5,"d":{},"s":"{}","y":"AAE=","c":{}.125,"t":"{}-02-03 04:05:06.{:09}Z",)"
        R"("w":"2024-01-31 10:00:00.000001","e":"1969-12-31","a":[{{"x":{},"y":null}},null],"m":{{"k":[1.5,{}]}}}})"
        "\n",
        i % 2 == 0, i % 3 == 0 ? -bits : bits, i * 0.1, std::string(static_cast<size_t>(i), 'z'),
        bits / 1000, 1900 + i, i % 4 == 0 ? 0 : i, i, i);
  }
  text += "{}\n";
  const Decoded from_json = decode(*json, text);
  REQUIRE(show_rejects(from_json.batch) == "");
  for (const bool leave_out : {false, true}) {
    const auto writer = make_format(kMsgpackFormat, {{"leave_out_nulls", flag_node(leave_out)}});
    const std::string bytes = encode(*writer, json->schema(), from_json.batch);
    const Decoded again = decode(*format, bytes);
    REQUIRE(show_rejects(again.batch) == "");
    CHECK(show(again.batch) == show(from_json.batch));
  }
}

TEST_CASE("msgpack: any bytes are records, rejects or damage, in time") {
  std::mt19937_64 random(11);
  const auto format = sampled_msgpack(kTwo);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = kTwo + kTwo;
    for (int i = 0; i < 1 + round % 4; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    const Decoded decoded = decode(*format, bytes);
    REQUIRE(decoded.batch.records == decoded.batch.rows + decoded.batch.rejects.size());
    REQUIRE(lengths_agree(decoded.batch));
  }
  // Nesting without end needs no stack.
  std::string deep(1'000'000, '\x91');
  deep += '\xc0';
  const Decoded decoded = decode(*make_format(kMsgpackFormat, {}, {{"k", "STRING"}}),
                                 "\x81\xa1k" + deep + "\x81\xa1k\xa1v");
  CHECK(show(decoded.batch) == "v\n");
  CHECK(decoded.batch.rejects.at(0).reason == "not a STRING: a value nested too deeply");
  CHECK(fed(deep, 4096, size_t{2} << 20) == "1000001 bytes\n");
}
