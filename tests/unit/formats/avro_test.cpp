#include <catch2/catch.hpp>
#include <random>

#include "block_decoding.h"
#include "formats/avro_file.h"
#include "formats/format_list.h"
#include "io/feed.h"

using namespace weir;
using namespace weir::test;
using namespace std::string_literals;

namespace {

std::string sized(std::string_view text) {
  std::string out;
  avro::append_long(out, static_cast<int64_t>(text.size()));
  return out + std::string(text);
}
const std::string kSync = "0123456789abcdef";

std::string file_head(std::string_view schema, std::string_view codec = "null") {
  return "Obj\1\4"s + sized("avro.schema") + sized(schema) + sized("avro.codec") + sized(codec) +
         "\0"s + kSync;
}
std::string file_block(int64_t records, std::string_view data) {
  std::string out;
  avro::append_long(out, records);
  return out + sized(data) + kSync;
}
std::string number(int64_t value) {
  std::string out;
  avro::append_long(out, value);
  return out;
}

// What is read of a file, as text: rows, rejects ("! offset reason"), an error at the end.
std::string read_file(const Format& format, std::string bytes, size_t block_bytes = 1 << 20,
                      DecodeRequest request = {}) {
  if (request.needed.empty()) request = request_all(format.schema());
  const auto decoder = format.make_decoder(request);
  FeedOptions options;
  options.block_bytes = block_bytes;
  options.max_record_bytes = 1 << 20;
  const auto feed = make_memory_feed(std::move(bytes), format.cutter(), options);
  std::string text;
  FeedItem item;
  while (feed->claim(item)) {
    if (item.error) {
      text += item.error->message + "\n";
    } else {
      Batch batch;
      batch.sequence = item.block.sequence;
      decoder->decode(item.block, batch);
      REQUIRE(batch.records == batch.rows + batch.rejects.size());
      REQUIRE(lengths_agree(batch));
      text += show(batch);
      for (const auto& r : batch.rejects) text += fmt::format("! {} {}\n", r.offset, r.reason);
    }
    item = FeedItem{};
  }
  return text;
}

std::string sampled_and_read(const std::string& bytes) {
  auto format = make_format(kAvroFormat);
  if (auto r = format->infer(bytes, true); !r) return r.error().message;
  std::string columns;
  for (const auto& column : format->schema())
    columns += column.name + " " + column.type.to_string() + ", ";
  return columns + "\n" + read_file(*format, bytes);
}

std::string error_of_schema(const std::string& fields) {
  const auto node = avro::parse_schema(R"({"type":"record","name":"r","fields":[)" + fields + "]}");
  return node ? "" : node.error().message;
}

}  // namespace

TEST_CASE("avro: numbers") {
  for (const int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1}, int64_t{63}, int64_t{-64},
                              int64_t{64}, int64_t{1} << 40, INT64_MAX, INT64_MIN}) {
    const std::string bytes = number(value);
    size_t at = 0;
    int64_t back = 0;
    REQUIRE(avro::read_long(bytes, at, back) == avro::Status::kDone);
    CHECK(back == value);
    CHECK(at == bytes.size());
    at = 0;
    CHECK(avro::read_long(std::string_view(bytes).substr(0, bytes.size() - 1), at, back) ==
          avro::Status::kShort);
  }
  CHECK(number(-3) == "\5");
  size_t at = 0;
  int64_t value = 0;
  CHECK(avro::read_long("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", at, value) ==
        avro::Status::kDamaged);
}

TEST_CASE("avro: types and unions with null") {
  const std::string schema = R"({"type":"record","name":"r","namespace":"n","fields":[
    {"name":"a","type":["null","long"]}, {"name":"b","type":["string","null"]},
    {"name":"d","type":{"type":"fixed","name":"dec","size":2,"logicalType":"decimal","precision":4,"scale":1}},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}}, {"name":"e2","type":"n.E"},
    {"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"l","type":{"type":"array","items":"boolean"}},
    {"name":"m","type":{"type":"map","values":{"type":"record","name":"s","fields":[{"name":"x","type":"float"}]}}}]})";
  const std::string row = number(1) + number(7) + number(0) + sized("hey") + "\xff\xfe"s +
                          number(1) + number(0) + number(1500) + number(-2) + number(2) + "\1\0"s +
                          number(0) + number(1) + sized("k") + "\0\0\xc0\x3f"s + number(0);
  const std::string nulls = number(0) + number(1) + "\0\x0a"s + number(0) + number(1) + number(-1) +
                            number(0) + number(0);
  CHECK(sampled_and_read(file_head(schema) + file_block(2, row + nulls)) ==
        "a BIGINT, b STRING, d DECIMAL(4, 1), e STRING, e2 STRING, t TIMESTAMP_LTZ(3), l "
        "ARRAY<BOOLEAN>, "
        "m MAP<STRING, ROW<x FLOAT>>, \n"
        "7|hey|-0.2|Y|X|1970-01-01 00:00:01.500|[TRUE, FALSE]|{k=(1.5)}\n"
        "NULL|NULL|1.0|X|Y|1969-12-31 23:59:59.999|[]|{}\n");
}

