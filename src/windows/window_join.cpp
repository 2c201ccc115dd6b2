// window_join: joins the rows of two inputs that fall into the same window and have the same key.
//
// Rows are kept once for each pane (slices of gcd(size, slide)), so sliding windows share them. When the
// watermark passes a window's end, the keys of both sides are numbered in one table and the rows of each key
// are combined, in key order, then in the order in which the left and the right rows came.
// Source: Flink, window join of the DataStream API and of the window table functions.

#include <algorithm>
#include <map>
#include <numeric>

#include "expr/aggregates/row_codec.h"
#include "operators/column_list.h"
#include "operators/group_table.h"
#include "windows/time_window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

struct JoinOptions {
  std::string type;
  Duration size;
  Duration slide;
  Duration offset;
  Node on;
  std::string join = "inner";
};

const OptionTable<JoinOptions>& join_options() {
  static const OptionTable<JoinOptions> table = {
      {"type", &JoinOptions::type, std::vector<std::string>{"tumbling", "sliding"},
       "the windows of both inputs"},
      {"size", &JoinOptions::size, "the length of a window, at least 1ms", true},
      {"slide", &JoinOptions::slide, "sliding: the distance of the windows' starts"},
      {"offset", &JoinOptions::offset, "shifts the windows' starts"},
      {"on", &JoinOptions::on,
       "the key: columns that both inputs have, [\"id\"], or pairs, { left = \"right\" }", true},
      {"join", &JoinOptions::join,
       std::vector<std::string>{"inner", "left", "right", "full", "semi", "anti"},
       "which rows without a partner are given: those of the left input, of the right or of both; "
       "semi "
       "and anti give left rows alone, with or without a partner"},
  };
  return table;
}

enum class JoinKind { kInner, kLeft, kRight, kFull, kSemi, kAnti };

struct Side {
  Schema schema;
  std::vector<size_t> key_columns;
};

struct WindowJoin {
  int64_t size_us = 0;
  int64_t slide_us = 0;
  int64_t pane_us = 0;
  int64_t offset_us = 0;
  JoinKind kind = JoinKind::kInner;
  Side sides[2];
  std::vector<Type> key_types;
  bool gives_right() const { return kind != JoinKind::kSemi && kind != JoinKind::kAnti; }
  bool keeps_lonely(size_t side) const {
    if (kind == JoinKind::kFull) return true;
    return side == 0 ? kind == JoinKind::kLeft || kind == JoinKind::kAnti
                     : kind == JoinKind::kRight;
  }
};

// Rows of one side, with strings of their own.
struct Rows {
  std::vector<ColumnPtr> columns;
  size_t rows = 0;
  std::shared_ptr<Arena> arena;

  void append(const Schema& schema, const std::vector<ColumnPtr>& from, size_t count) {
    if (columns.empty()) {
      arena = std::make_shared<Arena>();
      for (const auto& c : schema) columns.push_back(make_column(c.type));
    }
    for (size_t c = 0; c < columns.size(); ++c) {
      if (from[c]) {
        const ColumnPtr own = from[c]->slice(0, count);
        own->own_strings(*arena);
        columns[c]->append(*own);
      } else {
        columns[c] = nullptr;
      }
    }
    rows += count;
  }
};

struct Pane {
  Rows sides[2];
};

