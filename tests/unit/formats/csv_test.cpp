#include <random>

#include <catch2/catch.hpp>

#include "block_decoding.h"
#include "formats/column_names.h"
#include "formats/csv.h"
#include "formats/format_list.h"
#include "formats/simd.h"

using namespace weir;
using namespace weir::test;

namespace {

// A format that has seen `sample`.
std::unique_ptr<Format> sampled(const FormatDescriptor& descriptor, const Options& options,
                                std::string_view sample, const Declared& declared = {}) {
  auto format = make_format(descriptor, options, declared);
  REQUIRE(format->needs_sample());
  const auto r = format->infer(sample, true);
  if (!r) FAIL(r.error().message);
  return format;
}

std::string read_csv(std::string_view text, const Options& options = {},
                     const Declared& declared = {}) {
  const auto format = sampled(kCsvFormat, options, text, declared);
  const Decoded d = decode(*format, text);
  CHECK(lengths_agree(d.batch));
  return show(d.batch) + show_rejects(d.batch);
}

PushedPredicate predicate(size_t column, PushedPredicate::Op op, Value value) {
  return PushedPredicate{column, op, std::move(value)};
}

}  // namespace

TEST_CASE("csv: a header names the columns, the sample gives their types") {
  const auto format =
      sampled(kCsvFormat, {}, "id,name,price,day\n1,ann,1.5,2024-01-31\n2,bob,2,2024-02-01\n");
  CHECK(format->schema().to_string() == "(id BIGINT, name STRING, price DOUBLE, day DATE)");
}

TEST_CASE("csv: quotes, doubled quotes, embedded delimiters and newlines") {
  CHECK(read_csv("a,b\n\"x,y\",\"p\nq\"\n\"say \"\"hi\"\"\",\"\"\nplain,z\n") ==
        "x,y|p\nq\nsay \"hi\"|\nplain|z\n");
}

TEST_CASE("csv: CRLF, BOM, empty lines and no final newline") {
  CHECK(read_csv("\xEF\xBB\xBF"
                 "a,b\r\n1,x\r\n\r\n\n2,y\r\n3,z") == "1|x\n2|y\n3|z\n");
  CHECK(read_csv("a\n1\n\n2\r\n") == "1\n2\n");
  CHECK(read_csv("a,b\r\n1,\"x\r\ny\"\r\n") == "1|x\r\ny\n");
  CHECK(read_csv("a,b\n1,") == "1|\n");
}

TEST_CASE("csv: empty and header-only input") {
  const auto nothing = sampled(kCsvFormat, {}, "");
  CHECK(nothing->schema().size() == 0);
  CHECK(decode(*nothing, "").batch.records == 0);
  const auto header = sampled(kCsvFormat, {}, "a,b\n");
  CHECK(header->schema().to_string() == "(a STRING, b STRING)");
  const Decoded d = decode(*header, "a,b\n");
  CHECK(d.batch.rows == 0);
  CHECK(d.batch.records == 0);
  CHECK(d.batch.rejects.empty());
}

TEST_CASE("csv: empty fields are NULL unless they are strings") {
  CHECK(read_csv("a,b,c\n1,x,1.5\n,,\n\"\",\"\",\n") == "1|x|1.5\nNULL||NULL\nNULL||NULL\n");
  CHECK(read_csv("a,b\nNA,NA\n1,\"NA\"\n", {{"null", text_node("NA")}}) == "NULL|NULL\n1|NA\n");
  CHECK(read_csv("a,b\n1,\n2,\"\"\n", {{"null", text_node("")}}) == "1|NULL\n2|\n");
}

TEST_CASE("csv: names are made unique") {
  CHECK(sampled(kCsvFormat, {}, "a,,a,a_2,\n1,2,3,4,5\n")->schema().names() ==
        std::vector<std::string>{"a", "c2", "a_3", "a_2", "c5"});
  CHECK(unique_column_names({"x", "x", "x_2"}) == std::vector<std::string>{"x", "x_3", "x_2"});
}

