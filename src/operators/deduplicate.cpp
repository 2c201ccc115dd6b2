// deduplicate: one row for each key, the first or the last: by an order, by event time, or as they arrive.
//
// Bounded input gives the kept rows at its end, in the order in which they arrived; first by arrival at once. A stream
// gives the first by time when the watermark reaches it, and everything else as changes.
// Source: Flink, the deduplication that its SQL makes of ROW_NUMBER() = 1.

#include <algorithm>
#include <map>

#include "base/sortable.h"
#include "operators/column_list.h"
#include "operators/late_count.h"
#include "operators/operator_list.h"
#include "operators/order_by.h"
#include "operators/row_bytes.h"
#include "operators/spilling_keys.h"

namespace weir {

namespace {

struct DeduplicateOptions {
  std::vector<SourceText> key_by;
  std::string keep = "first";
  std::optional<SourceText> order_by;
};

const OptionTable<DeduplicateOptions>& deduplicate_options() {
  static const OptionTable<DeduplicateOptions> table = {
      {"key_by", &DeduplicateOptions::key_by, "the columns of which each combination comes once",
       true},
      {"keep", &DeduplicateOptions::keep, std::vector<std::string>{"first", "last"},
       "which row of a key is kept"},
      {"order_by", &DeduplicateOptions::order_by,
       "what first and last mean: \"price DESC\"; event time when not given, or arrival without "
       "one; of equal rows the first or last that arrived"},
  };
  return table;
}

enum class By { kArrival, kTime, kOrder };

struct Deduplication {
  Schema schema;
  std::vector<size_t> keys;
  std::vector<Type> key_types;
  bool last = false;
  By by = By::kArrival;
  OrderBy order;
  bool streaming = false;

  bool at_once() const { return by == By::kArrival && !last; }
  bool on_watermark() const { return streaming && by == By::kTime && !last; }
  bool changes() const { return streaming && !at_once() && !on_watermark(); }
};

class Deduplicate final : public Ordered, private KeptByKey {
 public:
  Deduplicate(const Deduplication& plan, const OperatorContext& context)
      : plan_(plan),
        context_(context),
        eval_(context.eval_context()),
        table_("deduplicate", plan.key_types, context, *this),
        rows_(plan.schema, plan.changes()) {}

  void process(Batch batch, Emitter& out) override {
    std::vector<ColumnPtr> order;
    if (plan_.by == By::kOrder) {
      eval_.arena = &batch.arena();
      order = plan_.order.eval(batch, eval_);
      if (!eval_.errors.empty()) {
        reject_failed_rows(batch, eval_, "order_by", context_);
        order = plan_.order.eval(batch, eval_);
      }
    }
    std::vector<ColumnPtr> keys;
    for (const size_t c : plan_.keys) keys.push_back(batch.columns[c]);
    groups_.resize(batch.rows);
    table_.find(keys, batch.rows, groups_.data());
    if (plan_.at_once()) return pass_first(std::move(batch), out);
    for (size_t i = 0; i < batch.rows; ++i) {
      place_.clear();
      if (plan_.by == By::kOrder) plan_.order.encode(order, i, place_);
      const int64_t time = batch.event_time.empty() ? kMinTime : batch.event_time[i];
      if (plan_.on_watermark() && time <= batch.watermark_at(i)) {
        late_.note(time, batch.watermark_at(i));
        continue;
      }
      offer(batch, i, groups_[i], time);
    }
    emit_rejects(batch, out);
    rows_.flush(out);
    table_.look_at_memory(batch.rows);
  }

  void watermark(int64_t watermark, Emitter& out) override {
    if (!plan_.on_watermark()) return;
    while (table_.any_spilled()) {
      const auto reached = table_.take_due(watermark);
      if (!reached) break;
      table_.look_at_memory(give_through({reached->time, arrival_of(*reached)}, out));
    }
    give_through({watermark, UINT64_MAX}, out);
  }
  void end(Emitter& out) override {
    if (plan_.at_once() || plan_.changes()) return;
    if (plan_.on_watermark()) return watermark(kMaxTime, out);
    if (table_.any_spilled()) {
      table_.take_all([&](std::string_view, SnapshotReader& reader) {
        rows_.add(read_slot(reader).row);
        if (rows_.full()) rows_.flush(out);
      });
      return rows_.flush(out);
    }
    std::vector<const Slot*> kept;
    for (const Slot& slot : slots_) {
      if (slot.used) kept.push_back(&slot);
    }
    std::sort(kept.begin(), kept.end(),
              [](const Slot* a, const Slot* b) { return a->arrival < b->arrival; });
    for (const Slot* slot : kept) {
      rows_.add(slot->row);
      if (rows_.full()) rows_.flush(out);
    }
    rows_.flush(out);
  }

