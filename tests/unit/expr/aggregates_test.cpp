// Aggregate functions: their examples, edges, and that no split of the rows over states shows.

#include <algorithm>
#include <cmath>
#include <random>

#include "expr/aggregates/row_codec.h"
#include "expr_tester.h"
#include "state/snapshot.h"

namespace weir {

namespace {

// One aggregate call over a table.
class Call {
 public:
  Call(Table& table, const std::string& text) : table_(table) {
    NamedTexts texts(1);
    texts[0].name = "r";
    texts[0].value = SourceText(text);
    auto binding = bind_aggregates(texts, table.schema, {});
    INFO(text << ": " << (binding ? "" : binding.error().message));
    REQUIRE(binding.has_value());
    REQUIRE(binding->aggregates.size() == 1);
    call_ = binding->aggregates[0];
  }
  const Aggregate& function() const { return *call_.function; }

  // A state, owned.
  class State {
   public:
    explicit State(const Aggregate& function)
        : function_(function), bytes_(function.state_size() / 8) {
      function.init(at());
    }
    ~State() { function_.destroy(at()); }
    State(const State&) = delete;
    char* at() { return reinterpret_cast<char*>(bytes_.data()); }

   private:
    const Aggregate& function_;
    std::vector<uint64_t> bytes_;
  };

  // Adds rows [begin, end) of the table.
  void update(State& state, size_t begin, size_t end) {
    Batch part = table_.batch.shell();
    part.columns = table_.batch.columns;
    std::vector<uint32_t> rows;
    for (size_t i = begin; i < end; ++i) rows.push_back(static_cast<uint32_t>(i));
    part.select(rows);
    std::vector<ColumnPtr> args;
    for (const auto& arg : call_.args) args.push_back(arg->eval(part, table_.context));
    function().update({state.at(), function().state_size()}, nullptr, args, part.rows, part,
                      table_.context);
  }
  std::string finish(State& state) {
    table_.context.errors.clear();
    auto out = make_column(function().result_type());
    function().finish(state.at(), *out, table_.arena, table_.context);
    REQUIRE(out->size() == 1);
    if (!table_.context.errors.empty()) {
      CHECK(out->is_null(0));
      return "! " + table_.context.errors[0].reason;
    }
    return out->is_null(0) ? "NULL" : text_at(*out, 0);
  }
  std::string result() {
    State state(function());
    update(state, 0, table_.batch.rows);
    return finish(state);
  }

 private:
  Table& table_;
  BoundAggregate call_;
};

std::string over(const std::string& text, const std::string& type,
                 const std::vector<std::string>& values) {
  Table table;
  table.add("x", type, values);
  return Call(table, text).result();
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      parts.push_back(part);
      part.clear();
    } else if (c != ' ' || !part.empty()) {
      part += c;
    }
  }
  parts.push_back(part);
  return parts;
}

// Random values with NULLs and repetitions.
void add_random_columns(Table& table, std::mt19937_64& random, size_t rows) {
  std::vector<std::string> ints, doubles, decimals, strings;
  for (size_t i = 0; i < rows; ++i) {
    const bool null = random() % 8 == 0;
    ints.push_back(null ? "NULL" : std::to_string(static_cast<int64_t>(random() % 2001) - 1000));
    doubles.push_back(
        null ? "NULL"
             : std::to_string(std::ldexp(static_cast<double>(random() % 100000) - 50000,
                                         static_cast<int>(random() % 40) - 20)) +
                   "e0");
    decimals.push_back(null ? "NULL"
                            : std::to_string(static_cast<int64_t>(random() % 100000)) + ".25");
    strings.push_back(null ? "NULL" : "'s" + std::to_string(random() % 50) + "'");
  }
  table.add("i", "BIGINT", ints)
      .add("d", "DOUBLE", doubles)
      .add("m", "DECIMAL(20, 2)", decimals)
      .add("s", "STRING", strings);
}

}  // namespace