TEST_CASE("csv: without a header") {
  CHECK(read_csv("1;x\n2;y\n", {{"header", flag_node(false)}, {"delimiter", text_node(";")}}) ==
        "1|x\n2|y\n");
  const Options named = {{"header", flag_node(false)}, {"columns", list_node({"n", "s"})}};
  CHECK(sampled(kCsvFormat, named, "1,x\n")->schema().to_string() == "(n BIGINT, s STRING)");
  CHECK(sampled(kCsvFormat, {{"header", flag_node(false)}}, "1,x\n")->schema().to_string() ==
        "(c1 BIGINT, c2 STRING)");
}

TEST_CASE("csv: declared columns choose, order and type the header's fields") {
  const Declared declared = {{"price", "DECIMAL(10, 2)"}, {"key", "STRING", "", "id"}};
  CHECK(read_csv("id,name,price\n007,ann,1.5\n008,bob,x\n", {}, declared) ==
        "1.50|007\n@1026 1 price: not a DECIMAL(10, 2): `x` [008,bob,x]\n");
  const auto format = make_format(kCsvFormat, {}, declared);
  const auto missing = format->infer("id,name,prize\n1,2,3\n", true);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "the header has no column `price`");
  CHECK(missing.error().hint == "did you mean `prize`?");
  const auto plain =
      make_format(kCsvFormat, {{"header", flag_node(false)}}, {{"a", "INT"}, {"b", "STRING"}});
  CHECK_FALSE(plain->needs_sample());
  CHECK(show(decode(*plain, "1,x\n").batch) == "1|x\n");
}

TEST_CASE("csv: ragged records and wrong quotes are refused with their reason") {
  CHECK(read_csv("a,b\n1,2,3\n4\n5,6\n") ==
        "5|6\n@1004 0 : 3 fields, expected 2 [1,2,3]\n@1010 0 : 1 field, expected 2 [4]\n");
  CHECK(read_csv("a,b\n1,\"x\"y\n2,z\n") ==
        "2|z\n@1004 0 b: text after a closing quote: `\"x\"y` [1,\"x\"y]\n");
  CHECK(read_csv("a,b\n1,\"x\"y\"z\"\n2,z\n") ==
        "2|z\n@1004 0 b: text after a closing quote: `\"x\"y\"z\"` [1,\"x\"y\"z\"]\n");
  CHECK(read_csv("a,b\n1,x\"y\"\n2,z\n") ==
        "2|z\n@1004 0 b: a quote inside an unquoted field: `x\"y\"` [1,x\"y\"]\n");
  CHECK(read_csv("a,b\n1,x\n2,\"open\n3,y\n") ==
        "1|x\n@1008 1 : a quote is not closed [2,\"open\n3,y\n]\n");
}

TEST_CASE("csv: quotes switched off, blanks trimmed, comments left out") {
  CHECK(read_csv("a,b\n\"1,x\"\n", {{"quote", text_node("")}}) == "\"1|x\"\n");
  CHECK(read_csv("a , b\n 1 ,\t\"x \" \n2, y z\n", {{"trim", flag_node(true)}}) == "1|x \n2|y z\n");
  CHECK(read_csv("# top\na,b\n1,x\n# no,record\n2,y\n#end", {{"comment", text_node("#")}}) ==
        "1|x\n2|y\n");
}

TEST_CASE("csv: other files' headers must be the first one's") {
  const auto format = sampled(kCsvFormat, {}, "a,b\n1,x\n");
  const Decoded same = decode(*format, "a,b\n5,y\n");
  CHECK(show(same.batch) == "5|y\n");
  const Decoded other = decode(*format, "a,c\n5,y\n");
  CHECK(show_rejects(other.batch) ==
        "@1000 0 : the header differs from the first one: expected `a, b` [a,c]\n");
  const Decoded later = decode(*format, "7,z\n", request_all(format->schema()), false);
  CHECK(show(later.batch) == "7|z\n");
}

TEST_CASE("csv: only needed columns are made, others' errors are not seen") {
  const auto format = make_format(
      kCsvFormat, {{"header", flag_node(false)}},
      {{"a", "INT"}, {"b", "INT"}, {"c", "INT"}, {"d", "INT"}, {"e", "INT"}, {"f", "INT"}});
  DecodeRequest request;
  request.needed = {false, false, true, false, false, false};
  const Decoded d = decode(*format, "1,x,3,4,5,6\n1,2,y,4,5,6\n1,2,7,4,5\n1,2,8,4,5,6\n", request);
  CHECK(show(d.batch) == "-|-|3|-|-|-\n-|-|8|-|-|-\n");
  CHECK(show_rejects(d.batch) ==
        "@1012 1 c: not an INT: `y` [1,2,y,4,5,6]\n@1024 1 : 5 fields, expected 6 [1,2,7,4,5]\n");
  request.needed.assign(6, false);
  const Decoded counted = decode(*format, "1,x,3,4,5,6\n\n1,2,y,4,5,6\n", request);
  CHECK(counted.batch.rows == 2);
  CHECK(counted.batch.records == 2);
}

