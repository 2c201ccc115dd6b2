// What goes to the disk by its order: files of sorted entries, and rows that wait.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "expr/aggregates/row_codec.h"
#include "operators/sorted_runs.h"
#include "operators/spilling_keys.h"
#include "operators/spilling_rows.h"

namespace weir {
namespace {

std::shared_ptr<SpillSpace> space() { return std::make_shared<SpillSpace>("/tmp"); }

TEST_CASE("runs of sorted entries are read as one") {
  std::mt19937_64 random(7);
  std::map<std::string, std::string> expected;
  SortedRuns runs(space());
  SortedRuns others(space());
  // More runs than are read side by side, some of them empty, some entries longer than what is read at a time.
  for (int run = 0; run < 150; ++run) {
    std::map<std::string, std::string> entries;
    for (uint64_t n = random() % 40; n > 0; --n) {
      const std::string key = std::to_string(random() % 100000) + "/" + std::to_string(run);
      const size_t size = random() % 200 == 0 ? 200000 : random() % 300;
      entries[key] = std::string(size, static_cast<char>('a' + run % 26));
    }
    SortedRuns& to = run % 3 == 0 ? others : runs;
    to.begin_run();
    for (const auto& [key, value] : entries) to.add(key, value);
    to.end_run();
    expected.merge(entries);
  }
  runs.take(others);
  CHECK_FALSE(others.any());
  const auto check = [&] {
    auto next = expected.begin();
    for (SortedRuns::Reader reader(runs); reader.valid(); reader.next(), ++next) {
      REQUIRE(next != expected.end());
      REQUIRE(reader.key() == next->first);
      REQUIRE(reader.value() == next->second);
    }
    CHECK(next == expected.end());
  };
  check();
  runs.make_few();
  check();
  check();
}

// Rows of a SpillingRows beside what they should be.
class WaitingModel {
 public:
  explicit WaitingModel(uint64_t seed)
      : random_(seed), rows_(std::make_unique<SpillingRows>("test", space())) {}

  void put() {
    SpillingRows::Place place;
    place.time = static_cast<int64_t>(random_() % 50) - 10;
    place.order = std::string(random_() % 3, 'x') + '\0';
    place.arrival = arrived_++;
    std::string row = std::to_string(place.arrival) + std::string(random_() % 400, 'r');
    expected_[place] = row;
    rows_->put(place, std::move(row));
  }
  void take() {
    const auto until = static_cast<int64_t>(random_() % 45) - 10;
    for (bool more = true; more;) {
      more = rows_->take(until, [&](const SpillingRows::Place& place, const std::string& row) {
        REQUIRE_FALSE(expected_.empty());
        REQUIRE(place == expected_.begin()->first);
        REQUIRE(row == expected_.begin()->second);
        expected_.erase(expected_.begin());
      });
    }
    CHECK((expected_.empty() || expected_.begin()->first.time > until));
  }
  void spill() { rows_->spill(); }
  void save_and_restore() {
    SnapshotWriter writer;
    rows_->snapshot(writer);
    auto restored = std::make_unique<SpillingRows>("test", space());
    const std::string bytes = writer.take();
    SnapshotReader reader(bytes);
    restored->restore(reader);
    REQUIRE(reader.ok());
    CHECK(restored->any_spilled() == rows_->any_spilled());
    rows_ = std::move(restored);
  }
  uint64_t draw(uint64_t below) { return random_() % below; }

 private:
  std::mt19937_64 random_;
  std::unique_ptr<SpillingRows> rows_;
  std::map<SpillingRows::Place, std::string> expected_;
  uint64_t arrived_ = 0;
};

TEST_CASE("rows that wait come in order, wherever they are") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    WaitingModel model(seed);
    for (int step = 0; step < 1500; ++step) {
      const uint64_t what = model.draw(100);
      if (what < 90) {
        model.put();
      } else if (what < 95) {
        model.take();
      } else if (what < 99) {
        model.spill();
      } else {
        model.save_and_restore();
      }
    }
  }
}