class JoinWindows final : public Ordered {
 public:
  JoinWindows(const WindowJoin& join, const OperatorContext&) : join_(join) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }

  void process_input(size_t side, Batch batch, Emitter& out) override {
    (void)out;
    const int64_t* times = batch.event_time.data();
    std::map<int64_t, Vec<uint32_t>> by_pane;
    Vec<uint32_t>* rows = nullptr;
    int64_t pane = 0;
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t last = window_start(times[i], join_.offset_us, join_.slide_us);
      if (last <= times[i] - join_.size_us) continue;  // between windows that leave gaps
      if (last + join_.size_us - kMillisecond <= batch.watermark_at(i)) {
        note_late(times[i], batch.watermark_at(i));
        continue;
      }
      const int64_t start = window_start(times[i], join_.offset_us, join_.pane_us);
      if (rows == nullptr || start != pane) rows = &by_pane[pane = start];
      rows->push_back(static_cast<uint32_t>(i));
    }
    for (const auto& [start, list] : by_pane) add(start, side, batch, {list.data(), list.size()});
  }

  void watermark(int64_t watermark, Emitter& out) override {
    while (!due_.empty() && due_.begin()->first - kMillisecond <= watermark) fire_first(out);
  }
  void end(Emitter& out) override {
    while (!due_.empty()) fire_first(out);
  }

  OperatorStats stats() const override {
    return {.late = late_,
            .open = due_.size(),
            .fired = fired_,
            .refired = 0,
            .first_late_by_us = first_late_by_us_};
  }

  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u64(due_.size());
    for (const auto& [end, start] : due_) writer.put_i64(start);
    writer.put_u64(panes_.size());
    for (const auto& [start, pane] : panes_) {
      writer.put_i64(start);
      for (size_t side = 0; side < 2; ++side) snapshot_rows(pane.sides[side], writer);
    }
    writer.put_u64(late_);
    writer.put_u64(fired_);
  }
  void restore(SnapshotReader& reader) override {
    const uint64_t windows = reader.get_u64();
    for (uint64_t i = 0; i < windows && reader.ok(); ++i) {
      const int64_t start = reader.get_i64();
      due_.emplace(start + join_.size_us, start);
    }
    const uint64_t panes = reader.get_u64();
    for (uint64_t i = 0; i < panes && reader.ok(); ++i) {
      Pane& pane = panes_[reader.get_i64()];
      for (size_t side = 0; side < 2; ++side) restore_rows(side, pane.sides[side], reader);
    }
    late_ = reader.get_u64();
    fired_ = reader.get_u64();
  }

 private:
  void note_late(int64_t time, int64_t watermark) {
    if (late_++ == 0) first_late_by_us_ = watermark - time;
  }

  void add(int64_t pane_start, size_t side, const Batch& batch, std::span<const uint32_t> rows) {
    std::vector<ColumnPtr> columns;
    for (const auto& c : batch.columns) columns.push_back(c ? c->gather(rows) : nullptr);
    panes_[pane_start].sides[side].append(join_.sides[side].schema, columns, rows.size());
    // The windows that hold the pane.
    int64_t start = window_start(pane_start, join_.offset_us, join_.slide_us);
    for (; start > pane_start - join_.size_us; start -= join_.slide_us) {
      const int64_t end = start + join_.size_us;
      if (end >= pane_start + join_.pane_us) due_.emplace(end, start);
    }
  }

  void fire_first(Emitter& out) {
    const auto [end, start] = *due_.begin();
    due_.erase(due_.begin());
    Rows sides[2];
    for (auto it = panes_.lower_bound(start); it != panes_.end() && it->first < end; ++it) {
      for (size_t side = 0; side < 2; ++side) {
        const Rows& rows = it->second.sides[side];
        if (rows.rows > 0) sides[side].append(join_.sides[side].schema, rows.columns, rows.rows);
      }
    }
    ++fired_;
    join(start, end, sides[0], sides[1], out);
    // Panes before the next window are used up.
    const int64_t next = due_.empty() ? start + join_.slide_us
                                      : std::min(start + join_.slide_us, due_.begin()->second);
    panes_.erase(panes_.begin(), panes_.lower_bound(next));
  }

  // The rows of each key on a side, in order: rows_of[first[g] .. first[g + 1]).
  struct ByKey {
    Vec<uint32_t> first;
    Vec<uint32_t> rows;
    std::span<const uint32_t> of(size_t group) const {
      if (group + 1 >= first.size()) return {};
      return {rows.data() + first[group], first[group + 1] - first[group]};
    }
  };

  // Rows whose key has a NULL match nothing: they come under groups of their own, which are never joined.
  ByKey number(size_t side, const Rows& rows, GroupTable& table, Vec<uint32_t>& lonely) {
    ByKey by_key;
    if (rows.rows == 0) return by_key;
    std::vector<ColumnPtr> keys;
    for (const size_t c : join_.sides[side].key_columns) keys.push_back(rows.columns[c]);
    Vec<uint32_t> groups(rows.rows);
    table.find_or_add(keys, rows.rows, groups.data());
    by_key.first.assign(table.size() + 1, 0);
    const auto has_null = [&](size_t i) {
      return std::any_of(keys.begin(), keys.end(), [&](const auto& k) { return k->is_null(i); });
    };
    for (size_t i = 0; i < rows.rows; ++i) {
      if (has_null(i)) {
        lonely.push_back(static_cast<uint32_t>(i));
        groups[i] = UINT32_MAX;
      } else {
        ++by_key.first[groups[i] + 1];
      }
    }
    for (size_t g = 1; g < by_key.first.size(); ++g) by_key.first[g] += by_key.first[g - 1];
    Vec<uint32_t> at = by_key.first;
    by_key.rows.resize(rows.rows);
    for (size_t i = 0; i < rows.rows; ++i) {
      if (groups[i] != UINT32_MAX) by_key.rows[at[groups[i]]++] = static_cast<uint32_t>(i);
    }
    return by_key;
  }

  static constexpr uint32_t kNoRow = UINT32_MAX;

  void join(int64_t start, int64_t end, const Rows& left, const Rows& right, Emitter& out) {
    const auto table = make_group_table(join_.key_types, run_hash_seed());
    Vec<uint32_t> lonely[2];
    const ByKey keys[2] = {number(0, left, *table, lonely[0]), number(1, right, *table, lonely[1])};
    Vec<uint32_t> pairs[2];
    const auto give = [&](uint32_t l, uint32_t r) {
      pairs[0].push_back(l);
      pairs[1].push_back(r);
      if (pairs[0].size() >= kBatchRows) emit(start, end, left, right, pairs, out);
    };
    for (const uint32_t l : lonely[0])
      if (join_.keeps_lonely(0)) give(l, kNoRow);
    for (const uint32_t r : lonely[1])
      if (join_.keeps_lonely(1)) give(kNoRow, r);
    for (const uint32_t group : table->sorted()) {
      const auto l_rows = keys[0].of(group);
      const auto r_rows = keys[1].of(group);
      if (join_.kind == JoinKind::kSemi || join_.kind == JoinKind::kAnti) {
        if (r_rows.empty() == (join_.kind == JoinKind::kAnti))
          for (const uint32_t l : l_rows) give(l, kNoRow);
        continue;
      }
      for (const uint32_t l : l_rows)
        for (const uint32_t r : r_rows) give(l, r);
      if (r_rows.empty() && join_.keeps_lonely(0))
        for (const uint32_t l : l_rows) give(l, kNoRow);
      if (l_rows.empty() && join_.keeps_lonely(1))
        for (const uint32_t r : r_rows) give(kNoRow, r);
    }
    emit(start, end, left, right, pairs, out);
  }

  void emit(int64_t start, int64_t end, const Rows& left, const Rows& right,
            Vec<uint32_t> (&pairs)[2], Emitter& out) {
    const size_t n = pairs[0].size();
    if (n == 0) return;
    Batch batch;
    batch.rows = n;
    for (const int64_t time : {start, end}) {
      auto column = make_column(Type::timestamp(3), n);
      std::fill_n(column->values<int64_t>(), n, time);
      batch.columns.push_back(std::move(column));
    }
    add_side(0, left, pairs[0], batch);
    if (join_.gives_right()) add_side(1, right, pairs[1], batch);
    batch.event_time.assign(n, end - kMillisecond);
    out.emit(std::move(batch));
    for (auto& list : pairs) list.clear();
  }

  void add_side(size_t side, const Rows& rows, const Vec<uint32_t>& places, Batch& batch) const {
    const bool any = rows.rows > 0;
    for (size_t c = 0; c < join_.sides[side].schema.size(); ++c) {
      if (any && !rows.columns[c]) {
        batch.columns.push_back(nullptr);
        continue;
      }
      auto column = make_column(join_.sides[side].schema[c].type);
      column->reserve(places.size());
      for (const uint32_t place : places) {
        if (place == kNoRow) {
          column->push_null();
        } else {
          column->push_from(*rows.columns[c], place);
        }
      }
      batch.columns.push_back(std::move(column));
    }
    if (rows.arena) batch.keep(rows.arena);
  }

  static void snapshot_rows(const Rows& rows, SnapshotWriter& writer) {
    writer.put_u64(rows.rows);
    std::string bytes;
    for (size_t i = 0; i < rows.rows; ++i)
      for (const auto& column : rows.columns)
        if (column) encode_value(*column, i, bytes);
    for (const auto& column : rows.columns) writer.put_u8(column ? 1 : 0);
    writer.put_text(bytes);
  }

  void restore_rows(size_t side, Rows& rows, SnapshotReader& reader) {
    rows.rows = reader.get_u64();
    if (rows.rows > 0) {
      rows.arena = std::make_shared<Arena>();
      for (const auto& c : join_.sides[side].schema)
        rows.columns.push_back(reader.get_u8() != 0 ? make_column(c.type) : nullptr);
    }
    std::string_view bytes = reader.get_text();
    for (size_t i = 0; i < rows.rows; ++i)
      for (const auto& column : rows.columns)
        if (column && !decode_value(bytes, *column, *rows.arena)) return;
  }

  static constexpr size_t kBatchRows = 8192;

  const WindowJoin& join_;
  std::map<int64_t, Pane> panes_;   // by start
  std::map<int64_t, int64_t> due_;  // windows with rows: end -> start
  uint64_t late_ = 0;
  uint64_t fired_ = 0;
  int64_t first_late_by_us_ = -1;
};

