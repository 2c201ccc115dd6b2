// What sinks that write tables of a database share: options, batches, checkpoints.
//
// Without checkpoints rows go out in transactions of `batch_rows` rows or `batch_time`, and when the input
// pauses. With checkpoints they wait for the next one, which keeps them (stage, then apply): when it is on disk
// they are applied in one transaction together with the number of the checkpoint. So the number in the
// database tells a later run whether that has happened:
//
//   the checkpoint's own        applied
//   one less                    not yet: the rows are in the checkpoint, and are applied now
//   anything else               somebody has changed one of the two: an error
//
// The numbers stand in the table weir_checkpoints, a row for each sink of each pipeline. Runs that a
// checkpoint folder was copied for get in each other's way there and fail, instead of writing rows twice.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sinks/sink.h"
#include "sinks/table_rows.h"

namespace weir {

struct TableSinkOptions {
  std::string place;  // path or url
  std::string table;
  std::string mode = "append";
  std::vector<std::string> key;
  std::string op_column = "op";
  bool create = false;
  int64_t batch_rows = 10'000;
  Duration batch_time{1'000'000};
  ByteSize stage_max{uint64_t{64} << 20};
  Duration timeout{60'000'000};
};
// `place`: the option that says where the database is, and its help.
OptionTable<TableSinkOptions> table_sink_options(std::string place, std::string help);

enum class TableMode { kAppend, kUpsert, kChangelog };

// What to write where, checked.
struct TableTarget {
  TableSinkOptions options;
  TableMode mode = TableMode::kAppend;
  Schema schema;            // of the rows that come
  std::vector<size_t> key;  // kUpsert: columns of it
  std::string mark;         // names this sink in weir_checkpoints
  bool keep_refused = false;

  // The table's columns: those of the schema, and for kChangelog one more for the kind.
  std::vector<std::string> columns() const;
  bool is_key(size_t column) const;
  std::string key_list() const;  // "a", "b"
};
inline constexpr const char* kCheckpointTable = "weir_checkpoints";

// A database and its table, connected.
class TableDatabase {
 public:
  virtual ~TableDatabase() = default;
  // Makes the table if it is wanted, and checks that the columns are there.
  virtual Result<void> prepare() = 0;
  // Applies the rows in order in one transaction; with `epoch` also moves the number from the one before. What
  // the database refuses is left out and told with TableTarget::keep_refused; else it is a kData error, as any
  // error after which nothing of the transaction is left.
  virtual Result<std::vector<Reject>> apply(const TableRows& rows,
                                            std::optional<uint64_t> epoch) = 0;
  virtual Result<std::optional<uint64_t>> epoch() = 0;  // nullopt: no number there
  virtual Result<void> forget_epoch() = 0;
};

using TableConnect =
    std::function<Result<std::unique_ptr<TableDatabase>>(const TableTarget& target)>;

// Binds a table sink: reads the options and checks keys and columns. `kind` begins its explanation,
// `doc_place` is the name of the option for the place.
std::unique_ptr<SinkPlan> bind_table_sink(const std::string& kind,
                                          const OptionTable<TableSinkOptions>& table,
                                          TableConnect connect, const SinkSpec& spec,
                                          const Schema& schema, const SinkContext& context,
                                          Errors& errors);

// The plan for a target that has been checked.
std::unique_ptr<SinkPlan> make_table_plan(std::string kind, TableTarget target,
                                          TableConnect connect);

// The text of an append in a mode that cannot say what an update is.
Error update_in_append_mode(RowKind kind);

}  // namespace weir