TEST_CASE("every aggregate function's example holds") {
  std::string before;
  for (const auto* descriptor : aggregate_functions()) {
    CHECK(before < std::string(descriptor->name));
    before = descriptor->name;
    CHECK(find_aggregate(descriptor->name) == descriptor);
    const std::string example(descriptor->example);
    INFO(example);
    const size_t over_at = example.find(" over ");
    const size_t result_at = example.find(" -> ");
    REQUIRE(over_at != std::string::npos);
    REQUIRE(result_at != std::string::npos);
    Table table;
    const auto values = split_list(example.substr(over_at + 6, result_at - over_at - 6));
    if (values[0][0] == '(') {
      std::vector<std::string> keys, items;
      for (const auto& v : values) {
        const auto pair = split_list(v.substr(1, v.size() - 2));
        keys.push_back(pair[0]);
        items.push_back(pair[1]);
      }
      table.add("k", "STRING", keys).add("x", "INT", items);
    } else {
      const bool text = values[0][0] == '\'';
      table.add("x", text ? "STRING" : "INT", values).add("s", "STRING", values);
    }
    CHECK(Call(table, example.substr(0, over_at)).result() == example.substr(result_at + 4));
  }
  CHECK(find_aggregate("SUMM") == nullptr);
}

TEST_CASE("no rows give NULL, and COUNT 0") {
  Table table;
  std::mt19937_64 random(1);
  add_random_columns(table, random, 0);
  for (const char* text : {"COUNT(*)", "COUNT(i)", "APPROX_COUNT_DISTINCT(s)", "COUNT(DISTINCT s)"})
    CHECK(Call(table, text).result() == "0");
  for (const char* text :
       {"SUM(i)", "SUM(d)", "SUM(m)", "AVG(i)", "AVG(m)", "MEAN(d)", "MIN(i)", "MAX(s)", "MIN(m)",
        "FIRST_VALUE(s)", "STDDEV_POP(d)", "VAR_SAMP(i)", "MEDIAN(d)", "APPROX_PERCENTILE(d, 0.5)",
        "LISTAGG(s)", "COLLECT(s)", "ARRAY_AGG(i)", "JSON_ARRAYAGG(i)", "SUM(DISTINCT i)"})
    CHECK(Call(table, text).result() == "NULL");
}

TEST_CASE("aggregates skip NULLs") {
  CHECK(over("COUNT(x)", "INT", {"NULL", "NULL"}) == "0");
  CHECK(over("COUNT(*)", "INT", {"NULL", "NULL"}) == "2");
  CHECK(over("SUM(x)", "INT", {"NULL"}) == "NULL");
  CHECK(over("MAX(x)", "INT", {"NULL", "-5", "NULL"}) == "-5");
  CHECK(over("VAR_SAMP(x)", "DOUBLE", {"1e0", "NULL"}) == "NULL");
}

TEST_CASE("integer sums are exact and refuse to overflow") {
  CHECK(over("SUM(x)", "BIGINT", {"9223372036854775807", "1", "-1"}) == "9223372036854775807");
  CHECK(over("SUM(x)", "BIGINT", {"9223372036854775807", "1"}) == "! SUM overflows BIGINT");
  CHECK(over("SUM(x)", "BIGINT", {"-9223372036854775808", "-1"}) == "! SUM overflows BIGINT");
  CHECK(over("SUM(x)", "TINYINT", {"127", "127"}) == "254");
  Table table;
  table.add("x", "BIGINT", {"9223372036854775807", "1"});
  table.context.wrap_overflow = true;
  CHECK(Call(table, "SUM(x)").result() == "-9223372036854775808");
}

TEST_CASE("decimal sums are exact") {
  CHECK(over("SUM(x)", "DECIMAL(38, 2)", {"999999999999999999999999999999999999.99", "-0.99"}) ==
        "999999999999999999999999999999999999.00");
  const std::string big(38, '9');
  // Beyond 128 bits on the way, and back.
  CHECK(over("SUM(x)", "DECIMAL(38, 0)", {big, big, big, "-" + big, "-" + big}) == big);
  CHECK(over("SUM(x)", "DECIMAL(38, 0)", {big, big}) == "! SUM overflows DECIMAL(38, 0)");
}

