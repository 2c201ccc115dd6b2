// top: the first rows, in the order of some expressions, of all input or of each group.
//
// A heap per group keeps the best rows so far, so memory is bounded by the rows that come out. Ties keep
// input order: of equal rows the earlier one is better.

#include <algorithm>
#include <atomic>
#include <optional>

#include "expr/aggregates/row_codec.h"
#include "operators/column_list.h"
#include "operators/group_snapshot.h"
#include "operators/group_table.h"
#include "operators/operator_list.h"
#include "operators/row_store.h"
#include "operators/top_stream.h"

namespace weir {

namespace {

constexpr size_t kTopRows = 8192;  // of one result batch
constexpr size_t kSpareRows =
    64 << 10;  // replaced rows that may stay in the store before it is rebuilt

struct TopOptions {
  SourceText by;
  int64_t limit = 0;
  std::vector<SourceText> per;
  std::string rank;
};

const OptionTable<TopOptions>& top_options() {
  static const OptionTable<TopOptions> table = {
      {"by", &TopOptions::by, "what to order by: \"hits DESC\"", true},
      {"limit", &TopOptions::limit, "how many rows, of each group if there are groups", true},
      {"per", &TopOptions::per, "columns to group by; none: the first rows of all"},
      {"rank", &TopOptions::rank, "the name of a column to add, with the row's rank from 1"},
  };
  return table;
}

struct Candidate {
  std::string place;  // in the order, encoded
  uint64_t ordinal = 0;
  RowPlace row = 0;

  bool operator<(const Candidate& o) const {
    const int c = place.compare(o.place);
    return c != 0 ? c < 0 : ordinal < o.ordinal;
  }
};

class TopCollector final : public Collector {
 public:
  TopCollector(const Top& top, const Schema& schema, const OperatorContext& context)
      : top_(top), schema_(schema), eval_(context.eval_context()) {
    if (!top_.per.empty()) table_ = make_group_table(top_.per_types, run_hash_seed());
  }

  void consume(Batch batch) override {
    if (top_.limit == 0 || batch.rows == 0) return;
    eval_.arena = &batch.arena();
    const std::vector<ColumnPtr> columns = top_.order.eval(batch, eval_);
    WEIR_CHECK(eval_.errors.empty());  // rows that fail have been refused by the preparation
    find_groups(batch);

    // Which rows get into a heap; what falls out again in this batch is sorted out by store().
    kept_.clear();
    const auto number = static_cast<uint32_t>(store_.batches());
    Candidate candidate;
    for (size_t i = 0; i < batch.rows; ++i) {
      auto& heap = heaps_[groups_[i]];
      candidate.place.clear();
      top_.order.encode(columns, i, candidate.place);
      candidate.ordinal = batch.ordinal(i);
      if (heap.size() == top_.limit) {
        if (!(candidate < heap.front())) continue;
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
      }
      candidate.row = RowPlace{number} << 32 | kept_.size();
      heap.push_back(candidate);
      std::push_heap(heap.begin(), heap.end());
      kept_.push_back(static_cast<uint32_t>(i));
    }
    if (kept_.empty()) return;
    batch.select({kept_.data(), kept_.size()});
    stored_rows_ += kept_.size();
    store_.add(std::move(batch), true);
    if (stored_rows_ > 2 * live_rows() + kSpareRows) rebuild();
  }
  size_t memory_bytes() const override { return store_.memory_bytes(); }

  // The groups' keys, which columns there are, then every heap with its rows.
  void snapshot(SnapshotWriter& writer) const override {
    if (store_.batches() == 0) return;
    if (table_) snapshot_keys(*table_, writer);
    const std::vector<ColumnPtr>& columns = store_.batch(0).columns;
    for (size_t c = 0; c < schema_.size(); ++c) writer.put_u8(columns[c] != nullptr ? 1 : 0);
    writer.put_u64(heaps_.size());
    std::string row;
    for (const auto& heap : heaps_) {
      writer.put_u64(heap.size());
      for (const auto& candidate : heap) {
        const Batch& batch = store_.batch(static_cast<uint32_t>(candidate.row >> 32));
        row.clear();
        for (const auto& column : batch.columns)
          if (column) encode_value(*column, candidate.row & 0xffffffff, row);
        writer.put_text(candidate.place);
        writer.put_u64(candidate.ordinal);
        writer.put_text(row);
      }
    }
  }
  void restore(SnapshotReader& reader) override {
    if (table_ && !restore_keys(*table_, top_.per_types, reader)) return;
    Batch all;
    for (size_t c = 0; c < schema_.size(); ++c)
      all.columns.push_back(reader.get_u8() != 0 ? make_column(schema_[c].type) : nullptr);
    const uint64_t groups = reader.get_u64();
    if (groups != (table_ ? table_->size() : 1)) return reader.refuse();
    heaps_.resize(groups);
    for (auto& heap : heaps_) {
      const uint64_t n = reader.get_u64();
      if (n > top_.limit) return reader.refuse();
      for (uint64_t i = 0; i < n && reader.ok(); ++i) {
        Candidate candidate;
        candidate.place = reader.get_text();
        candidate.ordinal = reader.get_u64();
        candidate.row = all.rows++;
        std::string_view row = reader.get_text();
        for (auto& column : all.columns)
          if (column && !decode_value(row, *column, all.arena())) return reader.refuse();
        heap.push_back(std::move(candidate));
      }
    }
    if (!reader.ok()) return;
    stored_rows_ = all.rows;
    store_.add(std::move(all), true);
  }

