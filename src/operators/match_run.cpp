// A match is searched from each row on, trying what the quantifiers prefer first, and going back where that leads
// nowhere. On a stream the search stops where it would look at a row that has not come, and begins anew when it
// has; so what is found does not depend on how much came at a time.
// Source: SQL:2016, row pattern recognition; Flink, the parts of it that its SQL has.

#include <algorithm>
#include <map>

#include "base/sortable.h"
#include "operators/late_count.h"
#include "operators/match.h"
#include "operators/operator_list.h"
#include "operators/row_bytes.h"
#include "operators/spilling_keys.h"
#include "operators/spilling_rows.h"

namespace weir {

namespace {

// The rows of a partition that may still be part of a match.
struct MatchRow {
  int64_t time = kMinTime;
  uint64_t arrival = 0;
  std::string bytes;
};

class Matcher final : public Ordered {
 public:
  Matcher(const Match& match, const OperatorContext& context)
      : match_(match),
        context_(context),
        eval_(context.eval_context()),
        waiting_("match", context.spill),
        spilled_("match", context.spill),
        found_("match", context.spill),
        limit_(context, true),
        writer_(match.output) {}

  void process(Batch batch, Emitter& out) override {
    std::vector<ColumnPtr> keys;
    for (const size_t c : match_.partition) keys.push_back(batch.columns[c]);
    std::vector<ColumnPtr> order;
    if (!match_.by_time) {
      eval_.arena = &batch.arena();
      order = match_.order.eval(batch, eval_);
      if (!eval_.errors.empty()) {
        reject_failed_rows(batch, eval_, "order_by", context_);
        keys.clear();
        for (const size_t c : match_.partition) keys.push_back(batch.columns[c]);
        order = match_.order.eval(batch, eval_);
      }
    }
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t time = batch.event_time.empty() ? kMinTime : batch.event_time[i];
      if (match_.streaming && time <= batch.watermark_at(i)) {
        late_.note(time, batch.watermark_at(i));
        continue;
      }
      std::string place;
      if (!match_.by_time) match_.order.encode(order, i, place);
      std::string row = encode_row(batch.columns, i);
      put_sortable(time, row);
      waiting_.put({match_.by_time ? time : 0, std::move(place), arrived_++},
                   with_key(encode_row(keys, i), row));
    }
    emit_rejects(batch, out);
    look_at_memory(batch.rows);
  }

  void watermark(int64_t watermark, Emitter& out) override {
    if (match_.streaming) advance(watermark, false, out);
  }
  void end(Emitter& out) override { advance(kMaxTime, true, out); }

  OperatorStats stats() const override {
    OperatorStats stats;
    late_.add_to(stats);
    return stats;
  }
  uint64_t state_bytes() const override {
    constexpr size_t kNode = 48;  // of partitions_, about
    uint64_t total = waiting_.memory_bytes() + found_.memory_bytes();
    for (const auto& [key, rows] : partitions_) {
      total +=
          kNode + sizeof(key) + bytes_of(key) + sizeof(rows) + rows.capacity() * sizeof(MatchRow);
      for (const auto& row : rows) total += bytes_of(row.bytes);
    }
    return total;
  }
  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u64(arrived_);
    writer.put_u64(next_number_);
    late_.snapshot(writer);
    waiting_.snapshot(writer);
    writer.put_u64(partitions_.size());
    for (const auto& [key, rows] : partitions_) {
      writer.put_text(key);
      save_rows(rows, writer);
    }
    spilled_.snapshot(writer);
  }
  void restore(SnapshotReader& reader) override {
    arrived_ = reader.get_u64();
    next_number_ = reader.get_u64();
    late_.restore(reader);
    waiting_.restore(reader);
    const uint64_t partitions = reader.get_u64();
    for (uint64_t p = 0; p < partitions && reader.ok(); ++p) {
      const std::string key(reader.get_text());
      load_rows(partitions_[key], reader);
    }
    spilled_.restore(reader);
  }

 private:
  enum class Outcome { kFound, kNone, kUnknown };

  // --- partitions in memory and on the disk ---