TEST_CASE("sums of doubles do not lose small terms") {
  CHECK(over("SUM(x)", "DOUBLE", {"1e16", "1e0", "-1e16"}) == "1.0");
  CHECK(over("SUM(x)", "DOUBLE", {"0.1e0", "0.2e0", "-0.3e0"}) != "0.0");  // what the doubles are
  CHECK(over("MEAN(x)", "DOUBLE", {"1e16", "2e0", "-1e16"}) == "0.6666666666666666");
}

TEST_CASE("AVG follows Flink, MEAN is a DOUBLE") {
  CHECK(over("AVG(x)", "INT", {"1", "2"}) == "1");
  CHECK(over("AVG(x)", "INT", {"-1", "-2"}) == "-1");
  CHECK(over("MEAN(x)", "INT", {"-1", "-2"}) == "-1.5");
  CHECK(over("AVG(x)", "DECIMAL(10, 2)", {"1.00", "2.00", "2.00"}) == "1.666667");
  CHECK(over("AVG(x)", "DECIMAL(10, 2)", {"-1.00", "-2.00", "-2.00"}) == "-1.666667");
  CHECK(over("AVG(x)", "DECIMAL(10, 8)", {"0.00000001", "0.00000002"}) == "0.00000002");
  CHECK(over("MEAN(x)", "DECIMAL(10, 2)", {"1.50", "2.50"}) == "2.0");
  CHECK(over("MEAN(x)", "BIGINT", {"9223372036854775807", "9223372036854775807"}) ==
        "9.223372036854776E18");
}

TEST_CASE("MIN and MAX take every comparable type") {
  CHECK(over("MIN(x)", "STRING", {"'b'", "'a'", "''", "'ab'"}) == "");
  CHECK(over("MAX(x)", "STRING", {"'b'", "'a'", "'ba'"}) == "ba");
  CHECK(over("MAX(x)", "STRING", {"''"}) == "");
  CHECK(over("MIN(x)", "DATE", {"DATE '2024-02-01'", "DATE '1969-12-31'"}) == "1969-12-31");
  CHECK(over("MAX(x)", "DECIMAL(30, 2)", {"-1.00", "12345678901234567890.12"}) ==
        "12345678901234567890.12");
  CHECK(over("MIN(x)", "DECIMAL(30, 2)", {"-1.00", "-12345678901234567890.12"}) ==
        "-12345678901234567890.12");
  CHECK(over("MIN(x)", "DOUBLE", {"-0.5e0", "-1.5e0", "3e0"}) == "-1.5");
  CHECK(over("MAX(x)", "FLOAT", {"-0.5e0", "-1.5e0"}) == "-0.5");
  CHECK(over("MAX(x)", "BOOLEAN", {"FALSE", "TRUE"}) == "TRUE");
  CHECK(over("MAX(x)", "BIGINT", {"-9223372036854775808"}) == "-9223372036854775808");
}

TEST_CASE("variances of integers are cut, of doubles not") {
  CHECK(over("VAR_POP(x)", "INT", {"1", "2", "4"}) == "1");
  CHECK(over("VAR_POP(x)", "DOUBLE", {"1e0", "2e0", "4e0"}) == "1.5555555555555556");
  CHECK(over("STDDEV_POP(x)", "DOUBLE", {"1e9", "1000000001e0"}) == "0.5");
  CHECK(over("VAR_SAMP(x)", "DOUBLE", {"1e15", "1000000000000001e0", "1000000000000002e0"}) ==
        "1.0");
  CHECK(over("VAR_POP(x)", "BIGINT", {"9223372036854775807", "9223372036854775805"}) == "1");
  CHECK(over("VAR_SAMP(x)", "BIGINT", {"9223372036854775807", "-9223372036854775808", "0"}) ==
        "9223372036854774784");  // the largest double below 2^63: the variance itself does not fit
  CHECK(over("STDDEV_SAMP(x)", "BIGINT", {"9223372036854775807", "9223372036854775803"}) == "2");
  CHECK(over("STDDEV_POP(x)", "INT", {"1", "7", "1", "7"}) == "3");
  CHECK(over("VAR_POP(x)", "DECIMAL(10, 1)", {"1.0", "2.0"}) == "0.250000");
}

