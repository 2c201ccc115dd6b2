#include "operators/spilled_build.h"

#include <algorithm>
#include <mutex>

#include "base/sortable.h"
#include "expr/aggregates/row_codec.h"
#include "operators/join_probe.h"
#include "operators/row_bytes.h"

namespace weir {

namespace {

constexpr size_t kRestRows = 8192;

}  // namespace

bool SpilledBuild::can_hold(const Join& join) {
  if (join.keys[1].empty()) return false;
  // Otherwise a NULL may be equal to any row's key, and all of them are looked at.
  return !join.null_aware || (join.keys[1].size() == 1 && !join.where);
}

void SpilledBuild::add(RowStore& rows) {
  const std::lock_guard lock(mutex_);
  if (!by_key_) by_key_ = space_->make_store();
  if (!by_place_ && join_.keeps_right()) by_place_ = space_->make_store();
  std::string entry;
  std::string row;
  for (size_t b = 0; b < rows.batches(); ++b) {
    const Batch& batch = rows.batch(static_cast<uint32_t>(b));
    const auto keys = join_.key_columns(1, batch.columns);
    for (size_t i = 0; i < batch.rows; ++i) {
      row.clear();
      encode_row(batch.columns, i, row);
      if (by_place_) {
        entry.clear();
        put_big_endian(batch.ordinal(i), entry);
        by_place_->put(entry, row);
      }
      if (has_null_key(keys, i)) {
        has_null_keys_ = true;
        continue;
      }
      entry.clear();
      for (const auto& key : keys) encode_value(*key, i, entry);
      put_big_endian(batch.ordinal(i), entry);
      by_key_->put(entry, row);
    }
    rows_ += batch.rows;
  }
  rows = RowStore();
}

void SpilledBuild::finish() {
  by_key_->flush();
  if (by_place_) by_place_->flush();
}

std::shared_ptr<JoinTable> SpilledBuild::Reader::read(std::span<const ColumnPtr> keys,
                                                      size_t rows) {
  wanted_.clear();
  for (size_t i = 0; i < rows; ++i) {
    if (has_null_key(keys, i)) continue;
    std::string key;
    for (const auto& column : keys) encode_value(*column, i, key);
    if (wanted_.empty() || wanted_.back() != key) wanted_.push_back(std::move(key));
  }
  std::sort(wanted_.begin(), wanted_.end());
  wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());

  const Join& join = build_.join_;
  const bool one_is_enough = !join.gives_pairs() && !join.where;
  if (!cursor_) cursor_ = std::make_unique<SpillStore::Cursor>(*build_.by_key_, "");
  ordinals_.clear();
  Batch found;
  for (const auto& column : join.sides[1]) found.columns.push_back(make_column(column.type));
  for (const auto& key : wanted_) {
    cursor_->seek(key);
    for (; cursor_->valid() && cursor_->key().starts_with(key); cursor_->next()) {
      if (!decode_row(cursor_->value(), found.columns, found.arena())) throw unreadable_spill();
      std::string_view place = cursor_->key().substr(key.size());
      uint64_t ordinal = 0;
      get_big_endian(place, ordinal);
      ordinals_.push_back(ordinal);
      ++found.rows;
      if (one_is_enough) break;
    }
  }
  return std::make_shared<JoinTable>(join, std::move(found), build_.has_null_keys_);
}

void SpilledBuild::drop(std::span<const uint64_t> ordinals) {
  const std::lock_guard lock(mutex_);
  std::string entry;
  for (const uint64_t ordinal : ordinals) {
    entry.clear();
    put_big_endian(ordinal, entry);
    by_place_->erase(entry);
  }
}

Batch SpilledBuild::rest() {
  const std::lock_guard lock(mutex_);
  if (!rest_) rest_ = std::make_unique<SpillStore::Cursor>(*by_place_, "");
  Batch batch;
  for (const auto& column : join_.sides[1]) batch.columns.push_back(make_column(column.type));
  for (; rest_->valid() && batch.rows < kRestRows; rest_->next(), ++batch.rows)
    if (!decode_row(rest_->value(), batch.columns, batch.arena())) throw unreadable_spill();
  return batch;
}

namespace {

// Each batch with a table of its own.
class SpilledProbe final : public Transform {
 public:
  SpilledProbe(const Join& join, std::shared_ptr<SpilledBuild> build, std::vector<bool> needed,
               const OperatorContext& context)
      : join_(join),
        build_(std::move(build)),
        reader_(*build_),
        needed_(std::move(needed)),
        context_(context) {}

  bool expands() const override { return join_.gives_pairs(); }
  void apply(Batch& batch) override {
    take_table(batch);
    probe_->apply(batch);
    finish();
  }
  void begin(Batch batch) override {
    take_table(batch);
    probe_->begin(std::move(batch));
  }
  bool next(Batch& part) override {
    const bool more = probe_->next(part);
    if (!more) finish();
    return more;
  }

 private:
  void take_table(const Batch& batch) {
    table_ = reader_.read(join_.key_columns(0, batch.columns), batch.rows);
    probe_ = join_.gives_pairs() ? make_pair_probe(join_, table_, needed_, context_)
                                 : make_answer_probe(join_, table_, context_);
  }
  void finish() {
    if (join_.keeps_right()) {
      Vec<uint64_t> matched;
      const auto marks = table_->marks();
      for (size_t i = 0; i < marks.size(); ++i)
        if (marks[i] != 0) matched.push_back(reader_.ordinals()[i]);
      build_->drop({matched.data(), matched.size()});
    }
    probe_.reset();
    table_.reset();
  }

  const Join& join_;
  const std::shared_ptr<SpilledBuild> build_;
  SpilledBuild::Reader reader_;
  const std::vector<bool> needed_;
  const OperatorContext context_;
  std::shared_ptr<JoinTable> table_;
  std::unique_ptr<Transform> probe_;
};

class SpilledRest final : public BatchSource {
 public:
  SpilledRest(const Join& join, std::shared_ptr<SpilledBuild> build, std::vector<bool> needed)
      : join_(join), build_(std::move(build)), needed_(std::move(needed)) {}

  bool claim(Batch& batch) override {
    const std::lock_guard lock(mutex_);
    Batch right = build_->rest();
    if (right.rows == 0) return false;
    Vec<uint32_t> all(right.rows);
    for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    batch = right_without_partner(join_, right.columns, {all.data(), all.size()}, needed_);
    batch.sequence = sequence_++;
    batch.keep(std::make_shared<Batch>(std::move(right)));
    return true;
  }

 private:
  const Join& join_;
  const std::shared_ptr<SpilledBuild> build_;
  const std::vector<bool> needed_;
  std::mutex mutex_;
  uint64_t sequence_ = 0;
};

}  // namespace

std::unique_ptr<Transform> make_spilled_probe(const Join& join, std::shared_ptr<SpilledBuild> build,
                                              std::vector<bool> needed,
                                              const OperatorContext& context) {
  return std::make_unique<SpilledProbe>(join, std::move(build), std::move(needed), context);
}

std::unique_ptr<BatchSource> make_spilled_rest(const Join& join,
                                               std::shared_ptr<SpilledBuild> build,
                                               std::vector<bool> needed) {
  return std::make_unique<SpilledRest>(join, std::move(build), std::move(needed));
}

}  // namespace weir
