// assign_window: rows with the windows that they belong to as columns, once for each window.
//
// Fixed windows are a matter of the row alone and of its time. A session is known when it has closed: then its rows
// come, sessions in order of their end, start and key.
// Source: Flink, the window table-valued functions without an aggregation behind them.

#include <algorithm>
#include <map>
#include <set>

#include "operators/column_list.h"
#include "operators/late_count.h"
#include "operators/row_bytes.h"
#include "windows/assigner.h"
#include "windows/fixed_window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

struct AssignOptions {
  std::string type = "tumbling";
  Duration size;
  Duration slide;
  Duration step;
  Duration gap;
  Duration offset;
  std::vector<SourceText> key_by;
};

const OptionTable<AssignOptions>& assign_options() {
  static const OptionTable<AssignOptions> table = {
      {"type", &AssignOptions::type,
       std::vector<std::string>{"tumbling", "sliding", "cumulate", "session"},
       "the kind of window"},
      {"size", &AssignOptions::size,
       "tumbling, sliding: the length of a window; cumulate: of the "
       "longest"},
      {"slide", &AssignOptions::slide, "sliding: the distance of the windows' starts"},
      {"step", &AssignOptions::step, "cumulate: by how much each window is longer than the last"},
      {"gap", &AssignOptions::gap, "session: the pause after which it ends"},
      {"offset", &AssignOptions::offset, "shifts the windows' starts"},
      {"key_by", &AssignOptions::key_by, "session: columns of which each value has its own"},
  };
  return table;
}

// The columns window_start, window_end, window_time behind those of the rows.
void add_window_columns(Batch& batch, std::span<const WindowBounds> windows) {
  for (int k = 0; k < 3; ++k) {
    auto column = make_column(Type::timestamp(3), windows.size());
    int64_t* values = column->values<int64_t>();
    for (size_t i = 0; i < windows.size(); ++i)
      values[i] = k == 0   ? windows[i].start
                  : k == 1 ? windows[i].end
                           : last_instant(windows[i].end);
    batch.columns.push_back(std::move(column));
  }
}

class AssignFixed final : public Transform {
 public:
  explicit AssignFixed(const WindowAssigner& assigner) : assigner_(assigner) {}

  void apply(Batch& batch) override {
    windows_.clear();
    rows_.clear();
    Vec<uint32_t> before(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      before[i] = static_cast<uint32_t>(rows_.size());
      assigner_.assign(batch.event_time[i], 0, windows_);
      while (rows_.size() < windows_.size()) rows_.push_back(static_cast<uint32_t>(i));
    }
    for (auto& reject : batch.rejects)
      reject.row =
          reject.row < before.size() ? before[reject.row] : static_cast<uint32_t>(rows_.size());
    for (auto& column : batch.columns)
      if (column) column = column->gather({rows_.data(), rows_.size()});
    const auto repeat = [&](auto& values) {
      if (values.empty()) return;
      std::remove_cvref_t<decltype(values)> repeated(rows_.size());
      for (size_t i = 0; i < rows_.size(); ++i) repeated[i] = values[rows_[i]];
      values = std::move(repeated);
    };
    repeat(batch.event_time);
    repeat(batch.running_max);
    repeat(batch.raw);
    repeat(batch.kinds);
    batch.ordinals.clear();
    batch.rows = rows_.size();
    add_window_columns(batch, {windows_.data(), windows_.size()});
  }

 private:
  const WindowAssigner& assigner_;
  Vec<WindowBounds> windows_;
  Vec<uint32_t> rows_;
};

class AssignSessions final : public Ordered {
 public:
  AssignSessions(const Schema& output, const std::vector<size_t>& keys, int64_t gap_us)
      : keys_(keys), gap_us_(gap_us), rows_(output) {
    columns_ = output.size() - 3;
  }