TEST_CASE("percentiles interpolate linearly") {
  CHECK(over("PERCENTILE(x, 0.25)", "INT", {"10", "20", "30", "NULL"}) == "15.0");
  CHECK(over("PERCENTILE(x, ARRAY[0, 0.5, 1])", "INT", {"3", "1", "2"}) == "[1.0, 2.0, 3.0]");
  CHECK(over("PERCENTILE(x, 0.5, 3)", "INT", {"1", "5"}) == "3.0");
  CHECK(over("PERCENTILE(x, 0.5, CASE WHEN x < 3 THEN x ELSE -1 END)", "INT", {"1", "2", "9"}) ==
        "2.0");
  CHECK(over("MEDIAN(x)", "DECIMAL(5, 1)", {"1.5", "2.5"}) == "2.0");
  Table table;
  table.add("x", "INT", {"1"}).add("f", "DOUBLE", {"0.5e0"});
  NamedTexts texts(1);
  for (const char* wrong :
       {"PERCENTILE(x, 1.5)", "PERCENTILE(x, f)", "PERCENTILE(x)", "PERCENTILE(x, -0.1)"}) {
    texts[0].name = "r";
    texts[0].value = SourceText(wrong);
    INFO(wrong);
    CHECK(!bind_aggregates(texts, table.schema, {}).has_value());
  }
}

TEST_CASE("approximate percentiles are within 1 %") {
  std::mt19937_64 random(3);
  std::vector<double> values;
  Table table;
  auto column = make_column(Type::float64());
  for (int i = 0; i < 20000; ++i) {
    values.push_back(std::exp(static_cast<double>(random() % 20000) / 1000.0 - 10) *
                     (random() % 4 == 0 ? -1 : 1));
    column->push<double>(values.back());
  }
  table.schema.add("x", Type::float64());
  table.batch.columns.push_back(column);
  table.batch.rows = values.size();
  std::sort(values.begin(), values.end());
  for (const double p : {0.0, 0.1, 0.5, 0.9, 0.99, 1.0}) {
    const double exact = values[static_cast<size_t>(p * static_cast<double>(values.size() - 1))];
    const double approx =
        std::stod(Call(table, "APPROX_PERCENTILE(x, " + std::to_string(p) + ")").result());
    CHECK(std::fabs(approx - exact) <= 0.0101 * std::fabs(exact));
  }
}

TEST_CASE("approximate distinct counts are close") {
  for (const size_t distinct : {1u, 100u, 300u, 5000u, 100000u}) {
    Table table;
    auto column = make_column(Type::bigint());
    for (size_t i = 0; i < distinct * 2; ++i)
      column->push<int64_t>(static_cast<int64_t>(i % distinct) * 7919);
    table.schema.add("x", Type::bigint());
    table.batch.columns.push_back(column);
    table.batch.rows = distinct * 2;
    const double estimate = std::stod(Call(table, "APPROX_COUNT_DISTINCT(x)").result());
    CHECK(std::fabs(estimate - static_cast<double>(distinct)) <=
          0.06 * static_cast<double>(distinct));
  }
}