  static void save_rows(const std::vector<MatchRow>& rows, SnapshotWriter& writer) {
    writer.put_u64(rows.size());
    for (const auto& row : rows) {
      writer.put_i64(row.time);
      writer.put_u64(row.arrival);
      writer.put_text(row.bytes);
    }
  }
  static void load_rows(std::vector<MatchRow>& rows, SnapshotReader& reader) {
    const uint64_t n = reader.get_u64();
    for (uint64_t i = 0; i < n && reader.ok(); ++i) {
      MatchRow row;
      row.time = reader.get_i64();
      row.arrival = reader.get_u64();
      row.bytes = reader.get_text();
      rows.push_back(std::move(row));
    }
  }

  size_t kept_rows() const {
    size_t total = partitions_.size();
    for (const auto& [key, rows] : partitions_) total += rows.size();
    return total;
  }

  // Between batches and parts of what the watermark has reached.
  void look_at_memory(uint64_t rows) {
    if (!limit_.is_passed(rows, [this] { return kept_rows(); }, [this] { return state_bytes(); }))
      return;
    waiting_.spill();
    found_.spill();
    for (const auto& [key, kept] : partitions_) {
      SnapshotWriter value;
      save_rows(kept, value);
      spilled_.put(key, at_the_end(), value.bytes());
    }
    partitions_.clear();
  }
  // All partitions are looked at once more then.
  static SpilledKeys::Due at_the_end() { return {SpilledKeys::Moment{kMaxTime, {}}, std::nullopt}; }

  // --- rows in order ---

  void advance(int64_t watermark, bool last, Emitter& out) {
    for (bool more = true; more;) {
      std::map<std::string, std::vector<MatchRow>> arrived;
      uint64_t rows = 0;
      more = waiting_.take(watermark, [&](const SpillingRows::Place&, std::string row) {
        auto [key, bytes] = split_key(row);
        if (bytes.size() < sizeof(int64_t)) throw unreadable_spill();
        const size_t end = bytes.size() - sizeof(int64_t);
        arrived[std::string(key)].push_back(
            {get_sortable(bytes.substr(end)), next_number_++, std::string(bytes.substr(0, end))});
        ++rows;
      });
      take_back(arrived);
      for (auto& [key, added] : arrived) {
        auto& kept = partitions_[key];
        std::move(added.begin(), added.end(), std::back_inserter(kept));
        if (last && !more && !spilled_.any()) continue;  // the one search below will do
        search(kept, false, out);
        if (kept.empty()) partitions_.erase(key);
      }
      if (!last) give_results(out);
      look_at_memory(rows);
    }
    if (last) search_all(out);
  }

  // Of these partitions those that are on the disk.
  void take_back(const std::map<std::string, std::vector<MatchRow>>& arrived) {
    if (!spilled_.any()) return;
    std::vector<std::string> keys;
    for (const auto& [key, rows] : arrived) {
      if (!partitions_.contains(key)) keys.push_back(key);
    }
    spilled_.take(keys,
                  [&](size_t i, SnapshotReader& value) { load_rows(partitions_[keys[i]], value); });
  }

  // No row follows any more.
  void search_all(Emitter& out) {
    while (true) {
      for (auto& [key, rows] : partitions_) search(rows, true, out);
      const size_t searched = partitions_.size();
      partitions_.clear();
      look_at_memory(searched);
      if (!spilled_.any()) break;
      spilled_.take_due(SpilledKeys::Axis::kEventTime, kMaxTime,
                        [this](std::string_view key, SnapshotReader& value) {
                          load_rows(partitions_[std::string(key)], value);
                        });
    }
    give_results(out);
  }

  // In the order of the rows that decided them.
  void give_results(Emitter& out) {
    for (bool more = true; more;) {
      more = found_.take(kMaxTime, [&](const SpillingRows::Place&, std::string result) {
        writer_.put(std::string_view(result).substr(sizeof(int64_t)), match_.output.size());
        if (match_.by_time) {
          writer_.end_row_at(get_sortable(result));
        } else {
          writer_.end_row();
        }
        if (writer_.full()) writer_.flush(out);
      });
    }
    writer_.flush(out);
  }

