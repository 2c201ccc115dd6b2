#include "formats/simd.h"

#include <bit>
#include <cstring>
#include <random>

#include <catch2/catch.hpp>

#include "base/vec.h"
#include "formats/field_parser.h"
#include "io/block.h"

using namespace weir;

namespace {

std::vector<const Scanners*> all_levels() {
  std::vector<const Scanners*> levels;
  for (const SimdLevel level : kSimdLevels)
    if (const Scanners* s = scanners_of(level)) levels.push_back(s);
  return levels;
}

// A text with readable padding that looks like more input.
std::string padded(const std::string& text) { return text + std::string(kPadding, '\n'); }

std::string random_text(std::mt19937& random, size_t size, const std::string& alphabet) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
  return text;
}

}  // namespace

TEST_CASE("newlines are found and counted at every length and place") {
  std::mt19937 random(1);
  const std::string alphabets[] = {"\n", "ab\n", std::string(80, 'a') + "\n", "a"};
  for (size_t size = 0; size < 1200; ++size) {
    const std::string text = random_text(random, size, alphabets[size % 4]);
    const std::string bytes = padded(text);
    std::vector<uint32_t> expected;
    for (size_t i = 0; i < size; ++i)
      if (text[i] == '\n') expected.push_back(static_cast<uint32_t>(i));
    for (const Scanners* s : all_levels()) {
      std::vector<uint32_t> found(size + kScanSlack);
      found.resize(s->find_all(bytes.data(), size, '\n', found.data()));
      REQUIRE(found == expected);
      REQUIRE(s->count(bytes.data(), size, '\n') == expected.size());
    }
  }
}

TEST_CASE("needles are found as a plain search finds them") {
  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    const std::string text = random_text(random, random() % 260, "aab ");
    const std::string bytes = text + std::string(kPadding, 'a');
    const Needle needle(random_text(random, 1 + random() % 5, "aab "));
    const size_t expected = text.find(needle.bytes);
    for (const Scanners* s : all_levels()) {
      const char* at = s->find(bytes.data(), bytes.data() + text.size(), needle);
      REQUIRE((at == nullptr ? std::string::npos : static_cast<size_t>(at - bytes.data())) ==
              expected);
    }
  }
}

TEST_CASE("a needle on each side of a step's border") {
  for (size_t place = 0; place < 200; ++place) {
    std::string bytes(200 + 7 + kPadding, '.');
    std::memcpy(bytes.data() + place, "needle!", 7);
    for (const Scanners* s : all_levels()) {
      REQUIRE(s->find(bytes.data(), bytes.data() + place + 7, Needle("needle!")) ==
              bytes.data() + place);
      REQUIRE(s->find(bytes.data(), bytes.data() + place + 6, Needle("needle!")) == nullptr);
    }
  }
}

TEST_CASE("separators outside quotes, with state carried from step to step") {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    const size_t size = random() % 400;
    const std::string text =
        random_text(random, size, round % 2 == 0 ? "ab,\n\"" : "abcdefgh,\n\"");
    const std::string bytes = padded(text);
    std::vector<uint32_t> expected;
    std::vector<uint32_t> newlines;
    bool inside = false;
    for (size_t i = 0; i < size; ++i) {
      if (text[i] == '"') inside = !inside;
      if (inside || (text[i] != ',' && text[i] != '\n')) continue;
      expected.push_back(static_cast<uint32_t>(i));
      if (text[i] == '\n') newlines.push_back(static_cast<uint32_t>(i));
    }
    for (const Scanners* s : all_levels()) {
      std::vector<uint64_t> specials(size / 64 + 2);
      std::vector<uint64_t> separators(size / 64 + 2);
      std::vector<uint32_t> ranks(size / 64 + 3);
      std::vector<uint32_t> positions(size + kScanSlack);
      SeparatorScan scan;
      scan.data = bytes.data();
      scan.special = '"';
      scan.want_special = true;
      scan.quotes = true;
      scan.specials = specials.data();
      scan.positions = positions.data();
      for (size_t from = 0; from < size; from += 128)
        s->scan_positions(scan, from, std::min(size, from + 128));
      REQUIRE(std::vector<uint32_t>(positions.begin(),
                                    positions.begin() + static_cast<long>(scan.count)) == expected);
      REQUIRE((scan.inside != 0) == inside);
      for (size_t i = 0; i < size; ++i)
        REQUIRE((specials[i / 64] >> (i % 64) & 1) == (text[i] == '"'));

      scan.count = 0;
      scan.inside = 0;
      scan.separators = separators.data();
      scan.ranks = ranks.data();
      for (size_t from = 0; from < size; from += 128)
        s->scan_masks(scan, from, std::min(size, from + 128));
      REQUIRE(std::vector<uint32_t>(positions.begin(),
                                    positions.begin() + static_cast<long>(scan.count)) == newlines);
      REQUIRE(scan.rank == expected.size());
      size_t rank = 0;
      for (size_t i = 0; i < size; ++i) {
        if (i % 64 == 0) REQUIRE(ranks[i / 64] == rank);
        const bool is = rank < expected.size() && expected[rank] == i;
        REQUIRE((separators[i / 64] >> (i % 64) & 1) == is);
        rank += is;
      }
    }
  }
}

