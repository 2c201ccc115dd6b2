#include "operators/spilling_keys.h"

#include <algorithm>
#include <numeric>

#include "expr/aggregates/row_codec.h"
#include "operators/group_snapshot.h"

namespace weir {

namespace {

constexpr size_t kKeysTogether = 4096;  // on their way from a table to bytes

// Calls visit(number, encoded key) for the keys of a table from `begin` on.
template <class Visit>
void each_encoded(const GroupTable& table, size_t begin, Visit&& visit) {
  Vec<uint32_t> numbers;
  for (; begin < table.size(); begin += numbers.size()) {
    numbers.resize(std::min(kKeysTogether, table.size() - begin));
    std::iota(numbers.begin(), numbers.end(), static_cast<uint32_t>(begin));
    const auto encoded = encoded_keys(table, {numbers.data(), numbers.size()});
    for (size_t i = 0; i < numbers.size(); ++i) visit(numbers[i], encoded[i]);
  }
}

}  // namespace

SpillingKeys::SpillingKeys(std::string step, std::vector<Type> types,
                           const OperatorContext& context, KeptByKey& kept)
    : types_(std::move(types)),
      kept_(kept),
      table_(types_.empty() ? nullptr : make_group_table(types_, run_hash_seed())),
      spilled_(std::move(step), context.spill),
      limit_(context, !types_.empty()) {}

void SpillingKeys::grow() {
  if (size() == grown_) return;
  grown_ = size();
  kept_.grow_kept(grown_);
}

void SpillingKeys::find(std::span<const ColumnPtr> keys, size_t rows, uint32_t* numbers) {
  came_back_.clear();
  if (!table_) {
    std::fill_n(numbers, rows, 0U);
    return grow();
  }
  known_ = table_->size();
  table_->find_or_add(keys, rows, numbers);
  grow();
  if (spilled_.any()) take_back();
}

void SpillingKeys::find_encoded(std::span<const std::string_view> keys, uint32_t* numbers) {
  Arena arena;
  std::vector<ColumnPtr> columns;
  for (const auto& type : types_) columns.push_back(make_column(type));
  for (const auto key : keys) {
    std::string_view rest = key;
    for (const auto& column : columns) {
      if (!decode_value(rest, *column, arena)) throw unreadable_spill();
    }
  }
  find(columns, keys.size(), numbers);
}

void SpillingKeys::first_rows(std::span<const uint32_t> numbers, Vec<uint32_t>& rows) const {
  // Keys are numbered by first appearance: a row brings a new one if its number is the next.
  rows.clear();
  size_t next = known_;
  size_t back = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != next) continue;
    if (back < came_back_.size() && came_back_[back] == next) {
      ++back;
    } else {
      rows.push_back(static_cast<uint32_t>(i));
    }
    ++next;
  }
}

// Of the keys that are new in memory, those that are on the disk.
void SpillingKeys::take_back() {
  Vec<uint32_t> numbers;
  for (size_t begin = known_; begin < table_->size(); begin += numbers.size()) {
    numbers.resize(std::min(kKeysTogether, table_->size() - begin));
    std::iota(numbers.begin(), numbers.end(), static_cast<uint32_t>(begin));
    spilled_.take(encoded_keys(*table_, {numbers.data(), numbers.size()}),
                  [&](size_t i, SnapshotReader& value) {
                    kept_.load_kept(numbers[i], value);
                    came_back_.push_back(numbers[i]);
                  });
  }
}

void SpillingKeys::spill() {
  if (!table_ || table_->size() == 0) return;
  each_encoded(*table_, 0, [&](uint32_t number, const std::string& key) {
    if (!kept_.keeps(number)) return;
    SnapshotWriter value;
    kept_.save_kept(number, value);
    spilled_.put(key, kept_.due(number), value.bytes());
  });
  table_ = make_group_table(types_, run_hash_seed());
  kept_.clear_kept();
  grown_ = 0;
}

std::optional<SpilledKeys::Moment> SpillingKeys::take_due(int64_t until) {
  return spilled_.take_due(SpilledKeys::Axis::kEventTime, until,
                           [this](std::string_view key, SnapshotReader& value) {
                             const auto number = find_encoded_key(*table_, types_, key);
                             if (!number) return value.refuse();
                             grow();
                             kept_.load_kept(*number, value);
                           });
}

void SpillingKeys::take_all(const std::function<void(std::string_view, SnapshotReader&)>& visit) {
  spill();
  while (spilled_.take_due(SpilledKeys::Axis::kEventTime, kMaxTime, visit)) {
  }
}

void SpillingKeys::snapshot(SnapshotWriter& writer) const {
  const auto one = [&](uint32_t number, const std::string& key) {
    if (!kept_.keeps(number)) return;
    writer.put_u8(1);
    writer.put_text(key);
    kept_.save_kept(number, writer);
  };
  if (table_) {
    each_encoded(*table_, 0, one);
  } else if (grown_ > 0) {
    one(0, {});
  }
  writer.put_u8(0);
  spilled_.snapshot(writer);
}

void SpillingKeys::restore(SnapshotReader& reader) {
  while (reader.get_u8() != 0 && reader.ok()) {
    const std::string_view key = reader.get_text();
    const auto number = table_ ? find_encoded_key(*table_, types_, key) : 0U;
    if (!number || !reader.ok()) return reader.refuse();
    grow();
    kept_.load_kept(*number, reader);
  }
  spilled_.restore(reader);
}

}  // namespace weir