  void process(Batch batch, Emitter& out) override {
    (void)out;
    std::vector<ColumnPtr> keys;
    for (const size_t c : keys_) keys.push_back(batch.columns[c]);
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t time = batch.event_time[i];
      const int64_t watermark = batch.watermark_at(i);
      Session session{time, saturating_add(time, gap_us_), {}};
      const std::string key = encode_row(keys, i);
      auto found = sessions_.find(key);
      // The row's window is merged first; what comes out of that may be late.
      const WindowBounds merged = found == sessions_.end()
                                      ? WindowBounds{session.start, session.end}
                                      : bounds_with(found->second, session);
      if (last_instant(merged.end) <= watermark) {
        late_.note(time, watermark);
        continue;
      }
      session.rows.push_back({arrived_++, time, encode_row(batch.columns, i)});
      add(key, std::move(session));
    }
  }

  void watermark(int64_t watermark, Emitter& out) override {
    while (!due_.empty() && last_instant(due_.begin()->end) <= watermark) give_first(out);
    rows_.flush(out);
  }
  void end(Emitter& out) override {
    while (!due_.empty()) give_first(out);
    rows_.flush(out);
  }

  OperatorStats stats() const override {
    OperatorStats stats;
    late_.add_to(stats);
    stats.open = due_.size();
    stats.fired = fired_;
    return stats;
  }
  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u64(arrived_);
    late_.snapshot(writer);
    writer.put_u64(fired_);
    writer.put_u64(due_.size());
    for (const auto& [key, list] : sessions_) {
      for (const auto& session : list) {
        writer.put_text(key);
        writer.put_i64(session.start);
        writer.put_i64(session.end);
        writer.put_u64(session.rows.size());
        for (const auto& row : session.rows) {
          writer.put_u64(row.arrival);
          writer.put_i64(row.time);
          writer.put_text(row.bytes);
        }
      }
    }
  }
  void restore(SnapshotReader& reader) override {
    arrived_ = reader.get_u64();
    late_.restore(reader);
    fired_ = reader.get_u64();
    const uint64_t n = reader.get_u64();
    for (uint64_t s = 0; s < n && reader.ok(); ++s) {
      const std::string key(reader.get_text());
      Session session;
      session.start = reader.get_i64();
      session.end = reader.get_i64();
      const uint64_t rows = reader.get_u64();
      for (uint64_t r = 0; r < rows && reader.ok(); ++r) {
        const uint64_t arrival = reader.get_u64();
        const int64_t time = reader.get_i64();
        session.rows.push_back({arrival, time, std::string(reader.get_text())});
      }
      due_.insert({session.end, session.start, key});
      sessions_[key].push_back(std::move(session));
    }
  }

 private:
  struct Row {
    uint64_t arrival;
    int64_t time;
    std::string bytes;
  };
  struct Session {
    int64_t start = 0;
    int64_t end = 0;
    std::vector<Row> rows;  // by arrival
  };
  struct Due {
    int64_t end;
    int64_t start;
    std::string key;
    auto operator<=>(const Due&) const = default;
  };

  static bool touches(const Session& a, const Session& b) {
    return a.start <= b.end && b.start <= a.end;
  }
  static WindowBounds bounds_with(const std::vector<Session>& list, const Session& session) {
    WindowBounds bounds{session.start, session.end};
    for (const auto& other : list) {
      if (!touches(other, session)) continue;
      bounds.start = std::min(bounds.start, other.start);
      bounds.end = std::max(bounds.end, other.end);
    }
    return bounds;
  }

  void add(const std::string& key, Session session) {
    std::vector<Session>& list = sessions_[key];
    std::vector<Session> rest;
    Session merged = session;
    for (auto& other : list) {
      if (!touches(other, session)) {
        rest.push_back(std::move(other));
        continue;
      }
      due_.erase({other.end, other.start, key});
      merged.start = std::min(merged.start, other.start);
      merged.end = std::max(merged.end, other.end);
      merged.rows.insert(merged.rows.end(), std::make_move_iterator(other.rows.begin()),
                         std::make_move_iterator(other.rows.end()));
    }
    std::sort(merged.rows.begin(), merged.rows.end(),
              [](const Row& a, const Row& b) { return a.arrival < b.arrival; });
    due_.insert({merged.end, merged.start, key});
    rest.push_back(std::move(merged));
    list = std::move(rest);
  }

  void give_first(Emitter& out) {
    const Due due = *due_.begin();
    due_.erase(due_.begin());
    auto found = sessions_.find(due.key);
    auto& list = found->second;
    const auto session = std::find_if(list.begin(), list.end(), [&](const Session& s) {
      return s.start == due.start && s.end == due.end;
    });
    for (const auto& row : session->rows) {
      rows_.put(row.bytes, columns_);
      for (const int64_t time : {due.start, due.end, last_instant(due.end)})
        rows_.next_column().push(time);
      rows_.end_row_at(row.time);
      if (rows_.full()) rows_.flush(out);
    }
    ++fired_;
    list.erase(session);
    if (list.empty()) sessions_.erase(found);
  }

  const std::vector<size_t>& keys_;
  const int64_t gap_us_;
  size_t columns_ = 0;
  std::map<std::string, std::vector<Session>> sessions_;  // by key, encoded
  std::set<Due> due_;
  uint64_t arrived_ = 0;
  LateCount late_;
  uint64_t fired_ = 0;
  RowWriter rows_;
};