  void search(std::vector<MatchRow>& rows, bool last, Emitter& out) {
    rows_ = &rows;
    std::vector<std::string_view> views;
    for (const auto& row : rows) views.push_back(row.bytes);
    batch_ = rows_to_batch(match_.input, views);
    eval_.arena = &batch_.arena();
    values_.clear();
    for (const auto& value : match_.values) values_.push_back(flat(value->eval(batch_, eval_)));
    eval_.errors.clear();  // such a value is NULL
    find_simple();

    size_t start = 0;
    examined_ = 0;
    while (start < rows.size()) {
      const Outcome outcome = try_from(start, last);
      if (outcome == Outcome::kUnknown) break;
      if (outcome == Outcome::kNone) {
        ++start;
        continue;
      }
      give(start, out);
      start = std::max(start + 1, after(start));
    }
    rows.erase(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(start));
    batch_ = Batch();
  }

  // Conditions that look at the row alone are computed for all rows at once.
  void find_simple() {
    simple_.assign(match_.variables.size(), {});
    for (size_t v = 0; v < simple_.size(); ++v) {
      const auto& condition = match_.conditions[v];
      if (!condition || !condition->terms.empty()) continue;
      Vec<uint32_t> passes;
      eval_filter(*condition->expression, batch_, eval_, passes);
      simple_[v].assign(batch_.rows, 0);
      for (const uint32_t row : passes) simple_[v][row] = 1;
      for (const auto& error : eval_.errors) simple_[v][error.row] = 0;
      eval_.errors.clear();
    }
  }

  // Looks for a match that begins at a row; variables_ then tells the variable of each of its rows.
  Outcome try_from(size_t start, bool last) {
    struct Choice {
      size_t step;
      uint64_t count;  // rows of the step so far
      uint8_t tried;   // how many of the two ways on
      bool took;       // a row was added to come here
    };
    variables_.clear();
    examined_ = std::max(examined_, start);
    std::vector<Choice> choices = {{0, 0, 0, false}};
    while (!choices.empty()) {
      Choice& choice = choices.back();
      const PatternStep& step = match_.pattern[choice.step];
      if (choice.tried == 2) {
        if (choice.took) variables_.pop_back();
        choices.pop_back();
        continue;
      }
      const bool take = (choice.tried++ == 0) != step.reluctant;
      if (take) {
        if (choice.count >= step.max) continue;
        const size_t row = start + variables_.size();
        if (row == rows_->size()) {
          if (last) continue;
          return Outcome::kUnknown;
        }
        examined_ = std::max(examined_, row);
        variables_.push_back(step.variable);
        if (in_time(start, row) && fulfils(step.variable, start, row)) {
          choices.push_back({choice.step, choice.count + 1, 0, true});
        } else {
          variables_.pop_back();
        }
      } else {
        if (choice.count < step.min) continue;
        if (choice.step + 1 == match_.pattern.size()) {
          if (variables_.empty()) continue;
          return Outcome::kFound;
        }
        choices.push_back({choice.step + 1, 0, 0, false});
      }
    }
    return Outcome::kNone;
  }

  bool in_time(size_t start, size_t row) const {
    return !match_.within_us || (*rows_)[row].time - (*rows_)[start].time < *match_.within_us;
  }

  bool fulfils(size_t variable, size_t start, size_t row) {
    const auto& condition = match_.conditions[variable];
    if (!condition) return true;
    if (condition->terms.empty()) return simple_[variable][row] != 0;
    const ColumnPtr answer = evaluate(*condition, start, row);
    const bool failed = !eval_.errors.empty();
    eval_.errors.clear();
    return !failed && !answer->is_null(0) && answer->at<uint8_t>(0) != 0;
  }

  // An expression at a row, with the rows of the match so far: variables_.
  ColumnPtr evaluate(const MatchExpression& expression, size_t start, size_t row) {
    Batch inner;
    inner.rows = 1;
    for (const auto& column : batch_.columns) inner.columns.push_back(column->slice(row, row + 1));
    for (const auto& term : expression.terms) inner.columns.push_back(value_of(term, start, row));
    return expression.expression->eval(inner, eval_);
  }