  // The groups' keys as columns of all groups, in order of their numbers; none without `per`.
  std::vector<ColumnPtr> keys(Arena& arena) const {
    if (!table_) return {};
    Vec<uint32_t> ids(table_->size());
    for (size_t g = 0; g < ids.size(); ++g) ids[g] = static_cast<uint32_t>(g);
    return table_->keys({ids.data(), ids.size()}, arena);
  }
  size_t groups() const { return heaps_.size(); }
  RowStore& store() { return store_; }
  std::vector<std::vector<Candidate>>& heaps() { return heaps_; }

 private:
  void find_groups(const Batch& batch) {
    groups_.resize(batch.rows);
    if (table_) {
      std::vector<ColumnPtr> keys;
      for (const size_t c : top_.per) keys.push_back(batch.columns[c]);
      table_->find_or_add(keys, batch.rows, groups_.data());
      heaps_.resize(table_->size());
    } else {
      std::fill(groups_.begin(), groups_.end(), 0u);
      heaps_.resize(1);
    }
  }
  size_t live_rows() const {
    if (heaps_.size() == 1) return heaps_[0].size();
    size_t total = 0;
    for (const auto& heap : heaps_) total += heap.size();
    return total;
  }
  // Moves the rows still in a heap to a new store.
  void rebuild() {
    Vec<RowPlace> rows;
    uint64_t next = 0;
    for (auto& heap : heaps_) {
      for (auto& candidate : heap) {
        rows.push_back(candidate.row);
        candidate.row = next++;
      }
    }
    Batch all;
    all.rows = rows.size();
    for (size_t c = 0; c < schema_.size(); ++c) {
      const bool present = store_.batch(0).columns[c] != nullptr;
      all.columns.push_back(present ? store_.gather(c, schema_[c].type, {rows.data(), rows.size()})
                                    : nullptr);
    }
    RowStore fresh;
    fresh.add(std::move(all), true);
    store_ = std::move(fresh);
    stored_rows_ = rows.size();
  }

  const Top& top_;
  const Schema& schema_;  // of the input
  EvalContext eval_;
  std::unique_ptr<GroupTable> table_;
  std::vector<std::vector<Candidate>> heaps_;  // by group; the worst on top
  RowStore store_;
  size_t stored_rows_ = 0;
  Vec<uint32_t> groups_;
  Vec<uint32_t> kept_;
};

class TopResult final : public BatchSource {
 public:
  TopResult(const Top& top, const Schema& input, std::vector<std::unique_ptr<Collector>> collectors)
      : top_(top), input_(input), store_(std::make_shared<RowStore>()) {
    std::vector<std::vector<Candidate>> groups;
    std::unique_ptr<GroupTable> table;
    if (!top.per.empty()) table = make_group_table(top.per_types, run_hash_seed());
    for (const auto& collector : collectors) {
      auto& part = dynamic_cast<TopCollector&>(*collector);
      Vec<uint32_t> ids(part.groups());
      if (table) {
        Arena arena;
        table->find_or_add(part.keys(arena), ids.size(), ids.data());
        groups.resize(table->size());
      } else {
        groups.resize(1);
        std::fill(ids.begin(), ids.end(), 0u);
      }
      const uint64_t shift = uint64_t{store_->take(part.store())} << 32;
      for (size_t g = 0; g < ids.size(); ++g) {
        for (auto& candidate : part.heaps()[g]) {
          candidate.row += shift;
          groups[ids[g]].push_back(std::move(candidate));
        }
      }
    }
    Vec<uint32_t> order;
    if (table) {
      order = table->sorted();
    } else if (!groups.empty()) {
      order.push_back(0);
    }
    for (const uint32_t g : order) {
      auto& candidates = groups[g];
      std::sort(candidates.begin(), candidates.end());
      const size_t n = std::min<size_t>(candidates.size(), top.limit);
      for (size_t k = 0; k < n; ++k) {
        rows_.push_back(candidates[k].row);
        ranks_.push_back(static_cast<int64_t>(k + 1));
      }
    }
  }