TEST_CASE("avro: schemas that are not read say why") {
  CHECK(error_of_schema(R"({"name":"u","type":["int","string"]})") ==
        "the field `u` is a union of INT, STRING; of unions those of null and one type are read");
  CHECK(error_of_schema(R"({"name":"u","type":["null",["null","int"]]})") ==
        "the field `u` is a union in a union");
  CHECK(error_of_schema(R"({"name":"next","type":["null","r"]})") ==
        "the field `next` is of the type `r`, which holds itself; such types are not read");
  CHECK(error_of_schema(R"({"name":"x","type":"what"})") ==
        "the field `x` is of the type `what`, which is not known");
  CHECK(error_of_schema(
            R"({"name":"x","type":{"type":"bytes","logicalType":"decimal","precision":60}})") ==
        "the field `x` is decimal(60, 0); at most 38 digits are read");
  CHECK(error_of_schema(R"({"name":"x"})") == "the schema has a field without a name or a type");
  CHECK(avro::parse_schema("\"int\"").error().message == "the schema in the header is no record");
  CHECK(avro::parse_schema("{").error().message == "the schema in the header is no JSON");
  // Names used again double the tree each time: it ends before memory does.
  std::string doubling =
      R"({"name":"f0","type":{"type":"record","name":"t0","fields":[{"name":"x","type":"int"}]}})";
  for (int i = 1; i < 40; ++i)
    doubling += fmt::format(R"(,{{"name":"f{0}","type":{{"type":"record","name":"t{0}","fields":[)"
                            R"({{"name":"a","type":"t{1}"}},{{"name":"b","type":"t{1}"}}]}}}})",
                            i, i - 1);
  CHECK(error_of_schema(doubling).ends_with("makes the schema too large"));
  CHECK(sampled_and_read(file_head(R"({"type":"record","name":"r","fields":[]})", "snappy")) ==
        "the codec `snappy` of the Avro file is not read");
}

TEST_CASE("avro: files of other schemas under declared columns") {
  const auto format =
      make_format(kAvroFormat, {}, {{"n", "BIGINT"}, {"s", "STRING"}, {"gone", "INT"}});
  const std::string old_file =
      file_head(
          R"({"type":"record","name":"r","fields":[{"name":"x","type":"double"},{"name":"n","type":"int"}]})") +
      file_block(1, "12345678" + number(5));
  CHECK(read_file(*format, old_file) == "5|NULL|NULL\n");
  const std::string other =
      file_head(R"({"type":"record","name":"r","fields":[{"name":"s","type":"int"}]})") +
      file_block(1, number(1));
  CHECK(read_file(*format, other).find("this file has the column s as an INT, not a STRING") !=
        std::string::npos);
  // A number that its column does not hold.
  const auto small = make_format(kAvroFormat, {}, {{"n", "TINYINT"}});
  CHECK(
      read_file(*small,
                file_head(R"({"type":"record","name":"r","fields":[{"name":"n","type":"long"}]})") +
                    file_block(2, number(1) + number(1000))) ==
      "1\n! 118 the block is damaged behind record 1 of 2: a number that its column does not "
      "hold\n");
}

TEST_CASE("avro: damage") {
  const std::string head =
      file_head(R"({"type":"record","name":"r","fields":[{"name":"n","type":"long"}]})");
  const std::string good = file_block(2, number(1) + number(2));
  const auto format = make_format(kAvroFormat, {}, {{"n", "BIGINT"}});
  const std::string at = std::to_string(head.size() + good.size());
  for (const size_t block : {size_t{1}, size_t{30}, size_t{1} << 20}) {
    CHECK(read_file(*format, "", block) == "");
    CHECK(read_file(*format, head, block) == "");
    CHECK(read_file(*format, head + good + good, block) == "1\n2\n1\n2\n");
    CHECK(read_file(*format, "id,name\n", block) ==
          "memory: byte 0: this is no Avro object container file\n");
    CHECK(read_file(*format, head.substr(0, 60), block) ==
          "memory: byte 0: the input ends within its header\n");
    CHECK(read_file(*format, head + good + good.substr(0, 9), block) ==
          "1\n2\nmemory: byte " + at + ": the input ends within a record\n");
    CHECK(read_file(*format, head + good + number(-2) + number(9) + "xxxxxxxxxxxxxxxxxxxxxxxxx",
                    block) ==
          "1\n2\nmemory: byte " + at + ": no block of an Avro file begins here\n");
    CHECK(read_file(*format, head + good + number(1) + number(INT64_MAX / 2), block) ==
          "1\n2\nmemory: byte " + at + ": the input ends within a record\n");
  }
  std::string wrong_sync = good;
  wrong_sync.back() = '!';
  CHECK(read_file(*format, head + wrong_sync + good) ==
        fmt::format("1\n2\n! {} the block's sync marker is not that of the file\n", head.size()));
  CHECK(read_file(*format, head + file_block(3, number(1) + number(2)) + good) ==
        fmt::format("1\n2\n1\n2\n! {} the block is damaged behind record 2 of 3: a number that "
                    "does not end\n",
                    head.size()));
  CHECK(read_file(*format, head + file_block(1, number(1) + number(2))) ==
        fmt::format("1\n! {} the block has 1 bytes behind its 1 records\n", head.size()));
  // A count of values without bytes makes no memory.
  const std::string nulls = file_head(
      R"({"type":"record","name":"r","fields":[{"name":"n","type":{"type":"array","items":"null"}}]})");
  const auto list = make_format(kAvroFormat, {}, {{"n", "ARRAY<STRING>"}});
  CHECK(read_file(*list, nulls + file_block(1, number(int64_t{1} << 40) + number(0)))
            .find("a count beyond the block") != std::string::npos);
}