  ColumnPtr value_of(const MatchTerm& term, size_t start, size_t row) {
    auto column = make_column(term.type);
    if (term.kind == MatchTerm::Kind::kRowTime) {
      column->push((*rows_)[row].time);
      return column;
    }
    row_list_.clear();
    for (size_t k = 0; k < variables_.size(); ++k)
      if (term.variable == SIZE_MAX || variables_[k] == term.variable)
        row_list_.push_back(static_cast<uint32_t>(start + k));
    if (term.kind == MatchTerm::Kind::kAggregate) {
      Batch part = batch_.shell();
      part.rows = row_list_.size();
      part.ordinals.clear();
      for (const auto& from : batch_.columns)
        part.columns.push_back(from->gather({row_list_.data(), row_list_.size()}));
      AggregateStates states(*term.program);
      states.grow(1);
      states.update(part, nullptr, eval_);
      const uint32_t group = 0;
      const Batch result = states.result({}, {&group, 1}, eval_);
      result.columns[0]->own_strings(batch_.arena());
      return result.columns[0];
    }
    if (term.steps >= row_list_.size()) {
      column->push_null();
    } else {
      const size_t place =
          term.kind == MatchTerm::Kind::kFirst ? term.steps : row_list_.size() - 1 - term.steps;
      column->push_from(*values_[term.value], row_list_[place]);
    }
    return column;
  }

  void give(size_t start, Emitter& out) {
    const size_t row = start + variables_.size() - 1;
    std::vector<ColumnPtr> columns;
    for (const size_t c : match_.partition)
      columns.push_back(batch_.columns[c]->slice(start, start + 1));
    for (const auto& measure : match_.measures)
      columns.push_back(flat(evaluate(measure, start, row)));
    if (!eval_.errors.empty()) {
      Batch refused;
      refused.rejects.push_back(refused.refusal({0, eval_.errors[0].reason}, "measures"));
      eval_.errors.clear();
      out.emit(std::move(refused));
      return;
    }
    std::string result;
    put_sortable((*rows_)[row].time, result);
    encode_row(columns, 0, result);
    found_.put({static_cast<int64_t>((*rows_)[examined_].arrival), {}, results_++},
               std::move(result));
  }

  // Where the search goes on after a match.
  size_t after(size_t start) const {
    using Skip = Match::Skip;
    if (match_.skip == Skip::kToNext) return start + 1;
    if (match_.skip == Skip::kPastLast) return start + variables_.size();
    size_t found = start;
    for (size_t k = 0; k < variables_.size(); ++k) {
      if (variables_[k] != match_.skip_to) continue;
      found = start + k;
      if (match_.skip == Skip::kToFirst) break;
    }
    return found;
  }

  const Match& match_;
  const OperatorContext context_;
  EvalContext eval_;
  SpillingRows waiting_;                                     // not yet in order
  std::map<std::string, std::vector<MatchRow>> partitions_;  // by key, encoded
  SpilledKeys spilled_;                                      // the others of them
  SpillingRows found_;  // results of the rows at hand, by the number of the row that decided them
  StateLimit limit_;
  uint64_t arrived_ = 0;
  uint64_t next_number_ = 0;  // of rows in order
  LateCount late_;
  RowWriter writer_;
  uint64_t results_ = 0;  // so far

  // The search at hand.
  std::vector<MatchRow>* rows_ = nullptr;
  Batch batch_;
  std::vector<ColumnPtr> values_;
  std::vector<Vec<uint8_t>> simple_;  // by variable
  std::vector<size_t> variables_;     // of the rows from the start on
  size_t examined_ = 0;  // the last row that was looked at, by this search or an earlier start
  Vec<uint32_t> row_list_;
};

}  // namespace

std::unique_ptr<Ordered> make_matcher(const Match& match, const OperatorContext& context) {
  return std::make_unique<Matcher>(match, context);
}

}  // namespace weir
