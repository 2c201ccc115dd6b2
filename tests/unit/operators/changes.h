// Random tables and changes for steps of one or two inputs, and what their changelogs come to.
#pragma once

#include <map>
#include <random>
#include <set>

#include "step_runner.h"

namespace weir {

// Rows of small values with NULLs among them.
class RandomRows {
 public:
  RandomRows(const Schema& schema, uint64_t seed) : schema_(schema), random_(seed) {}

  Batch batch(size_t rows, int64_t values = 5) {
    Batch batch;
    batch.rows = rows;
    for (const auto& column : schema_) {
      auto made = make_column(column.type);
      for (size_t i = 0; i < rows; ++i) {
        const auto value = static_cast<int64_t>(random_() % static_cast<uint64_t>(values));
        if (random_() % 8 == 0) {
          made->push_null();
        } else if (column.type.is_text()) {
          made->push(texts_[static_cast<size_t>(value) % texts_.size()]);
        } else {
          made->push(value);
        }
      }
      batch.columns.push_back(std::move(made));
    }
    return batch;
  }
  uint64_t next(uint64_t below) { return random_() % below; }

 private:
  const Schema& schema_;
  std::mt19937_64 random_;
  std::vector<StringRef> texts_ = {StringRef("a", 1), StringRef("", 0), StringRef("bc", 2),
                                   StringRef("longer than twelve", 18), StringRef("e", 1)};
};

inline std::vector<std::string> cells(const Batch& batch, size_t i) {
  std::vector<std::string> out;
  for (const auto& column : batch.columns) out.push_back(column ? cell(*column, i) : "-");
  return out;
}
inline std::string joined(const std::vector<std::string>& cells) {
  std::string row;
  for (const auto& text : cells) row += (row.empty() ? "" : "|") + text;
  return row;
}
inline std::string row_text(const Batch& batch, size_t i) { return joined(cells(batch, i)); }

// Applies what a step emits: rows come in and go.
class Materialized : public Emitter {
 public:
  void emit(Batch batch) override {
    for (size_t i = 0; i < batch.rows; ++i) {
      const RowKind kind = batch.kinds.empty() ? RowKind::kInsert : batch.kinds[i];
      const std::string row = row_text(batch, i);
      if (kind == RowKind::kInsert || kind == RowKind::kUpdateAfter) {
        rows.insert(row);
      } else {
        const auto found = rows.find(row);
        INFO("takes back " << row);
        REQUIRE(found != rows.end());
        rows.erase(found);
      }
    }
  }
  void emit_late(Batch) override {}
  void advance(int64_t) override {}

  std::multiset<std::string> rows;
};

// Random insertions, and deletions of rows that are there, of one input.
class RandomChanges {
 public:
  RandomChanges(const Schema& schema, uint64_t seed) : rows_(schema, seed) {}

  Batch next(bool deletions) {
    Batch batch = rows_.batch(1 + rows_.next(6));
    batch.sequence = sequence_++;
    for (size_t i = 0; i < batch.rows; ++i) batch.kinds.push_back(RowKind::kInsert);
    if (deletions && !alive.empty() && rows_.next(2) == 0) {
      // A batch of rows that go.
      batch = Batch();
      batch.sequence = sequence_ - 1;
      size_t at = rows_.next(alive.size());
      // Of equal rows the first one goes.
      for (size_t i = at; i-- > 0;)
        if (row_text(alive[i], 0) == row_text(alive[at], 0)) at = i;
      batch.rows = 1;
      for (const auto& column : alive[at].columns) batch.columns.push_back(column->slice(0, 1));
      batch.kinds.push_back(rows_.next(2) == 0 ? RowKind::kDelete : RowKind::kUpdateBefore);
      alive.erase(alive.begin() + static_cast<ptrdiff_t>(at));
      return batch;
    }
    for (size_t i = 0; i < batch.rows; ++i) {
      Batch one;
      one.rows = 1;
      for (const auto& column : batch.columns) one.columns.push_back(column->slice(i, i + 1));
      alive.push_back(std::move(one));
    }
    return batch;
  }

  std::vector<Batch> alive;  // one row each, in order of arrival

 private:
  RandomRows rows_;
  uint64_t sequence_ = 0;
};

// The operator after its state has gone through a snapshot.
inline std::unique_ptr<Ordered> resumed(const OperatorPlan& plan, const OperatorContext& context,
                                        const Ordered& ordered) {
  SnapshotWriter writer;
  ordered.snapshot(writer);
  auto again = plan.make_ordered(context);
  SnapshotReader reader(writer.bytes());
  again->restore(reader);
  CHECK(reader.ok());
  CHECK(reader.at_end());
  return again;
}

}  // namespace weir
