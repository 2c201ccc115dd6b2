#include "io/cutter.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "io/byte_scan.h"

namespace weir {
namespace {

constexpr size_t npos = RecordCutter::npos;

TEST_CASE("odd_count agrees with counting, on every kernel, length and alignment") {
  std::mt19937 random(1);
  std::string bytes(700, 'x');
  for (char& c : bytes) c = random() % 3 == 0 ? '"' : 'x';
  for (size_t begin = 0; begin < 40; ++begin) {
    for (size_t size = 0; begin + size <= bytes.size(); size += 1 + size / 37) {
      const auto part = std::string_view(bytes).substr(begin, size);
      const bool odd = std::count(part.begin(), part.end(), '"') % 2 == 1;
      REQUIRE(odd_count(part, '"') == odd);
      REQUIRE(internal::odd_count_sse2(part, '"') == odd);
      if (__builtin_cpu_supports("avx2")) REQUIRE(internal::odd_count_avx2(part, '"') == odd);
    }
  }
}

TEST_CASE("the line cutter ends records at newlines") {
  const auto cutter = make_line_cutter();
  CHECK(cutter->stateless());
  CHECK(cutter->first_end("ab\ncd\n", 0, 0, false) == 3);
  CHECK(cutter->first_end("ab\ncd\n", 2, 0, false) == 3);
  CHECK(cutter->first_end("ab\ncd\n", 3, 0, false) == 6);
  CHECK(cutter->first_end("ab\ncd\n", 6, 0, true) == npos);
  CHECK(cutter->first_end("ab", 0, 0, false) == npos);
  CHECK(cutter->first_end("ab", 0, 0, true) == 2);
  CHECK(cutter->first_end("", 0, 0, true) == npos);
  CHECK(cutter->last_end("ab\ncd\nef", 0) == 6);
  CHECK(cutter->last_end("ab", 0) == npos);
  CHECK(cutter->last_end("", 0) == npos);
}

TEST_CASE("the quoted cutter leaves newlines inside quotes alone") {
  const auto cutter = make_quoted_cutter('"');
  CHECK_FALSE(cutter->stateless());
  const std::string text = "a,\"x\ny\"\nb,\"\"\"\n\"\nc";
  CHECK(cutter->first_end(text, 0, 0, false) == 8);
  CHECK(cutter->first_end(text, 8, 0, false) == 16);
  CHECK(cutter->first_end(text, 16, 0, false) == npos);
  CHECK(cutter->first_end(text, 16, 0, true) == 17);
  CHECK(cutter->last_end(text, 0) == 16);
  CHECK(cutter->last_end(text.substr(0, 15), 0) == 8);
  CHECK(cutter->last_end(text.substr(0, 7), 0) == npos);
  CHECK(cutter->first_end("y\"\nb\n", 0, 1, false) == 3);
  CHECK(cutter->last_end("y\nz\"", 1) == npos);
  CHECK(cutter->advance(0, text) == 0);
  CHECK(cutter->advance(0, text.substr(0, 4)) == 1);
  CHECK(cutter->advance(1, text.substr(0, 4)) == 0);
}

TEST_CASE("the record start cutter joins lines to the record that they follow") {
  const auto made = make_record_start_cutter(R"(^\d{4})");
  REQUIRE(made);
  const RecordCutter& cutter = **made;
  const std::string text = "junk\n2024 a\n  at x\r\n  at y\n2025 b\n";
  CHECK(cutter.first_end(text, 0, 0, false) == 5);
  CHECK(cutter.first_end(text, 5, 0, false) == 27);
  CHECK(cutter.first_end(text, 27, 0, false) == npos);  // the next line may belong to it
  CHECK(cutter.first_end(text, 27, 0, true) == text.size());
  CHECK(cutter.last_end(text, 0) == 27);
  CHECK(cutter.last_end("2024 a\n2025 b", 0) == npos);  // that line is not whole yet
  CHECK(cutter.first_end("2024 a\n2025 b", 0, 0, true) == 7);
  CHECK(cutter.first_end("", 0, 0, true) == npos);
}

TEST_CASE("the record start pattern sees at most 4096 bytes of a line") {
  const auto made = make_record_start_cutter("x$");
  REQUIRE(made);
  std::string line(4095, 'a');
  CHECK((*made)->first_end("a\n" + line + "x\n", 0, 0, false) == 2);
  CHECK((*made)->first_end("a\n" + line + "ax\n", 0, 0, false) == npos);
  // Decided as soon as so many bytes are there.
  CHECK((*made)->first_end("a\n" + line + "x", 0, 0, false) == 2);
  CHECK((*made)->first_end("a\n" + line, 0, 0, false) == npos);
}

TEST_CASE("a wrong record start pattern is a config error") {
  const auto made = make_record_start_cutter("(a");
  REQUIRE_FALSE(made);
  CHECK(made.error().kind == ErrorKind::kConfig);
  CHECK(made.error().message.find("missing )") != std::string::npos);
}

}  // namespace
}  // namespace weir
