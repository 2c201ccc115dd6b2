#include <catch2/catch.hpp>

#include "block_decoding.h"
#include "formats/display_width.h"
#include "formats/format_list.h"

using namespace weir;
using namespace weir::test;

namespace {

Batch words_and_numbers(const std::vector<std::pair<const char*, int64_t>>& rows) {
  Batch batch;
  batch.columns = {make_column(Type::string()), make_column(Type::bigint())};
  for (const auto& [word, number] : rows) {
    if (word == nullptr) {
      batch.columns[0]->push_null();
    } else {
      batch.columns[0]->push(StringRef(std::string_view(word)));
    }
    batch.columns[1]->push(number);
    ++batch.rows;
  }
  return batch;
}

const Schema kSchema({{"word", Type::string()}, {"n", Type::bigint()}});

std::unique_ptr<Format> output(const FormatDescriptor& descriptor) {
  FormatContext context;
  context.for_output = true;
  Errors errors;
  auto format = descriptor.make({}, context, errors);
  REQUIRE(errors.empty());
  return format;
}

}  // namespace

TEST_CASE("table: aligned columns") {
  const auto format = output(kTableFormat);
  CHECK(format->encodes_in_order());
  CHECK(encode(*format, kSchema, words_and_numbers({{"a", 5}, {"longer", 12345}, {nullptr, -1}})) ==
        "word        n\n"
        "------  -----\n"
        "a           5\n"
        "longer  12345\n"
        "NULL       -1\n");
  CHECK(encode(*format, kSchema, Batch()) == "word  n\n----  -\n");
  CHECK(encode(*format, kSchema, words_and_numbers({{"x\ny\x1b[1m\t\xFF", 1}})) ==
        "word               n\n-----------------  -\nx\\ny\\x1b[1m\\t\\xff  1\n");
  CHECK(encode(*format, kSchema, words_and_numbers({{"日本", 1}, {"é", 2}})) ==
        "word  n\n----  -\n日本  1\né     2\n");
}

TEST_CASE("table: the first thousand rows decide the widths, however they come") {
  const auto format = output(kTableFormat);
  std::vector<std::pair<const char*, int64_t>> rows(1000, {"ab", 1});
  rows[999] = {"abcdefgh", 1};
  rows.push_back({"wider than all before", 1});
  rows.push_back({"x", 1});
  auto encoder = format->make_encoder(kSchema, {});
  std::string whole;
  encoder->encode(words_and_numbers(rows), whole);
  encoder->end(whole);
  CHECK(whole.starts_with("word      n\n--------  -\nab        1\n"));
  CHECK(whole.ends_with("abcdefgh  1\nwider than all before  1\nx         1\n"));

  auto in_pieces = format->make_encoder(kSchema, {});
  std::string pieces;
  for (size_t i = 0; i < rows.size(); i += 7) {
    const std::vector<std::pair<const char*, int64_t>> some(
        rows.begin() + static_cast<ptrdiff_t>(i),
        rows.begin() + static_cast<ptrdiff_t>(std::min(i + 7, rows.size())));
    in_pieces->encode(words_and_numbers(some), pieces);
    if (i < 900) CHECK(pieces.empty());
  }
  in_pieces->end(pieces);
  CHECK(pieces == whole);
}

TEST_CASE("table: flush gives what is held back") {
  auto encoder = output(kTableFormat)->make_encoder(kSchema, {});
  std::string out;
  encoder->flush(out);
  CHECK(out.empty());
  encoder->encode(words_and_numbers({{"a", 1}}), out);
  CHECK(out.empty());
  encoder->flush(out);
  CHECK(out == "word  n\n----  -\na     1\n");
  encoder->encode(words_and_numbers({{"b", 2}}), out);
  encoder->end(out);
  CHECK(out == "word  n\n----  -\na     1\nb     2\n");
}

TEST_CASE("table: a terminal's width and colours") {
  EncodeOptions options;
  options.terminal = true;
  options.terminal_width = 8;
  auto encoder = output(kTableFormat)->make_encoder(kSchema, options);
  std::string out;
  encoder->encode(words_and_numbers({{"abcdefghijkl", 5}, {"日本日本日", 5}}), out);
  encoder->end(out);
  CHECK(out == "word    \n--------\nabcdefgh\n日本日本\n");

  options.terminal_width = 0;
  options.color = true;
  auto colored = output(kTableFormat)->make_encoder(kSchema, options);
  out.clear();
  colored->encode(words_and_numbers({{nullptr, 5}}), out);
  colored->end(out);
  CHECK(out == "\x1b[1mword\x1b[0m  \x1b[1mn\x1b[0m\n----  -\n\x1b[2mNULL\x1b[0m  5\n");
}

TEST_CASE("table: row kinds get a column") {
  Batch batch = words_and_numbers({{"a", 1}, {"a", 2}});
  batch.kinds.push_back(RowKind::kInsert);
  batch.kinds.push_back(RowKind::kUpdateAfter);
  CHECK(encode(*output(kTableFormat), kSchema, batch) ==
        "op  word  n\n--  ----  -\n+I  a     1\n+U  a     2\n");
}

TEST_CASE("table, print: only for output") {
  Errors errors;
  CHECK(kTableFormat.make({}, {}, errors) == nullptr);
  CHECK(kPrintFormat.make({}, {}, errors) == nullptr);
  CHECK(errors.size() == 2);
}

TEST_CASE("print: rows as Flink shows them") {
  const auto format = output(kPrintFormat);
  Batch batch = words_and_numbers({{"a", 1}, {nullptr, 2}});
  CHECK(encode(*format, kSchema, batch) == "+I[a, 1]\n+I[null, 2]\n");
  batch.kinds.push_back(RowKind::kUpdateBefore);
  batch.kinds.push_back(RowKind::kDelete);
  CHECK(encode(*format, kSchema, batch) == "-U[a, 1]\n-D[null, 2]\n");
  CHECK(encode(*format, kSchema, Batch()) == "");
}

TEST_CASE("display width") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc") == 3);
  CHECK(display_width("é") == 1);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("😀") == 2);
  CHECK(display_width("\xFF\xC3") == 2);
  CHECK(cut_to_width("日本", 3) == "日");
  CHECK(cut_to_width("abc", 3) == "abc");
}
