#include "formats/json_prefilter.h"

#include <catch2/catch.hpp>
#include <random>

#include "block_decoding.h"
#include "formats/column_predicate.h"
#include "formats/json_decoder.h"

using namespace weir;
using namespace weir::test;

namespace {

using Op = PushedPredicate::Op;

const std::vector<ScanLevel> kLevels = [] {
  std::vector<ScanLevel> levels = {ScanLevel::kScalar};
  if (scan_level() != ScanLevel::kScalar) levels.push_back(ScanLevel::kSse2);
  if (scan_level() == ScanLevel::kAvx2) levels.push_back(ScanLevel::kAvx2);
  return levels;
}();

// Is the predicate TRUE for row i? An independent reading, by values.
bool holds(const PushedPredicate& p, const Column& column, size_t i) {
  if (column.is_null(i)) return false;
  int order;
  if (column.type().is_text()) {
    const std::string_view value = column.at<StringRef>(i).view();
    if (p.op == Op::kContains) return value.find(p.value.text) != std::string_view::npos;
    if (p.op == Op::kStartsWith) return value.starts_with(p.value.text);
    if (p.op == Op::kEndsWith) return value.ends_with(p.value.text);
    order = value.compare(p.value.text);
  } else {
    const Value v = value_at(column, i);
    const auto real = [](const Value& x) {
      if (x.type.is_approximate()) return static_cast<long double>(x.real);
      auto r = static_cast<long double>(x.number);
      for (int k = 0; k < x.type.scale; ++k) r /= 10;
      return r;
    };
    const long double a = real(v);
    const long double b = real(p.value);
    order = a < b ? -1 : (a > b ? 1 : 0);
  }
  switch (p.op) {
    case Op::kEq: return order == 0;
    case Op::kNe: return order != 0;
    case Op::kLt: return order < 0;
    case Op::kLe: return order <= 0;
    case Op::kGt: return order > 0;
    default: return order >= 0;
  }
}

std::string random_line(std::mt19937& random) {
  const auto pick = [&random](const std::vector<std::string>& texts) {
    return texts[random() % texts.size()];
  };
  const std::vector<std::string> keys = {"\"amount\"",      "\"amount\" ",    "\"am\\u006funt\"",
                                         "\"amoun\"",       "\"xamount\"",    "\"amount2\"",
                                         "\"x\\\"amount\"", "\"other\"",      "\"AMOUNT\"",
                                         "\"a\"",           "\"amount\\\\\"", "\"\""};
  const std::vector<std::string> values = {"0",
                                           "-0",
                                           "5",
                                           "999",
                                           "1000",
                                           "1001",
                                           "1000.0",
                                           "1000.01",
                                           "999.999",
                                           "1e3",
                                           "1.0e3",
                                           "1E4",
                                           "-1000",
                                           "1000000",
                                           "9999999",
                                           "12345678",
                                           "1e400",
                                           "1000.5",
                                           "0.5",
                                           "00",
                                           "01",
                                           "1.",
                                           ".5",
                                           "1..2",
                                           "1.2.3",
                                           "-",
                                           "null",
                                           "nul",
                                           "true",
                                           "\"1000\"",
                                           "\"amount\"",
                                           "\"x\"",
                                           "\"error\"",
                                           "\"error\\n\"",
                                           "\"err\"",
                                           "\"\"",
                                           "[1000]",
                                           "{\"amount\":5}",
                                           "{\"amount\":5000}",
                                           "[{\"amount\":2000}]",
                                           "9007199254740993",
                                           "1000.00000000000001",
                                           "123456789012345678901",
                                           "\"a,\\\"amount\\\":5\"",
                                           "\"{\"",
                                           "\"}\"",
                                           "\" 5 \"",
                                           "\xC3\xA9",
                                           "\"\xC3\xA9\""};
  std::string line = pick({"", "", "", " ", "\t"}) + "{";
  const size_t fields = random() % 5;
  for (size_t i = 0; i < fields; ++i) {
    if (i > 0) line += pick({",", ",", ",", ", ", " ,", ""});
    line += pick(keys) + pick({":", ":", " : ", ": "}) + pick(values) + pick({"", "", " "});
  }
  line += pick({"}", "}", "}", "}", "} ", "", "}}", "}\r"});
  if (random() % 20 == 0) line.erase(random() % line.size());  // torn
  if (random() % 20 == 0) line.insert(random() % (line.size() + 1), "\"");
  return line;
}

}  // namespace