TEST_CASE("lists come in input order") {
  CHECK(over("LISTAGG(x)", "STRING", {"'b'", "NULL", "'a'", "''"}) == "b,a,");
  CHECK(over("ARRAY_AGG(x)", "INT", {"2", "NULL", "1"}) == "[2, NULL, 1]");
  CHECK(over("JSON_ARRAYAGG(x)", "STRING", {"'a\"b'", "NULL"}) == "[\"a\\\"b\"]");
  CHECK(over("JSON_ARRAYAGG(x)", "STRING", {"NULL"}) == "[]");
  Table pairs;
  pairs.add("k", "STRING", {"'b'", "'a'", "'b'"})
      .add("x", "INT", {"1", "2", "3"})
      .add("n", "STRING", {"'b'", "NULL", "'c'"});
  CHECK(Call(pairs, "JSON_OBJECTAGG(KEY k VALUE x)").result() == "{\"a\":2,\"b\":3}");
  CHECK(Call(pairs, "JSON_OBJECTAGG(KEY n VALUE x)").result() ==
        "! a key of JSON_OBJECTAGG is NULL");
  CHECK(over("FIRST_VALUE(x)", "INT", {"NULL", "7", "8"}) == "7");
  CHECK(over("LAST_VALUE(x)", "INT", {"7", "8", "NULL"}) == "8");
}

TEST_CASE("DISTINCT passes every value once") {
  CHECK(over("COUNT(DISTINCT x)", "INT", {"1", "1", "NULL", "NULL", "2"}) == "2");
  CHECK(over("SUM(DISTINCT x)", "INT", {"5", "5", "-1"}) == "4");
  CHECK(over("LISTAGG(DISTINCT x, '+')", "STRING", {"'b'", "'a'", "'b'"}) == "b+a");
  CHECK(over("ARRAY_AGG(DISTINCT x)", "INT", {"3", "NULL", "3", "NULL"}) == "[3, NULL]");
  CHECK(over("COUNT(DISTINCT x)", "DOUBLE", {"0e0", "-0e0", "1e0"}) == "2");
  Table table;
  table.add("x", "INT", {"1", "1", "1", "NULL"}).add("y", "STRING", {"'a'", "'b'", "'a'", "'a'"});
  CHECK(Call(table, "COUNT(DISTINCT x, y)").result() == "2");
}

TEST_CASE("no split of the rows over states, merge order or snapshot shows in a result") {
  std::mt19937_64 random(11);
  Table table;
  add_random_columns(table, random, 600);
  const std::vector<std::string> calls = {"COUNT(*)",
                                          "COUNT(i)",
                                          "SUM(i)",
                                          "SUM(d)",
                                          "SUM(m)",
                                          "AVG(i)",
                                          "AVG(d)",
                                          "AVG(m)",
                                          "MEAN(i)",
                                          "MEAN(d)",
                                          "MEAN(m)",
                                          "MIN(i)",
                                          "MAX(d)",
                                          "MIN(m)",
                                          "MAX(s)",
                                          "MIN(s)",
                                          "FIRST_VALUE(s)",
                                          "LAST_VALUE(d)",
                                          "STDDEV_POP(d)",
                                          "STDDEV_SAMP(i)",
                                          "VAR_POP(m)",
                                          "VAR_SAMP(d)",
                                          "VARIANCE(d)",
                                          "STDDEV(d)",
                                          "PERCENTILE(d, 0.9)",
                                          "PERCENTILE(i, ARRAY[0.1, 0.5])",
                                          "PERCENTILE(d, 0.3, 2)",
                                          "MEDIAN(m)",
                                          "APPROX_PERCENTILE(d, 0.9)",
                                          "APPROX_COUNT_DISTINCT(i)",
                                          "APPROX_COUNT_DISTINCT(s)",
                                          "LISTAGG(s)",
                                          "LISTAGG(DISTINCT s, '')",
                                          "ARRAY_AGG(i)",
                                          "COLLECT(s)",
                                          "JSON_ARRAYAGG(m)",
                                          "JSON_OBJECTAGG(KEY COALESCE(s, '') VALUE i)",
                                          "COUNT(DISTINCT i)",
                                          "SUM(DISTINCT d)",
                                          "MAX(DISTINCT s)"};
  for (const auto& text : calls) {
    INFO(text);
    Call call(table, text);
    const Aggregate& function = call.function();
    const std::string expected = call.result();
    CHECK(expected != "NULL");
    for (int round = 0; round < 6; ++round) {
      const size_t parts = 1 + random() % 9;
      std::vector<std::unique_ptr<Call::State>> states;
      for (size_t p = 0; p < parts; ++p) states.push_back(std::make_unique<Call::State>(function));
      std::vector<std::pair<size_t, size_t>> ranges;
      for (size_t begin = 0; begin < table.batch.rows;) {
        const size_t end = std::min(table.batch.rows, begin + 1 + random() % 90);
        ranges.emplace_back(begin, end);
        begin = end;
      }
      std::shuffle(ranges.begin(), ranges.end(), random);
      for (const auto& [begin, end] : ranges) call.update(*states[random() % parts], begin, end);
      while (states.size() > 1) {
        const size_t from = 1 + random() % (states.size() - 1);
        if (random() % 2 == 0) {  // through a snapshot
          SnapshotWriter writer;
          function.snapshot(states[from]->at(), writer);
          SnapshotReader reader(writer.bytes());
          states[from] = std::make_unique<Call::State>(function);
          function.restore(states[from]->at(), reader);
          CHECK(reader.ok());
          CHECK(reader.at_end());
        }
        function.merge(states[0]->at(), states[from]->at());
        states.erase(states.begin() + static_cast<ptrdiff_t>(from));
      }
      CHECK(call.finish(*states[0]) == expected);
    }
  }
}