TEST_CASE("csv: the first bad record ends the batch when failing fast") {
  const auto format =
      make_format(kCsvFormat, {{"header", flag_node(false)}}, {{"a", "INT"}, {"b", "INT"}});
  DecodeRequest request = request_all(format->schema());
  request.fail_fast = true;
  request.want_raw = true;
  const Decoded d = decode(*format, "1,2\n3,4\n5,x\n7,8\ny,9\n", request);
  CHECK(show(d.batch) == "1|2\n3|4\n");
  CHECK(show_rejects(d.batch) == "@1008 2 b: not an INT: `x` [5,x]\n");
  CHECK(d.batch.stopped);
  CHECK(d.batch.records == 3);
  REQUIRE(d.batch.raw.size() == 2);
  CHECK(d.batch.raw[1].view() == "3,4");
  CHECK(d.batch.raw[1].ptr - d.batch.block_begin == 4);
}

TEST_CASE("csv: pushed predicates leave records out before their other columns are read") {
  const auto format = make_format(kCsvFormat, {{"header", flag_node(false)}},
                                  {{"k", "STRING"}, {"n", "INT"}, {"v", "DOUBLE"}});
  DecodeRequest request = request_all(format->schema());
  request.want_raw = true;
  request.predicates = {predicate(1, PushedPredicate::Op::kGt, Value::bigint(10)),
                        predicate(0, PushedPredicate::Op::kNe, Value::string("b"))};
  const std::string text = "a,5,bad\nb,20,1\nc,30,2.5\nd,,3\ne,11,4\n";
  const Decoded d = decode(*format, text, request);
  CHECK(show(d.batch) == "c|30|2.5\ne|11|4.0\n");
  CHECK(d.batch.records == 5);
  CHECK(d.batch.rejects.empty());
  REQUIRE(d.batch.raw.size() == 2);
  CHECK(d.batch.raw[0].view() == "c,30,2.5");
  // The predicate's own column is wrong: refused, not skipped; and the careful way filters alike.
  const Decoded bad = decode(*format, text + "f,x,1\n", request);
  CHECK(show(bad.batch) == "c|30|2.5\ne|11|4.0\n");
  CHECK(bad.batch.records == 6);
  REQUIRE(bad.batch.rejects.size() == 1);
  CHECK(bad.batch.rejects[0].field == "n");
  // Only filtered on, not needed.
  request.needed = {false, false, true};
  CHECK(show(decode(*format, text, request).batch) == "-|-|2.5\n-|-|4.0\n");
}

TEST_CASE("tsv: escapes instead of quotes") {
  const auto format = sampled(kTsvFormat, {}, "a\tb\n1\t\"x\\ty\"\n");
  CHECK(show(decode(*format, "a\tb\n1\t\"x\\ty\"\n2\tp\\nq\\\\r\\x\n").batch) ==
        "1|\"x\ty\"\n2|p\nq\\r\\x\n");
  const auto nulls = sampled(kTsvFormat, {{"null", text_node("\\N")}}, "a\tb\n1\t\\N\n2\t\\\\N\n");
  CHECK(show(decode(*nulls, "a\tb\n1\t\\N\n2\t\\\\N\n").batch) == "1|NULL\n2|\\N\n");
}

TEST_CASE("csv: wrong options are errors with their place") {
  const auto problems = [](const Options& options, const Declared& declared = {}) {
    Errors errors;
    CHECK(make_format(kCsvFormat, options, errors, declared) == nullptr);
    std::string all;
    for (const auto& e : errors) all += e.message + "\n";
    return all;
  };
  CHECK(problems({{"quote", text_node("ab")}}) ==
        "`quote` must be one character, or empty for none\n");
  CHECK(problems({{"delimiter", text_node("\"")}}) ==
        "the delimiter must differ from the quote and from a line end\n");
  CHECK(problems({{"columns", list_node({"a"})}}).starts_with("`columns` names the fields"));
  CHECK(problems({{"header", flag_node(false)}, {"columns", list_node({"a", "a"})}}) ==
        "the column `a` is named twice\n");
  CHECK_FALSE(problems({}, {{"a", "ARRAY<INT>"}}).empty());
}

