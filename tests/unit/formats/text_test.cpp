#include <random>

#include <catch2/catch.hpp>

#include "block_decoding.h"
#include "formats/format_list.h"
#include "formats/simd.h"

using namespace weir;
using namespace weir::test;

namespace {

using Op = PushedPredicate::Op;

DecodeRequest request_for(std::vector<PushedPredicate> predicates) {
  DecodeRequest request;
  request.needed = {true};
  request.predicates = std::move(predicates);
  request.want_raw = true;
  return request;
}

}  // namespace

TEST_CASE("text: a row per line") {
  const auto format = make_format(kTextFormat);
  CHECK(format->schema().to_string() == "(line STRING)");
  CHECK(show(decode(*format, "one\n\ntwo\r\nthree").batch) == "one\n\ntwo\nthree\n");
  CHECK(decode(*format, "").batch.records == 0);
  CHECK(decode(*format, "\n").batch.records == 1);
  CHECK(decode(*format, "a\nb").batch.records == 2);
  CHECK(show(decode(*format, "\xEF\xBB\xBFx\n").batch) == "x\n");
  CHECK(show(decode(*format, "\xEF\xBB\xBFx\n", request_for({}), false).batch) ==
        "\xEF\xBB\xBFx\n");
  CHECK(make_format(kTextFormat, {{"column", text_node("message")}})->schema().to_string() ==
        "(message STRING)");
}

TEST_CASE("text: lines are counted without being made") {
  const auto format = make_format(kTextFormat);
  DecodeRequest request;
  request.needed = {false};
  const Decoded d = decode(*format, "a\nb\nc", request);
  CHECK(d.batch.rows == 3);
  CHECK(d.batch.records == 3);
  CHECK(d.batch.columns[0] == nullptr);
}

TEST_CASE("text: a searched text gives the lines around its hits") {
  const auto format = make_format(kTextFormat);
  const std::string text = "x error one\r\nnothing\nerror error\nerr or\nlast error";
  const Decoded d =
      decode(*format, text, request_for({{0, Op::kContains, Value::string("error")}}));
  CHECK(show(d.batch) == "x error one\nerror error\nlast error\n");
  CHECK(d.batch.records == 5);
  CHECK(d.batch.raw[2].view() == "last error");
  const auto kept = [&](Op op, const std::string& literal) {
    return show(decode(*format, text, request_for({{0, op, Value::string(literal)}})).batch);
  };
  CHECK(kept(Op::kStartsWith, "err") == "error error\nerr or\n");
  CHECK(kept(Op::kEndsWith, "one") == "x error one\n");
  CHECK(kept(Op::kEq, "nothing") == "nothing\n");
  CHECK(kept(Op::kNe, "nothing") == "x error one\nerror error\nerr or\nlast error\n");
  CHECK(kept(Op::kContains, "") == "x error one\nnothing\nerror error\nerr or\nlast error\n");
  CHECK(kept(Op::kContains, "\n").empty());
  CHECK(kept(Op::kContains, "one\r").empty());
  CHECK(kept(Op::kLt, "f") == "error error\nerr or\n");
  CHECK(show(decode(*format, text,
                    request_for({{0, Op::kContains, Value::string("error")},
                                 {0, Op::kContains, Value::string("x")}}))
                 .batch) == "x error one\n");
}

TEST_CASE("text: searching and reading agree on random input at every instruction set") {
  std::mt19937 random(5);
  const auto format = make_format(kTextFormat);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    const size_t size = random() % 1000;
    for (size_t i = 0; i < size; ++i) text += "ab \n\r"[random() % (random() % 4 == 0 ? 5 : 3)];
    std::string literal;
    for (size_t i = 0; i < 1 + random() % 4; ++i) literal += "ab "[random() % 3];
    std::string expected;
    size_t records = 0;
    for (size_t at = 0; at < text.size(); ++records) {
      const size_t end = std::min(text.find('\n', at), text.size());
      std::string line = text.substr(at, end - at);
      if (line.ends_with('\r')) line.pop_back();
      if (line.find(literal) != std::string::npos) expected += line + "\n";
      at = end + 1;
    }
    for (const SimdLevel level : kSimdLevels) {
      if (scanners_of(level) == nullptr) continue;
      use_scanners(scanners_of(level));
      const Decoded d =
          decode(*format, text, request_for({{0, Op::kContains, Value::string(literal)}}));
      use_scanners(nullptr);
      REQUIRE(show(d.batch) == expected);
      REQUIRE(d.batch.records == records);
    }
  }
}

TEST_CASE("text: records of several lines") {
  const auto format = make_format(kTextFormat, {{"record_start", text_node("^\\d{4}-")}});
  const std::string text =
      "stray\n2024-01-01 error\r\n  at a\r\n  at b\r\n2024-01-02 ok\n2024-01-03 end";
  const Decoded d = decode(*format, text);
  REQUIRE(d.batch.rows == 4);
  const auto value = [&](size_t i) {
    return std::string(d.batch.columns[0]->at<StringRef>(i).view());
  };
  CHECK(value(0) == "stray");
  CHECK(value(1) == "2024-01-01 error\r\n  at a\r\n  at b");
  CHECK(value(3) == "2024-01-03 end");
  CHECK(d.batch.records == 4);
  CHECK(
      show(decode(*format, text, request_for({{0, Op::kContains, Value::string("at b")}})).batch) ==
      "2024-01-01 error\r\n  at a\r\n  at b\n");
  Errors errors;
  CHECK(make_format(kTextFormat, {{"record_start", text_node("(")}}, errors) == nullptr);
  CHECK(errors.size() == 1);
}

TEST_CASE("text: one declared STRING names the column") {
  CHECK(make_format(kTextFormat, {}, {{"m", "STRING"}})->schema().to_string() == "(m STRING)");
  Errors errors;
  CHECK(make_format(kTextFormat, {}, errors, {{"m", "INT"}, {"n", "STRING"}}) == nullptr);
  CHECK(errors.size() == 2);
}

TEST_CASE("text: values are written as they are, several with tabs between") {
  const auto format = make_format(kTextFormat);
  CHECK(encode(*format, format->schema(), decode(*format, "a\n\nb\n").batch) == "a\n\nb\n");
  Schema schema({{"n", Type::bigint()}, {"s", Type::string()}});
  Batch batch;
  batch.rows = 2;
  batch.columns = {make_column(Type::bigint()), make_column(Type::string())};
  batch.columns[0]->push(int64_t{1});
  batch.columns[0]->push_null();
  batch.columns[1]->push(StringRef("x"));
  batch.columns[1]->push(StringRef("y"));
  CHECK(encode(*format, schema, batch) == "1\tx\n\ty\n");
}