class WindowJoinPlan final : public OperatorPlan {
 public:
  WindowJoinPlan(const Schema& input, Schema output, WindowJoin join, std::string text)
      : OperatorPlan("window join", input, std::move(output)),
        join_(std::move(join)),
        text_(std::move(text)) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return input_columns_needed(0, output_needed);
  }
  std::vector<bool> input_columns_needed(size_t side,
                                         const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(join_.sides[side].schema.size(), false);
    const size_t first = 2 + (side == 0 ? 0 : join_.sides[0].schema.size());
    for (size_t c = 0; c < needed.size() && first + c < output_needed.size(); ++c)
      needed[c] = output_needed[first + c];
    for (const size_t c : join_.sides[side].key_columns) needed[c] = true;
    return needed;
  }
  std::string explain() const override { return text_; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<JoinWindows>(join_, context);
  }

 private:
  WindowJoin join_;
  std::string text_;
};

// The key columns of both sides, from `on`.
void bind_keys(const Node& on, WindowJoin& join, Errors& errors) {
  const auto take = [&](const SourceText& left, const SourceText& right) {
    const size_t before = errors.size();
    const size_t l = resolve_column(left, join.sides[0].schema, errors);
    const size_t r = resolve_column(right, join.sides[1].schema, errors);
    if (errors.size() != before) return;
    const Type& type = join.sides[0].schema[l].type;
    if (!(type == join.sides[1].schema[r].type)) {
      errors.push_back({ErrorKind::kConfig,
                        "`" + left.text + "` is " + type.to_string() + " on the left and " +
                            join.sides[1].schema[r].type.to_string() + " on the right",
                        right.position,
                        "CAST one of them before the join",
                        {}});
      return;
    }
    join.sides[0].key_columns.push_back(l);
    join.sides[1].key_columns.push_back(r);
    join.key_types.push_back(type);
  };
  if (on.kind == Node::Kind::kTable) {
    for (size_t i = 0; i < on.entries.size(); ++i)
      take({on.entries[i].first, on.key_positions[i]}, on.entries[i].second.source_text());
  } else if (on.kind == Node::Kind::kArray) {
    for (const auto& item : on.items) take(item.source_text(), item.source_text());
  } else {
    take(on.source_text(), on.source_text());
  }
}