TEST_CASE("json pre-filter: dropping early is filtering late") {
  const std::vector<std::pair<Type, std::vector<Value>>> columns = {
      {Type::bigint(), {Value::bigint(1000), Value::float64(1000), Value::float64(999.5)}},
      {Type::integer(), {Value::integer(1000)}},
      {Type{TypeId::kTinyInt}, {Value::integer(5)}},
      {Type::float64(), {Value::integer(1000), Value::float64(1000), Value::float64(0.5)}},
      {Type::decimal(10, 2), {Value::integer(1000)}},
      {Type::string(), {Value::string("error"), Value::string(""), Value::string("r")}}};
  std::mt19937 random(11);
  size_t dropped = 0;
  for (const auto& [type, literals] : columns) {
    const std::vector<JsonColumn> schema = {{"amount", type, {}, {"amount"}}};
    for (const Value& literal : literals) {
      for (const Op op : {Op::kEq, Op::kNe, Op::kLt, Op::kLe, Op::kGt, Op::kGe, Op::kContains,
                          Op::kStartsWith, Op::kEndsWith}) {
        if (op >= Op::kContains && !type.is_text()) continue;
        std::string text;
        for (int i = 0; i < 400; ++i) text += random_line(random) + "\n";
        const Block block = make_block(text, true, '"');
        DecodeRequest plain;
        plain.needed = {true};
        plain.want_raw = true;
        Batch all;
        make_json_decoder(schema, plain, utc(), 0)->decode(block, all);
        PushedPredicate predicate;
        predicate.op = op;
        predicate.value = literal;
        std::string wanted;
        for (size_t i = 0; i < all.rows; ++i)
          if (holds(predicate, *all.columns[0], i)) wanted += std::string(all.raw[i].view()) + "\n";

        std::string first;
        for (const ScanLevel level : kLevels) {
          DecodeRequest pushed = plain;
          pushed.predicates = {predicate};
          Batch some;
          make_json_decoder(schema, pushed, utc(), 0, level)->decode(block, some);
          std::string seen;
          for (size_t i = 0; i < some.rows; ++i)
            if (holds(predicate, *some.columns[0], i))
              seen += std::string(some.raw[i].view()) + "\n";
          CHECK(seen == wanted);
          CHECK(some.records == all.records);
          CHECK(some.rejects.size() <= all.rejects.size());
          dropped += all.rows - some.rows;
          const std::string everything = show(some) + show_rejects(some);
          if (level == kLevels[0]) first = everything;
          CHECK(everything == first);
        }
      }
    }
  }
  CHECK(dropped > 1000);  // it does something
}

TEST_CASE("json pre-filter: torn lines are refused, not dropped") {
  const std::vector<JsonColumn> schema = {{"amount", Type::float64(), {}, {"amount"}}};
  DecodeRequest request;
  request.needed = {true};
  PushedPredicate predicate;
  predicate.op = Op::kGt;
  predicate.value = Value::integer(1000);
  request.predicates = {predicate};
  for (const char* line :
       {"{\"amount\":5", "\"amount\":5}", "{\"id\":1,\"am{\"id\":2,\"amount\":5}",
        "{\"amount\":5}}", "{\"id\":1,{\"amount\":5}", "amount", "{\"amount\":05}",
        "{\"amount\":5x}", "{\"x\":\"}"}) {
    INFO(line);
    const Block block = make_block(std::string(line) + "\n{\"amount\":1001}\n{\"amount\":1}\n");
    Batch batch;
    make_json_decoder(schema, request, utc(), 0)->decode(block, batch);
    CHECK(show(batch) == "1001.0\n");
    CHECK(batch.rejects.size() == 1);
    CHECK(batch.records == 3);
  }
}

TEST_CASE("json pre-filter: literals that it cannot compare are left alone") {
  PushedPredicate p;
  p.op = Op::kGt;
  p.value = Value::string("x");
  CHECK_FALSE(JsonPrefilter::make("a", Type::bigint(), p));
  p.value = Value::null();
  CHECK_FALSE(JsonPrefilter::make("a", Type::bigint(), p));
  p.value = Value::float64(std::nan(""));
  CHECK_FALSE(JsonPrefilter::make("a", Type::float64(), p));
  p.value = Value::integer(1);
  CHECK_FALSE(JsonPrefilter::make("a", Type::string(), p));
  CHECK_FALSE(JsonPrefilter::make("", Type::bigint(), p));
  CHECK_FALSE(JsonPrefilter::make("a\"b", Type::bigint(), p));
  CHECK_FALSE(JsonPrefilter::make(std::string(61, 'k'), Type::bigint(), p));
  CHECK_FALSE(JsonPrefilter::make("a", Type{TypeId::kFloat}, p));
  CHECK(JsonPrefilter::make("a", Type::bigint(), p));
}

TEST_CASE("json scan: all levels find the same lines") {
  std::mt19937 random(5);
  const std::string alphabet = "\"\"\\{}\nab:, keykey";
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const size_t size = random() % 400;
    while (text.size() < size) {
      if (random() % 8 == 0) {
        text += "\"key\"";
      } else {
        text += alphabet[random() % alphabet.size()];
      }
    }
    const Block block = make_block(text, true, '"');
    for (const std::string& name :
         {std::string("key"), std::string("k"), std::string("keykeykeykeykeykey")}) {
      const ScanKey key(name);
      std::vector<std::vector<ScannedLine>> results;
      for (const ScanLevel level : kLevels) {
        for (const size_t limit : {1UL, 3UL, 1000UL}) {
          std::vector<ScannedLine> lines;
          size_t pos = 0;
          while (pos < block.bytes.size()) {
            std::vector<ScannedLine> some(limit);
            const size_t count = scan_function(level)(block.bytes, key, pos, some.data(), limit);
            lines.insert(lines.end(), some.begin(), some.begin() + static_cast<ptrdiff_t>(count));
          }
          results.push_back(std::move(lines));
        }
      }
      for (const auto& result : results) {
        REQUIRE(result.size() == results[0].size());
        for (size_t i = 0; i < result.size(); ++i) {
          CHECK(result[i].begin == results[0][i].begin);
          CHECK(result[i].end == results[0][i].end);
          CHECK(result[i].flags == results[0][i].flags);
          if ((result[i].flags & (ScannedLine::kKeyOnce | ScannedLine::kKeyMany)) != 0)
            CHECK(result[i].key == results[0][i].key);
        }
      }
    }
  }
}