TEST_CASE("fields read four at a time are what they are one by one") {
  std::mt19937 random(7);
  const auto text_of = [&] {
    std::string text = random() % 3 == 0 ? "-" : "";
    const size_t size = random() % 8;
    for (size_t i = 0; i < size; ++i) text += "0123456789"[random() % 10];
    if (random() % 2 == 0) text.insert(random() % (text.size() + 1), ".");
    if (random() % 40 == 0) text.insert(random() % (text.size() + 1), "x");
    return text;
  };
  size_t decimals = 0;
  size_t integers = 0;
  size_t strings = 0;
  for (int round = 0; round < 30000; ++round) {
    const size_t n = random() % 13;
    std::string bytes;
    std::vector<std::string> texts;
    for (size_t i = 0; i < n; ++i) bytes += texts.emplace_back(text_of()) + ";";
    bytes = padded(bytes);
    std::vector<FieldSpan> fields;
    size_t at = 0;
    for (const auto& text : texts) {
      const bool absent = text.empty() && random() % 2 == 0;
      fields.push_back({bytes.data() + at, static_cast<uint32_t>(text.size()),
                        absent ? FieldSpan::kAbsent : FieldSpan::kPlain});
      at += text.size() + 1;
    }
    for (const Scanners* s : all_levels()) {
      std::vector<double> reals(n);
      size_t done = s->read_decimals(fields.data(), n, reals.data());
      REQUIRE(done <= n);
      for (size_t i = 0; i < done; ++i) {
        INFO(texts[i]);
        double expected = 0;
        REQUIRE(parse_double(texts[i], expected));
        REQUIRE(std::bit_cast<uint64_t>(reals[i]) == std::bit_cast<uint64_t>(expected));
      }
      decimals += done;
      std::vector<int64_t> whole(n);
      done = s->read_integers(fields.data(), n, whole.data());
      for (size_t i = 0; i < done; ++i) {
        INFO(texts[i]);
        int64_t expected = 0;
        REQUIRE(parse_int64(texts[i], expected));
        REQUIRE(whole[i] == expected);
      }
      integers += done;
      std::vector<StringRef> refs(n);
      done = s->read_strings(fields.data(), n, refs.data());
      for (size_t i = 0; i < done; ++i) {
        REQUIRE(fields[i].kind != FieldSpan::kAbsent);
        const StringRef expected(texts[i]);
        REQUIRE((refs[i].ptr == fields[i].ptr && refs[i].len == expected.len &&
                 refs[i].prefix == expected.prefix));
      }
      strings += done;
    }
  }
  // Where there is such a way, it is taken.
  if (scanners_of(SimdLevel::kAvx2) != nullptr) {
    REQUIRE(decimals > 1000);
    REQUIRE(integers > 100);
    REQUIRE(strings > 1000);
  }
}
