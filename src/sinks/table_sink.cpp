#include "sinks/table_sink.h"

#include <algorithm>

#include "base/clock.h"
#include "base/identifier.h"
#include "base/spelling.h"
#include "base/url.h"

namespace weir {
namespace {

class TableSink final : public Sink {
 public:
  TableSink(const TableTarget& target, std::unique_ptr<TableDatabase> database)
      : target_(target), database_(std::move(database)), packer_(target.schema) {}

  // With checkpoints: `epoch` was the last one, `waiting` are its rows if they are not applied yet.
  Result<void> go_on(uint64_t epoch, std::string_view waiting) {
    epoch_ = epoch;
    stages_ = true;
    if (waiting.empty()) return {};
    auto rows = TableRows::unpack(waiting, target_.schema.size());
    if (!rows) return fail(ErrorKind::kState, "the rows that the checkpoint keeps are damaged");
    staged_ = std::move(*rows);
    return committed();
  }

  Result<void> write(const Batch& batch, std::string_view) override {
    const uint64_t before = waiting_.bytes();
    if (target_.mode == TableMode::kAppend) {
      for (const RowKind kind : batch.kinds)
        if (kind != RowKind::kInsert) return fail(update_in_append_mode(kind));
    }
    if (waiting_.empty()) since_us_ = wall_clock().now_us();
    packer_.pack(batch, waiting_);
    bytes_ += waiting_.bytes() - before;
    if (stages_) return {};
    const bool full = waiting_.rows() >= static_cast<size_t>(target_.options.batch_rows);
    if (!full && wall_clock().now_us() - since_us_ < target_.options.batch_time.us) return {};
    return flush();
  }

  Result<void> flush() override {
    if (stages_ || waiting_.empty()) return {};
    auto applied = apply(waiting_, std::nullopt);
    waiting_.clear();
    return applied;
  }

  Result<std::string> checkpoint() override {
    if (!waiting_.empty()) ++epoch_;
    staged_ = std::move(waiting_);
    waiting_ = TableRows();
    return std::to_string(epoch_) + " " + staged_.packed();
  }

  bool wants_checkpoint() const override {
    return stages_ && waiting_.bytes() >= target_.options.stage_max.bytes;
  }

  Result<void> committed() override {
    if (staged_.empty()) return {};
    auto applied = apply(staged_, epoch_);
    staged_.clear();
    return applied;
  }

  std::vector<Reject> take_refused() override { return std::exchange(refused_, {}); }

  Result<void> commit() override { return flush(); }
  void abort() override { waiting_.clear(); }
  uint64_t bytes_written() const override { return bytes_; }

 private:
  Result<void> apply(const TableRows& rows, std::optional<uint64_t> epoch) {
    auto refused = database_->apply(rows, epoch);
    if (!refused) return fail(refused.error());
    std::move(refused->begin(), refused->end(), std::back_inserter(refused_));
    return {};
  }

  const TableTarget& target_;
  std::unique_ptr<TableDatabase> database_;
  TableRowPacker packer_;
  TableRows waiting_;
  TableRows staged_;  // kept by a checkpoint that is not known to be on disk
  std::vector<Reject> refused_;
  bool stages_ = false;
  uint64_t epoch_ = 0;
  int64_t since_us_ = 0;
  uint64_t bytes_ = 0;
};

class TablePlan final : public SinkPlan {
 public:
  TablePlan(std::string kind, TableTarget target, TableConnect connect)
      : kind_(std::move(kind)), target_(std::move(target)), connect_(std::move(connect)) {}

  const Format* format() const override { return nullptr; }
  std::string explain() const override {
    return where() + ", " + target_.options.mode + " to " + target_.options.table;
  }
  Delivery delivery() const override { return Delivery::kExactlyOnce; }
  bool takes_changelog() const override { return target_.mode != TableMode::kAppend; }

  Result<std::unique_ptr<Sink>> open() const override {
    auto sink = open_sink();
    if (!sink) return fail(sink.error());
    return std::unique_ptr<Sink>(std::move(*sink));
  }

  Result<Place> begin() const override {
    auto database = connect_(target_);
    if (!database) return fail(database.error());
    const auto epoch = (*database)->epoch();
    if (!epoch) return fail(epoch.error());
    if (*epoch)
      return fail(ErrorKind::kState,
                  where() + " has the rows of an earlier run up to its checkpoint " +
                      std::to_string(**epoch) + ", and the checkpoint folder is empty",
                  "was the folder lost? --fresh writes all rows again; a pipeline of its own needs "
                  "a `name` of its own");
    return Place{"0 ", true};
  }
  Result<Place> begin_anew() const override {
    auto database = connect_(target_);
    if (!database) return fail(database.error());
    if (auto r = (*database)->forget_epoch(); !r) return fail(r.error());
    return Place{"0 ", true};
  }
  Result<Place> find(const std::string& position) const override {
    auto database = connect_(target_);
    if (!database) return fail(database.error());
    const auto known = (*database)->epoch();
    if (!known) return fail(known.error());
    const uint64_t epoch = epoch_of(position);
    const uint64_t there = known->value_or(0);
    const bool waits = there + 1 == epoch && !rows_of(position).empty();
    if (there != epoch && !waits)
      return fail(ErrorKind::kState,
                  where() + " is at checkpoint " + std::to_string(there) +
                      " of this pipeline, the checkpoint folder at " + std::to_string(epoch),
                  "one of the two was changed or brought back from a copy; --fresh starts over");
    return Place{waits ? position : std::to_string(epoch) + " ", false};
  }
  Result<std::unique_ptr<Sink>> resume(const Place& place) const override {
    auto sink = open_sink();
    if (!sink) return fail(sink.error());
    if (auto r = (*sink)->go_on(epoch_of(place.position), rows_of(place.position)); !r)
      return fail(r.error());
    return std::unique_ptr<Sink>(std::move(*sink));
  }