  OperatorStats stats() const override {
    OperatorStats stats;
    late_.add_to(stats);
    return stats;
  }
  uint64_t state_bytes() const override { return table_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u64(arrived_);
    late_.snapshot(writer);
    table_.snapshot(writer);
  }
  void restore(SnapshotReader& reader) override {
    arrived_ = reader.get_u64();
    late_.restore(reader);
    table_.restore(reader);
  }

 private:
  struct Slot {
    bool used = false;
    bool given = false;  // on_watermark: the row is out and forgotten
    std::string row;
    std::string place;  // in the order
    int64_t time = kMinTime;
    uint64_t arrival = 0;
  };

  // --- what is kept for a key: a slot; where the first row is passed on at once, that the key is there ---

  void grow_kept(size_t keys) override {
    if (!plan_.at_once()) slots_.resize(keys);
  }
  bool keeps(uint32_t key) const override { return plan_.at_once() || slots_[key].used; }
  void save_kept(uint32_t key, SnapshotWriter& writer) const override {
    if (plan_.at_once()) return;
    const Slot& slot = slots_[key];
    writer.put_u8(static_cast<uint8_t>((slot.used ? 1 : 0) | (slot.given ? 2 : 0)));
    writer.put_text(slot.row);
    writer.put_text(slot.place);
    writer.put_i64(slot.time);
    writer.put_u64(slot.arrival);
  }
  static Slot read_slot(SnapshotReader& reader) {
    Slot slot;
    const uint8_t flags = reader.get_u8();
    slot.used = (flags & 1) != 0;
    slot.given = (flags & 2) != 0;
    slot.row = reader.get_text();
    slot.place = reader.get_text();
    slot.time = reader.get_i64();
    slot.arrival = reader.get_u64();
    return slot;
  }
  void load_kept(uint32_t key, SnapshotReader& reader) override {
    if (plan_.at_once()) return;
    Slot& slot = slots_[key];
    slot = read_slot(reader);
    if (plan_.on_watermark() && slot.used && !slot.given) due_[{slot.time, slot.arrival}] = key;
  }
  // When its row is given: on the watermark, or in order of arrival at the end.
  SpilledKeys::Due due(uint32_t key) const override {
    if (plan_.at_once() || plan_.changes()) return {};
    const Slot& slot = slots_[key];
    if (!plan_.on_watermark())
      return {SpilledKeys::Moment{static_cast<int64_t>(slot.arrival), {}}, std::nullopt};
    if (slot.given) return {};
    SpilledKeys::Moment moment{slot.time, {}};
    put_big_endian(slot.arrival, moment.rank);
    return {std::move(moment), std::nullopt};
  }
  static uint64_t arrival_of(const SpilledKeys::Moment& moment) {
    std::string_view rank = moment.rank;
    uint64_t arrival = 0;
    get_big_endian(rank, arrival);
    return arrival;
  }
  void clear_kept() override {
    slots_ = {};
    due_.clear();
  }
  uint64_t kept_bytes() const override {
    constexpr size_t kNode = 72;  // of due_, about
    uint64_t total = slots_.capacity() * sizeof(Slot) + due_.size() * kNode;
    for (const Slot& slot : slots_) total += bytes_of(slot.row) + bytes_of(slot.place);
    return total;
  }

  // Gives the rows that are due up to a time and arrival, and how many.
  uint64_t give_through(std::pair<int64_t, uint64_t> last, Emitter& out) {
    uint64_t given = 0;
    for (auto it = due_.begin(); it != due_.end() && it->first <= last; it = due_.erase(it)) {
      Slot& slot = slots_[it->second];
      rows_.put(slot.row, plan_.schema.size());
      rows_.end_row_at(slot.time);
      if (rows_.full()) rows_.flush(out);
      slot.given = true;
      slot.row = {};
      ++given;
    }
    rows_.flush(out);
    return given;
  }