TEST_CASE("csv: what is written reads back the same") {
  const auto format =
      make_format(kCsvFormat, {{"header", flag_node(false)}},
                  {{"s", "STRING"}, {"n", "BIGINT"}, {"d", "DOUBLE"}, {"t", "TIMESTAMP(3)"}});
  const std::string text =
      "plain,1,1.5,2024-01-31 10:00:00.000\n\"a,b\",-9223372036854775808,1.0E10,1969-12-31 "
      "23:59:59.999\n"
      "\"say \"\"hi\"\"\",,,\n\"two\nlines\r\",0,-0.0,2024-01-31 10:00:00.000\n,7,0.1,\n";
  const Decoded d = decode(*format, text);
  REQUIRE(d.batch.rejects.empty());
  CHECK(encode(*format, format->schema(), d.batch) == text);
}

TEST_CASE("csv: one empty field is not an empty line, a value is not a comment or NULL") {
  const auto one = make_format(kCsvFormat, {{"header", flag_node(false)}}, {{"s", "STRING"}});
  const Decoded d = decode(*one, "\"\"\nx\n");
  CHECK(encode(*one, one->schema(), d.batch) == "\"\"\nx\n");
  const Options options = {{"comment", text_node("#")}, {"null", text_node("NA")}};
  const auto writer = make_format(kCsvFormat, options);
  const auto source =
      make_format(kCsvFormat, {{"header", flag_node(false)}}, {{"s", "STRING"}, {"n", "INT"}});
  const Decoded rows = decode(*source, "#1,\nNA,2\n");
  CHECK(encode(*writer, source->schema(), rows.batch) == "s,n\n\"#1\",NA\n\"NA\",2\n");
}

TEST_CASE("tsv: what is written reads back the same") {
  const auto format =
      make_format(kTsvFormat, {{"header", flag_node(false)}}, {{"s", "STRING"}, {"n", "INT"}});
  const std::string text = "a\\tb\\\\\\n\\r\t1\n\"q\"\t\n";
  CHECK(encode(*format, format->schema(), decode(*format, text).batch) == text);
}