 private:
  static uint64_t epoch_of(const std::string& position) {
    return std::strtoull(position.c_str(), nullptr, 10);
  }
  static std::string_view rows_of(const std::string& position) {
    const size_t space = position.find(' ');
    return space == std::string::npos ? std::string_view()
                                      : std::string_view(position).substr(space + 1);
  }
  std::string where() const { return kind_ + ": " + without_password(target_.options.place); }

  Result<std::unique_ptr<TableSink>> open_sink() const {
    auto database = connect_(target_);
    if (!database) return fail(database.error());
    if (auto r = (*database)->prepare(); !r) return fail(r.error());
    return std::make_unique<TableSink>(target_, std::move(*database));
  }

  std::string kind_;
  TableTarget target_;
  TableConnect connect_;
};

}  // namespace

Error update_in_append_mode(RowKind kind) {
  return {
      ErrorKind::kConfig,
      "the rows are updates (" + std::string(row_kind_text(kind)) + "), and the sink only appends",
      {},
      "mode = \"upsert\" with a key keeps the newest, mode = \"changelog\" writes the kind into "
      "a column",
      {}};
}

std::vector<std::string> TableTarget::columns() const {
  std::vector<std::string> names = schema.names();
  if (mode == TableMode::kChangelog) names.push_back(options.op_column);
  return names;
}

bool TableTarget::is_key(size_t column) const {
  return std::find(key.begin(), key.end(), column) != key.end();
}

std::string TableTarget::key_list() const {
  std::string list;
  for (const auto& name : options.key) list += (list.empty() ? "" : ", ") + quoted_identifier(name);
  return list;
}

OptionTable<TableSinkOptions> table_sink_options(std::string place, std::string help) {
  return {
      {std::move(place), &TableSinkOptions::place, std::move(help), true},
      {"table", &TableSinkOptions::table, "the table", true},
      {"mode",
       &TableSinkOptions::mode,
       {"append", "upsert", "changelog"},
       "append: every row is added; upsert: +I and +U replace the row with the same key, -D "
       "deletes "
       "it; changelog: every change is added, its kind in a column"},
      {"key", &TableSinkOptions::key, "the columns that name a row, for upsert"},
      {"op_column", &TableSinkOptions::op_column, "the column for the kind, for changelog"},
      {"create", &TableSinkOptions::create, "make the table if it is not there"},
      {"batch_rows", &TableSinkOptions::batch_rows,
       "rows of a transaction; with a checkpoint its rows are one"},
      {"batch_time", &TableSinkOptions::batch_time, "how long a row waits for others at most"},
      {"stage_max", &TableSinkOptions::stage_max,
       "a checkpoint is made early when so many bytes wait for it"},
      {"timeout", &TableSinkOptions::timeout,
       "how long to wait for a lock, or for the database to come back"},
  };
}

std::unique_ptr<SinkPlan> bind_table_sink(const std::string& kind,
                                          const OptionTable<TableSinkOptions>& table,
                                          TableConnect connect, const SinkSpec& spec,
                                          const Schema& schema, const SinkContext& context,
                                          Errors& errors) {
  TableTarget target;
  const size_t before = errors.size();
  const std::string where = "the " + kind + " sink";
  read_options(table, spec.options, target.options, errors, where, {"type"});
  if (errors.size() > before) return nullptr;
  const auto complain = [&](const char* option, std::string message, std::string hint = {}) {
    const Node* node = spec.options.find(option);
    errors.push_back({ErrorKind::kConfig, std::move(message),
                      node != nullptr ? node->position : spec.position, std::move(hint), where});
  };
  const TableSinkOptions& options = target.options;
  target.schema = schema;
  target.keep_refused = context.keep_refused;
  target.mark = context.pipeline + "/" + spec.name;
  if (options.mode == "upsert") target.mode = TableMode::kUpsert;
  if (options.mode == "changelog") target.mode = TableMode::kChangelog;
  if (options.table.empty()) complain("table", "`table` is empty");
  if (options.batch_rows < 1) complain("batch_rows", "`batch_rows` must be at least 1");
  for (const auto& name : options.key) {
    if (const auto column = schema.find(name)) {
      target.key.push_back(*column);
    } else {
      complain("key", "no column `" + name + "`", spelling_hint(name, schema.names()));
    }
  }
  if (target.mode == TableMode::kUpsert && options.key.empty())
    complain("mode", "an upsert needs the columns that name a row", "key = [\"id\"]");
  if (target.mode != TableMode::kUpsert && !options.key.empty())
    complain("key", "`key` is for mode = \"upsert\"");
  if (target.mode == TableMode::kChangelog && schema.find(options.op_column))
    complain("op_column", "there is a column `" + options.op_column + "` already",
             "op_column = \"change\" calls the kind's column so");
  if (errors.size() > before) return nullptr;
  return make_table_plan(kind, std::move(target), std::move(connect));
}

std::unique_ptr<SinkPlan> make_table_plan(std::string kind, TableTarget target,
                                          TableConnect connect) {
  return std::make_unique<TablePlan>(std::move(kind), std::move(target), std::move(connect));
}

}  // namespace weir