// Counts of keys, which go to the disk at any time.
class KeyCounts final : public KeptByKey {
 public:
  explicit KeyCounts(const OperatorContext& context)
      : keys_("test", {Type::bigint()}, context, *this) {}

  // Counts some keys; gives the rows that brought one that had not been there.
  Vec<uint32_t> count(const std::vector<int64_t>& values) {
    auto column = make_column(Type::bigint());
    for (const int64_t value : values) column->push(value);
    const std::vector<ColumnPtr> columns = {column};
    Vec<uint32_t> numbers(values.size());
    keys_.find(columns, values.size(), numbers.data());
    for (const uint32_t number : numbers) ++counts_[number];
    Vec<uint32_t> first;
    keys_.first_rows({numbers.data(), numbers.size()}, first);
    return first;
  }
  SpillingKeys& keys() { return keys_; }
  std::map<int64_t, uint64_t> all() {
    std::map<int64_t, uint64_t> all;
    keys_.take_all([&](std::string_view key, SnapshotReader& reader) {
      const uint64_t count = reader.get_u64();
      all[get_value(key)] = count;
    });
    return all;
  }

 private:
  static int64_t get_value(std::string_view key) {
    Arena arena;
    Column column(Type::bigint());
    REQUIRE(decode_value(key, column, arena));
    return column.at<int64_t>(0);
  }
  void grow_kept(size_t keys) override {
    while (counts_.size() < keys) counts_.push_back(0);
  }
  void save_kept(uint32_t key, SnapshotWriter& writer) const override {
    writer.put_u64(counts_[key]);
  }
  void load_kept(uint32_t key, SnapshotReader& reader) override { counts_[key] = reader.get_u64(); }
  SpilledKeys::Due due(uint32_t) const override {
    return {SpilledKeys::Moment{0, {}}, std::nullopt};
  }
  void clear_kept() override { counts_.clear(); }
  uint64_t kept_bytes() const override { return counts_.size() * sizeof(uint64_t); }

  SpillingKeys keys_;
  Vec<uint64_t> counts_;
};

TEST_CASE("keys are counted on, in memory or on the disk") {
  std::mt19937_64 random(3);
  OperatorContext context;
  context.spill = space();
  auto counts = std::make_unique<KeyCounts>(context);
  std::map<int64_t, uint64_t> expected;
  for (int batch = 0; batch < 200; ++batch) {
    std::vector<int64_t> values;
    for (int i = 0; i < 50; ++i) values.push_back(static_cast<int64_t>(random() % 600) - 300);
    Vec<uint32_t> first;
    for (size_t i = 0; i < values.size(); ++i)
      if (expected[values[i]]++ == 0) first.push_back(static_cast<uint32_t>(i));
    const Vec<uint32_t> got = counts->count(values);
    REQUIRE(std::equal(got.begin(), got.end(), first.begin(), first.end()));
    if (random() % 4 == 0) counts->keys().spill();
    if (random() % 20 != 0) continue;
    SnapshotWriter writer;
    counts->keys().snapshot(writer);
    const std::string bytes = writer.take();
    counts = std::make_unique<KeyCounts>(context);
    SnapshotReader reader(bytes);
    counts->keys().restore(reader);
    REQUIRE(reader.ok());
  }
  CHECK(counts->all() == expected);
}

TEST_CASE("what is on the disk cannot be restored without leave for it") {
  OperatorContext context;
  context.spill = space();
  KeyCounts counts(context);
  counts.count({1, 2, 3});
  counts.keys().spill();
  SnapshotWriter writer;
  counts.keys().snapshot(writer);
  const std::string bytes = writer.take();
  KeyCounts others({});
  SnapshotReader reader(bytes);
  CHECK_THROWS_AS(others.keys().restore(reader), SpillError);
}

}  // namespace
}  // namespace weir