  bool claim(Batch& batch) override {
    const uint64_t sequence = next_.fetch_add(1);
    const size_t begin = sequence * kTopRows;
    if (begin >= rows_.size()) return false;
    const std::span<const RowPlace> rows(rows_.data() + begin,
                                         std::min(kTopRows, rows_.size() - begin));
    batch = Batch();
    batch.sequence = sequence;
    batch.rows = rows.size();
    for (size_t c = 0; c < input_.size(); ++c) {
      const bool present = store_->batch(0).columns[c] != nullptr;
      batch.columns.push_back(present ? store_->gather(c, input_[c].type, rows) : nullptr);
    }
    if (top_.rank) {
      auto ranks = make_column(Type::bigint(), rows.size());
      std::copy_n(ranks_.data() + begin, rows.size(), ranks->values<int64_t>());
      batch.columns.push_back(std::move(ranks));
    }
    batch.keep(store_);
    return true;
  }

 private:
  const Top& top_;
  const Schema& input_;
  std::shared_ptr<RowStore> store_;
  Vec<RowPlace> rows_;
  Vec<int64_t> ranks_;
  std::atomic<uint64_t> next_{0};
};

class TopPlan final : public OperatorPlan {
 public:
  TopPlan(const Schema& input, Schema output, Top top, std::string text)
      : OperatorPlan("top", input, std::move(output)),
        top_(std::move(top)),
        text_(std::move(text)) {}

  Placement placement() const override {
    return top_.streaming ? Placement::kOrdered : Placement::kCollector;
  }
  bool keeps_event_time() const override { return false; }
  bool takes_changelog() const override { return top_.streaming; }
  bool makes_changelog(bool) const override { return top_.streaming; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return make_top_stream(top_, input(), output(), context);
  }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(output_needed.begin(),
                             output_needed.begin() + static_cast<ptrdiff_t>(input().size()));
    top_.order.collect_columns(needed);
    for (const size_t c : top_.per) needed[c] = true;
    return needed;
  }
  std::string explain() const override { return "top: " + text_; }
  bool can_reject() const override { return top_.order.can_fail(); }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return make_order_preparation(top_.order, context);
  }
  bool keeps_collected() const override { return true; }
  std::unique_ptr<Collector> make_collector(const OperatorContext& context) const override {
    return std::make_unique<TopCollector>(top_, input(), context);
  }
  std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                      const OperatorContext&) const override {
    return std::make_unique<TopResult>(top_, input(), std::move(collectors));
  }

 private:
  Top top_;
  std::string text_;
};

std::unique_ptr<OperatorPlan> bind_top(const ComponentSpec& spec, const Schema& input,
                                       const BindContext& context, Errors& errors) {
  TopOptions options;
  const size_t before = errors.size();
  read_options(top_options(), spec.options, options, errors, "the top operator", {"op"});
  if (const Node* limit = spec.options.find("limit");
      limit != nullptr && limit->kind == Node::Kind::kInteger && options.limit < 1)
    errors.push_back({ErrorKind::kConfig, "limit must be at least 1", limit->position, {}, {}});
  Top top;
  top.streaming = context.streaming;
  top.retracts = !context.inputs.empty() && context.inputs[0].changelog;
  top.per = resolve_columns(options.per, input, errors);
  if (!options.rank.empty() && input.find(options.rank)) {
    errors.push_back({ErrorKind::kConfig,
                      "there is a column `" + options.rank + "` already",
                      spec.options.find("rank")->position,
                      {},
                      {}});
  }
  if (errors.size() != before) return nullptr;
  top.order = OrderBy::bind(options.by, input, context, errors);
  if (errors.size() != before) return nullptr;
  top.limit = static_cast<uint64_t>(options.limit);
  top.rank = !options.rank.empty();
  for (const size_t c : top.per) top.per_types.push_back(input[c].type);
  Schema output = input;
  if (top.rank) output.add(options.rank, Type::bigint());
  std::string text = std::to_string(options.limit) + " by " + options.by.text;
  if (!top.per.empty()) text += " per " + join_names(top.per, input);
  return std::make_unique<TopPlan>(input, std::move(output), std::move(top), std::move(text));
}

}  // namespace

const OperatorDescriptor kTopOperator = {
    "top",
    "Gives the first rows in an order, of all input or of each group; on a stream as changes of "
    "the result "
    "so far.",
    [] { return option_docs(top_options()); },
    bind_top,
};

}  // namespace weir