  void pass_first(Batch batch, Emitter& out) {
    Vec<uint32_t> rows;
    table_.first_rows({groups_.data(), groups_.size()}, rows);
    const uint64_t all = batch.rows;
    batch.select({rows.data(), rows.size()});
    out.emit(std::move(batch));
    table_.look_at_memory(all);
  }

  // True if the row at hand takes the place of the one that is kept.
  bool replaces(const Slot& slot, int64_t time) const {
    switch (plan_.by) {
      case By::kArrival: return plan_.last;
      case By::kTime: return plan_.last ? time >= slot.time : time < slot.time;
      case By::kOrder: break;
    }
    return plan_.last ? place_ >= slot.place : place_ < slot.place;
  }

  void offer(const Batch& batch, size_t i, uint32_t group, int64_t time) {
    Slot& slot = slots_[group];
    const uint64_t arrival = arrived_++;
    if (slot.used && (slot.given || !replaces(slot, time))) return;
    std::string row = encode_row(batch.columns, i);
    if (plan_.changes()) {
      if (!slot.used) {
        rows_.add(row);
      } else if (row != slot.row) {
        rows_.update(slot.row, row);
      }
    }
    if (plan_.on_watermark()) {
      if (slot.used) due_.erase({slot.time, slot.arrival});
      due_[{time, arrival}] = group;
    }
    slot.used = true;
    slot.row = std::move(row);
    slot.place = place_;
    slot.time = time;
    slot.arrival = arrival;
  }

  const Deduplication& plan_;
  const OperatorContext context_;
  EvalContext eval_;
  SpillingKeys table_;
  std::vector<Slot> slots_;                               // by group
  std::map<std::pair<int64_t, uint64_t>, uint32_t> due_;  // time and arrival -> group
  uint64_t arrived_ = 0;
  LateCount late_;
  std::string place_;
  Vec<uint32_t> groups_;
  RowWriter rows_;
};

class DeduplicatePlan final : public OperatorPlan {
 public:
  DeduplicatePlan(Deduplication plan, std::string text)
      : OperatorPlan("deduplicate", plan.schema, plan.schema),
        plan_(std::move(plan)),
        text_(std::move(text)) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed = output_needed;
    for (const size_t c : plan_.keys) needed[c] = true;
    plan_.order.collect_columns(needed);
    return needed;
  }
  std::string explain() const override { return "deduplicate: " + text_; }
  bool can_reject() const override { return plan_.order.can_fail(); }
  bool keeps_event_time() const override { return plan_.at_once() || plan_.on_watermark(); }
  bool makes_changelog(bool) const override { return plan_.changes(); }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<Deduplicate>(plan_, context);
  }

 private:
  Deduplication plan_;
  std::string text_;
};

std::unique_ptr<OperatorPlan> bind_deduplicate(const ComponentSpec& spec, const Schema& input,
                                               const BindContext& context, Errors& errors) {
  const size_t before = errors.size();
  DeduplicateOptions options;
  read_options(deduplicate_options(), spec.options, options, errors, "the deduplicate operator",
               {"op"});
  Deduplication plan;
  plan.schema = input;
  plan.keys = resolve_columns(options.key_by, input, errors);
  plan.last = options.keep == "last";
  plan.streaming = context.streaming;
  plan.by = options.order_by ? By::kOrder : context.has_event_time ? By::kTime : By::kArrival;
  if (options.order_by) plan.order = OrderBy::bind(*options.order_by, input, context, errors);
  if (errors.size() != before) return nullptr;
  for (const size_t c : plan.keys) plan.key_types.push_back(input[c].type);
  std::string text = "the " + options.keep + " row of " + join_names(plan.keys, input);
  if (options.order_by) text += " by " + options.order_by->text;
  return std::make_unique<DeduplicatePlan>(std::move(plan), std::move(text));
}

}  // namespace

const OperatorDescriptor kDeduplicateOperator = {
    "deduplicate",
    "Gives one row of each key: the first or the last.",
    [] { return option_docs(deduplicate_options()); },
    bind_deduplicate,
    Arity::kOne,
    true,
};

}  // namespace weir