TEST_CASE("avro: what is written is read back, by every codec") {
  const Declared columns = {{"b", "BOOLEAN"},
                            {"i", "BIGINT"},
                            {"h", "SMALLINT"},
                            {"f", "FLOAT"},
                            {"d", "DOUBLE"},
                            {"s", "STRING"},
                            {"y", "BYTES"},
                            {"c", "DECIMAL(38, 3)"},
                            {"t", "TIMESTAMP_LTZ(9)"},
                            {"w", "TIMESTAMP(3)"},
                            {"e", "DATE"},
                            {"o", "TIME(3)"},
                            {"a", "ARRAY<ROW<x INT, y STRING>>"},
                            {"m", "MAP<STRING, ARRAY<DOUBLE>>"}};
  const auto json = make_format(kJsonFormat, {}, columns);
  std::string text;
  std::mt19937_64 random(3);
  for (int i = 0; i < 400; ++i) {
    const auto bits = static_cast<int64_t>(random() >> (i % 64));
    text += fmt::format(
        R"({{"b":{},"i":{},"h":{},"f":0.5,"d":{},"s":"{}","y":"AAE=","c":{}{}.125,"t":"{}-02-03 04:05:06.{:09}Z",)"
        R"("w":"2024-01-31 10:00:00.001","e":"1969-12-31","o":"01:02:03.004","a":[{{"x":{},"y":null}},null],"m":{{"k":[1.5,{}]}}}})"
        "\n",
        i % 2 == 0, i % 3 == 0 ? -bits : bits, i, i * 0.1, std::string(static_cast<size_t>(i), 'z'),
        i % 5 == 0 ? "-" : "", std::abs(bits / 2), 1900 + i % 300, i, i, i);
  }
  text += "{}\n";
  const Decoded rows = decode(*json, text);
  REQUIRE(show_rejects(rows.batch) == "");
  for (const char* codec : {"null", "deflate", "zstandard", "bzip2", "xz"}) {
    const auto writer = make_format(kAvroFormat, {{"codec", text_node(codec)}});
    auto encoder = writer->make_encoder(json->schema(), {});
    std::string bytes;
    encoder->begin(bytes);
    encoder->encode(rows.batch.slice(0, 150), bytes);
    encoder->encode(rows.batch.slice(150, rows.batch.rows), bytes);
    encoder->end(bytes);
    const auto format = make_format(kAvroFormat, {}, columns);
    CHECK(read_file(*format, bytes) == show(rows.batch));
    CHECK(read_file(*format, bytes, 64) == show(rows.batch));
    auto found = make_format(kAvroFormat);
    REQUIRE(found->infer(bytes, true));
    CHECK(found->schema().size() == columns.size());
    CHECK(found->schema()[7].type == Type::decimal(38, 3));
    CHECK(found->schema()[8].type == Type::timestamp_ltz(9));
    // Only what is needed is decoded, the rest passed over.
    DecodeRequest some;
    some.needed.assign(columns.size(), false);
    some.needed[5] = some.needed[13] = true;
    const std::string part = read_file(*format, bytes, 1 << 20, some);
    CHECK(part.starts_with("-|-|-|-|-||-|-|-|-|-|-|-|{k=[1.5, 0.0]}\n"));
    // Any damage is told and harms nothing.
    for (int round = 0; round < 200; ++round) {
      std::string damaged = bytes;
      for (int i = 0; i <= round % 3; ++i)
        damaged[random() % damaged.size()] = static_cast<char>(random());
      damaged.resize(damaged.size() - (round % 2 == 0 ? 0 : random() % 1000));
      read_file(*format, damaged);
    }
  }
}

TEST_CASE("avro: names that Avro does not have") {
  const auto schema =
      avro::parse_schema(avro::schema_text(Schema({{"a b", Type::integer()},
                                                   {"a.b", Type::row({{"1", Type::integer()}})},
                                                   {"", Type::string()}})));
  REQUIRE(schema.has_value());
  CHECK(schema->names == std::vector<std::string>{"a_b", "a_b_", "_"});
  CHECK(schema->type.to_string() == "ROW<a_b INT, a_b_ ROW<_ INT>, _ STRING>");
}