class AssignPlan final : public OperatorPlan {
 public:
  AssignPlan(const Schema& input, Schema output, std::unique_ptr<WindowAssigner> assigner,
             std::vector<size_t> keys, int64_t gap_us, std::string text)
      : OperatorPlan("assign_window", input, std::move(output)),
        assigner_(std::move(assigner)),
        keys_(std::move(keys)),
        gap_us_(gap_us),
        text_(std::move(text)) {}

  Placement placement() const override {
    return assigner_ ? Placement::kTransform : Placement::kOrdered;
  }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(output_needed.begin(),
                             output_needed.begin() + static_cast<ptrdiff_t>(input().size()));
    for (const size_t c : keys_) needed[c] = true;
    return needed;
  }
  std::string explain() const override { return "assign_window: " + text_; }
  int passes_column(size_t output_column) const override {
    return output_column < input().size() ? static_cast<int>(output_column) : -1;
  }
  std::unique_ptr<Transform> make_transform(const OperatorContext&) const override {
    return assigner_ ? std::make_unique<AssignFixed>(*assigner_) : nullptr;
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext&) const override {
    return std::make_unique<AssignSessions>(output(), keys_, gap_us_);
  }

 private:
  std::unique_ptr<WindowAssigner> assigner_;  // null: sessions
  std::vector<size_t> keys_;
  int64_t gap_us_;
  std::string text_;
};

std::unique_ptr<WindowAssigner> make_assigner(const AssignOptions& options,
                                              WindowComplaints& complaints) {
  const std::string& type = options.type;
  const auto only = [&](const char* key, const char* of) {
    if (complaints.has(key) && type != of)
      complaints.at(key, std::string("only `") + of + "` windows have `" + key + "`");
  };
  only("slide", "sliding");
  only("step", "cumulate");
  only("gap", "session");
  only("key_by", "session");
  if (type == "session") {
    check_length("gap", options.gap, complaints);
    if (complaints.has("size")) complaints.at("size", "a session has no `size`, it has a `gap`");
    if (complaints.has("offset")) complaints.at("offset", "a session has no `offset`");
    return nullptr;
  }
  check_length("size", options.size, complaints);
  if (type == "sliding") check_length("slide", options.slide, complaints);
  if (type == "cumulate") {
    check_length("step", options.step, complaints);
    if (!complaints.any() && options.size.us % options.step.us != 0)
      complaints.at("step", "`size` must be a multiple of `step`");
  }
  if (complaints.any()) return nullptr;
  if (type == "sliding")
    return make_sliding_assigner(options.size.us, options.slide.us, options.offset.us);
  if (type == "cumulate")
    return make_cumulate_assigner(options.size.us, options.step.us, options.offset.us);
  return make_tumbling_assigner(options.size.us, options.offset.us);
}

std::unique_ptr<OperatorPlan> bind_assign(const ComponentSpec& spec, const Schema& input,
                                          const BindContext& context, Errors& errors) {
  AssignOptions options;
  WindowComplaints complaints(spec, errors);
  read_options(assign_options(), spec.options, options, errors, "the assign_window operator",
               {"op"});
  if (complaints.any()) return nullptr;
  if (!context.has_event_time)
    complaints.at("type", "assign_window needs event time",
                  "name the column that holds it: [source.event_time] column = \"time\"");
  auto assigner = make_assigner(options, complaints);
  std::vector<size_t> keys = resolve_columns(options.key_by, input, errors);
  Schema output = input;
  for (const char* name : {"window_start", "window_end", "window_time"}) {
    if (input.find(name))
      complaints.at("type", std::string("there is a column `") + name + "` already",
                    "rename it before");
    output.add(name, Type::timestamp(3));
  }
  if (complaints.any()) return nullptr;
  std::string text = options.type + " of " +
                     format_duration(options.type == "session" ? options.gap : options.size);
  return std::make_unique<AssignPlan>(input, std::move(output), std::move(assigner),
                                      std::move(keys), options.gap.us, std::move(text));
}

}  // namespace

const OperatorDescriptor kAssignWindowOperator = {
    "assign_window",
    "Gives each row once for every window that it belongs to, with window_start, window_end and "
    "window_time.",
    [] { return option_docs(assign_options()); },
    bind_assign,
    Arity::kOne,
    true,
};

}  // namespace weir