TEST_CASE("encoded values order as compare_rows and come back") {
  std::mt19937_64 random(5);
  Table table;
  table.add("b", "BOOLEAN", {"TRUE", "FALSE", "NULL"})
      .add("t", "TINYINT", {"-128", "127", "0"})
      .add("i", "BIGINT", {"-9223372036854775808", "9223372036854775807", "-1"})
      .add("d", "DOUBLE", {"-1.5e0", "1e300", "0e0"})
      .add("f", "FLOAT", {"-1.5e0", "NULL", "0e0"})
      .add("m", "DECIMAL(38, 2)", {"-1.00", "1000000000000000000000.00", "0.00"})
      .add("s", "STRING", {"'a'", "'ab'", "''"})
      .add("a", "ARRAY<INT>", {"ARRAY[1]", "ARRAY[1, 2]", "NULL"})
      .add("r", "DATE", {"DATE '2024-01-01'", "NULL", "DATE '1950-01-01'"});
  auto zeros = make_column(Type::string());
  const std::string with_zero("a\0b", 3);
  zeros->push<StringRef>(StringRef(with_zero));
  zeros->push<StringRef>(StringRef(with_zero.data(), 2));
  zeros->push<StringRef>(StringRef(with_zero.data(), 1));
  table.batch.columns.push_back(zeros);
  for (const auto& column : table.batch.columns) {
    std::vector<std::string> encoded(3);
    auto back = make_column(column->type());
    for (size_t i = 0; i < 3; ++i) {
      encode_value(*column, i, encoded[i]);
      std::string_view bytes = encoded[i];
      REQUIRE(decode_value(bytes, *back, table.arena));
      CHECK(bytes.empty());
      CHECK(compare_rows(*back, i, *column, i) == 0);
      for (size_t cut = 0; cut < encoded[i].size(); ++cut) {  // damaged
        std::string_view piece = std::string_view(encoded[i]).substr(0, cut);
        auto ignored = make_column(column->type());
        CHECK(!decode_value(piece, *ignored, table.arena));
      }
    }
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) {
        INFO(column->type().to_string() << " " << i << " " << j);
        const int expected = compare_rows(*column, i, *column, j);
        const int bytes = encoded[i].compare(encoded[j]);
        CHECK((expected < 0) == (bytes < 0));
        CHECK((expected == 0) == (bytes == 0));
        std::string x, y;
        encode_sort_value(*column, i, true, true, x);
        encode_sort_value(*column, j, true, true, y);
        if (!column->is_null(i) && !column->is_null(j)) CHECK((expected > 0) == (x < y));
        if (column->is_null(i) && !column->is_null(j)) CHECK(x < y);
      }
    }
  }
}

}  // namespace weir