TEST_CASE("csv: every instruction set, way and length gives what the plain splitter gives") {
  std::mt19937 random(11);
  const std::vector<std::pair<SimdLevel, const char*>> levels = {{SimdLevel::kScalar, "scalar"},
                                                                 {SimdLevel::kSse2, "sse2"},
                                                                 {SimdLevel::kAvx2, "avx2"},
                                                                 {SimdLevel::kAvx512, "avx512"}};
  for (int round = 0; round < 400; ++round) {
    const size_t width = 1 + random() % 12;
    const bool quoted = random() % 2 == 0;
    CsvDialect dialect;
    CsvLayout layout;
    dialect.header = false;
    if (!quoted && random() % 2 == 0) dialect.quote = 0;
    for (size_t c = 0; c < width; ++c) {
      layout.columns.push_back({"c" + std::to_string(c), Type::string(), {}});
      layout.places.push_back(static_cast<uint32_t>(c));
    }
    layout.field_count = width;
    DecodeRequest request;
    for (size_t c = 0; c < width; ++c)
      request.needed.push_back(round % 3 == 0 || random() % 4 == 0);
    request.want_raw = true;

    // Records of random fields; some ragged, some empty, some with stray quotes.
    std::string text;
    const size_t records = random() % 60;
    for (size_t r = 0; r < records; ++r) {
      const size_t fields = random() % 20 == 0 ? 1 + random() % 13 : width;
      for (size_t f = 0; f < fields; ++f) {
        if (f > 0) text += ',';
        std::string field(random() % (random() % 10 == 0 ? 90 : 9), 'x');
        if (quoted && random() % 3 == 0) {
          for (char& c : field) c = "x,\ny"[random() % 4];
          if (random() % 3 == 0) field += "\"\"";
          field = "\"" + field + "\"";
          if (random() % 40 == 0) field += "z";
        }
        text += field;
      }
      if (r + 1 < records || random() % 2 == 0) text += random() % 4 == 0 ? "\r\n" : "\n";
      if (random() % 10 == 0) text += "\n";
    }
    if (quoted && random() % 20 == 0) text += "\"open";

    // The reference, from the careful functions alone.
    std::string expected;
    size_t expected_records = 0;
    Arena arena;
    for (size_t at = 0; at < text.size();) {
      const size_t end = csv_record_end(text, at, dialect);
      std::string_view record = std::string_view(text).substr(at, end - at);
      if (record.ends_with('\r')) record.remove_suffix(1);
      at = end + 1;
      if (record.empty()) continue;
      ++expected_records;
      std::vector<FieldSpan> fields;
      bool good = split_csv_fields(record, dialect, fields) && fields.size() == width;
      for (size_t c = 0; good && c < width; ++c)
        if (request.needed[c]) good = clean_csv_field(fields[c], dialect, arena) == nullptr;
      if (!good) {
        expected += "bad " + std::string(record) + "\n";
        continue;
      }
      for (size_t c = 0; c < width; ++c)
        expected += (request.needed[c] ? std::string(fields[c].view()) : "-") + "|";
      expected += std::string(record) + "\n";
    }

    const Block block = make_block(text);
    for (const auto& [level, name] : levels) {
      if (scanners_of(level) == nullptr) continue;
      use_scanners(scanners_of(level));
      Batch batch;
      make_csv_decoder(dialect, layout, request, utc(), 0)->decode(block, batch);
      use_scanners(nullptr);
      std::string got;
      size_t reject = 0;
      for (size_t i = 0; i <= batch.rows; ++i) {
        for (; reject < batch.rejects.size() && batch.rejects[reject].row == i; ++reject)
          got += "bad " + batch.rejects[reject].raw + "\n";
        if (i == batch.rows) break;
        for (size_t c = 0; c < width; ++c)
          got += (batch.columns[c] ? std::string(batch.columns[c]->at<StringRef>(i).view()) : "-") +
                 "|";
        got += std::string(batch.raw[i].view()) + "\n";
      }
      INFO(name << " round " << round);
      REQUIRE(got == expected);
      REQUIRE(batch.records == expected_records);
    }
  }
}

TEST_CASE("csv: a separator on each side of a step's and a slice's border") {
  CsvDialect dialect;
  dialect.header = false;
  CsvLayout layout;
  layout.columns = {{"a", Type::string(), {}}, {"b", Type::bigint(), {}}};
  layout.places = {0, 1};
  layout.field_count = 2;
  DecodeRequest request;
  request.needed = {true, true};
  for (const size_t border : {size_t{64}, size_t{128}, size_t{16384}, size_t{32768}}) {
    for (size_t shift = 0; shift < 6; ++shift) {
      std::string text = std::string(border - 4 + shift, 'a') + ",1\nb,2\n\"c,\n\",3\n";
      const Block block = make_block(text);
      Batch batch;
      make_csv_decoder(dialect, layout, request, utc(), 0)->decode(block, batch);
      REQUIRE(batch.rows == 3);
      CHECK(batch.columns[0]->at<StringRef>(0).len == border - 4 + shift);
      CHECK(batch.columns[0]->at<StringRef>(2).view() == "c,\n");
      CHECK(batch.columns[1]->at<int64_t>(2) == 3);
    }
  }
}

TEST_CASE("csv: a delimiter at any place of a text of any length is quoted") {
  const auto format =
      make_format(kCsvFormat, {{"header", flag_node(false)}}, {{"s", "STRING"}, {"n", "INT"}});
  for (size_t size = 1; size < 50; ++size) {
    for (size_t place = 0; place <= size; ++place) {
      std::string text(size, 'x');
      if (place < size) text[place] = ",\"\n\r"[place % 4];
      Batch batch;
      batch.rows = 1;
      batch.columns = {make_column(Type::string()), make_column(Type::integer())};
      batch.columns[0]->push(StringRef(text));
      batch.columns[1]->push(int32_t{1});
      const std::string written = encode(*format, format->schema(), batch);
      REQUIRE((written[0] == '"') == (place < size));
      REQUIRE(decode(*format, written).batch.columns[0]->at<StringRef>(0).view() == text);
    }
  }
}