std::unique_ptr<OperatorPlan> bind_window_join(const ComponentSpec& spec, const Schema& input,
                                               const BindContext& context, Errors& errors) {
  const size_t before = errors.size();
  JoinOptions options;
  read_options(join_options(), spec.options, options, errors, "the window_join operator", {"op"});
  const auto complain = [&](const char* key, std::string message, std::string hint = {}) {
    const Node* node = spec.options.find(key);
    errors.push_back({ErrorKind::kConfig,
                      std::move(message),
                      node != nullptr ? node->position : spec.position,
                      std::move(hint),
                      {}});
  };
  if (context.inputs.size() != 2)
    complain("inputs",
             "a window join needs two inputs, found " + std::to_string(context.inputs.size()),
             "inputs = [\"LEFT\", \"RIGHT\"]");
  for (const auto& i : context.inputs)
    if (!i.has_event_time)
      complain(
          "inputs", "`" + i.name + "` has no event time",
          "name the column that holds it: [sources." + i.name + ".event_time] column = \"time\"");
  if (options.type.empty()) options.type = "tumbling";
  const bool sliding = options.type == "sliding";
  if (errors.size() == before && options.size.us < kMillisecond)
    complain("size", "a window must be at least 1ms long");
  if (sliding && options.slide.us < kMillisecond)
    complain("slide", "sliding windows need `slide`, at least 1ms");
  if (!sliding && options.slide.us != 0) complain("slide", "only sliding windows have `slide`");
  if (errors.size() != before) return nullptr;

  WindowJoin join;
  join.size_us = options.size.us;
  join.slide_us = sliding ? options.slide.us : options.size.us;
  join.pane_us = std::gcd(join.size_us, join.slide_us);
  join.offset_us = options.offset.us;
  static const std::map<std::string, JoinKind> kinds = {
      {"inner", JoinKind::kInner}, {"left", JoinKind::kLeft}, {"right", JoinKind::kRight},
      {"full", JoinKind::kFull},   {"semi", JoinKind::kSemi}, {"anti", JoinKind::kAnti}};
  join.kind = kinds.at(options.join);
  for (size_t side = 0; side < 2; ++side) join.sides[side].schema = context.inputs[side].schema;
  bind_keys(options.on, join, errors);
  if (errors.size() == before && join.key_types.empty())
    complain("on", "a window join needs a key", "on = [\"id\"]");
  if (errors.size() != before) return nullptr;

  Schema output;
  output.add("window_start", Type::timestamp(3));
  output.add("window_end", Type::timestamp(3));
  for (const auto& c : join.sides[0].schema) output.add(c.name, c.type);
  if (join.gives_right()) {
    for (const auto& c : join.sides[1].schema) {
      const bool taken = output.find(c.name).has_value();
      output.add(taken ? context.inputs[1].name + "_" + c.name : c.name, c.type);
    }
  }
  std::string text = options.join + " join of `" + context.inputs[0].name + "` and `" +
                     context.inputs[1].name + "` in " + options.type + " windows of " +
                     format_duration(options.size);
  return std::make_unique<WindowJoinPlan>(input, std::move(output), std::move(join),
                                          std::move(text));
}

}  // namespace

const OperatorDescriptor kWindowJoinOperator = {
    "window_join",
    "Joins the rows of two inputs that fall into the same window of event time and have the same "
    "key.",
    [] { return option_docs(join_options()); },
    bind_window_join,
    Arity::kMany,
    true,
};

}  // namespace weir
