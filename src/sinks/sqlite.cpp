#include <algorithm>

#include "base/identifier.h"
#include "io/output.h"
#include "io/sqlite_database.h"
#include "sinks/sink_list.h"
#include "sinks/table_sink.h"

namespace weir {
namespace {

// A column type that keeps the values as they are: NUMERIC columns turn texts into doubles.
std::string sqlite_type(const Type& type) {
  switch (type.id) {
    case TypeId::kBytes: return "BLOB";
    case TypeId::kDecimal: return type.precision <= 15 ? type.to_string() : "TEXT";
    case TypeId::kBoolean:
    case TypeId::kTinyInt:
    case TypeId::kSmallInt:
    case TypeId::kBigInt:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDate: return type.to_string();
    case TypeId::kInt: return "INTEGER";
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return type.to_string();
    default: return "TEXT";
  }
}

void bind_cell(SqliteStatement& statement, int parameter, const TableCell& cell) {
  switch (cell.kind) {
    case TableCell::Kind::kNull: return statement.bind_null(parameter);
    case TableCell::Kind::kInteger: return statement.bind_integer(parameter, cell.integer);
    case TableCell::Kind::kReal: return statement.bind_real(parameter, cell.real);
    case TableCell::Kind::kText: return statement.bind_text(parameter, cell.text);
    case TableCell::Kind::kBytes: return statement.bind_bytes(parameter, cell.text);
  }
}

class SqliteTable final : public TableDatabase {
 public:
  SqliteTable(const TableTarget& target, std::unique_ptr<SqliteDatabase> database)
      : target_(target), database_(std::move(database)) {}

  Result<void> prepare() override {
    if (target_.options.create) {
      if (auto r = database_->execute(create_statement()); !r) return r;
    }
    if (auto r = check_columns(); !r) return r;
    auto put = database_->prepare(put_statement());
    if (!put) return explained(put.error());
    put_ = std::move(*put);
    if (target_.mode != TableMode::kUpsert) return {};
    auto remove = database_->prepare(remove_statement());
    if (!remove) return fail(remove.error());
    remove_ = std::move(*remove);
    return {};
  }

  Result<std::vector<Reject>> apply(const TableRows& rows, std::optional<uint64_t> epoch) override {
    std::vector<Reject> refused;
    auto done = database_->execute("BEGIN IMMEDIATE");
    if (!done) return fail(done.error());
    if (epoch) done = move_epoch(*epoch);
    if (done) done = apply_rows(rows, refused);
    if (done) done = database_->execute("COMMIT");
    if (done) return refused;
    static_cast<void>(database_->execute("ROLLBACK"));
    return fail(done.error());
  }

  Result<std::optional<uint64_t>> epoch() override {
    auto found = has_epochs();
    if (!found) return fail(found.error());
    if (!*found) return std::nullopt;
    auto query = database_->prepare("SELECT checkpoint FROM " + std::string(kCheckpointTable) +
                                    " WHERE sink = ?1");
    if (!query) return fail(query.error());
    (*query)->bind_text(1, target_.mark);
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return std::nullopt;
    return static_cast<uint64_t>((*query)->integer(0));
  }

  Result<void> forget_epoch() override {
    auto found = has_epochs();
    if (!found) return fail(found.error());
    return *found
               ? change_epoch("DELETE FROM " + std::string(kCheckpointTable) + " WHERE sink = ?1")
               : Result<void>{};
  }

 private:
  std::string table() const { return quoted_identifier(target_.options.table); }

  std::string create_statement() const {
    std::string sql = "CREATE TABLE IF NOT EXISTS " + table() + " (";
    for (size_t c = 0; c < target_.schema.size(); ++c) {
      if (c > 0) sql += ", ";
      sql += quoted_identifier(target_.schema[c].name) + " " + sqlite_type(target_.schema[c].type);
    }
    if (target_.mode == TableMode::kChangelog)
      sql += ", " + quoted_identifier(target_.options.op_column) + " TEXT";
    if (target_.mode == TableMode::kUpsert) sql += ", PRIMARY KEY (" + target_.key_list() + ")";
    return sql + ")";
  }
  std::string put_statement() const {
    std::string names;
    std::string values;
    std::string updates;
    const auto columns = target_.columns();
    for (size_t c = 0; c < columns.size(); ++c) {
      const std::string name = quoted_identifier(columns[c]);
      names += (c > 0 ? ", " : "") + name;
      values += (c > 0 ? ", ?" : "?") + std::to_string(c + 1);
      if (!target_.is_key(c))
        updates += (updates.empty() ? "" : ", ") + name + " = excluded." + name;
    }
    std::string sql = "INSERT INTO " + table() + " (" + names + ") VALUES (" + values + ")";
    if (target_.mode == TableMode::kUpsert)
      sql += " ON CONFLICT (" + target_.key_list() + ") DO " +
             (updates.empty() ? "NOTHING" : "UPDATE SET " + updates);
    return sql;
  }
  std::string remove_statement() const {
    std::string sql = "DELETE FROM " + table() + " WHERE ";
    for (size_t k = 0; k < target_.key.size(); ++k)
      sql += (k > 0 ? " AND " : "") + quoted_identifier(target_.options.key[k]) + " IS ?" +
             std::to_string(k + 1);
    return sql;
  }

  // SQLite takes a quoted name that no column has for a text.
  Result<void> check_columns() {
    auto all = database_->prepare("SELECT * FROM " + table() + " LIMIT 0");
    if (!all) {
      Error error = all.error();
      error.hint = "create = true makes the table";
      return fail(std::move(error));
    }
    std::vector<std::string> there;
    for (int c = 0; c < (*all)->columns(); ++c) there.push_back((*all)->column_name(c));
    for (const auto& name : target_.columns()) {
      const auto same = [&](const std::string& other) {
        return name.size() == other.size() &&
               std::equal(name.begin(), name.end(), other.begin(), [](char a, char b) {
                 return std::tolower(static_cast<unsigned char>(a)) ==
                        std::tolower(static_cast<unsigned char>(b));
               });
      };
      if (std::any_of(there.begin(), there.end(), same)) continue;
      return fail(ErrorKind::kConfig, database_->path() + ": the table " + target_.options.table +
                                          " has no column `" + name + "`");
    }
    return {};
  }
  std::unexpected<Error> explained(Error error) const {
    if (target_.mode == TableMode::kUpsert)
      error.hint = "an upsert needs a PRIMARY KEY or UNIQUE index on exactly the columns of `key`";
    return fail(std::move(error));
  }

  Result<bool> has_epochs() {
    auto query =
        database_->prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '" +
                           std::string(kCheckpointTable) + "'");
    if (!query) return fail(query.error());
    return (*query)->step();
  }
  Result<void> change_epoch(const std::string& sql, int64_t to = 0) {
    auto statement = database_->prepare(sql);
    if (!statement) return fail(statement.error());
    (*statement)->bind_text(1, target_.mark);
    if (sql.find("?2") != std::string::npos) (*statement)->bind_integer(2, to);
    return (*statement)->run();
  }
  Result<void> move_epoch(uint64_t epoch) {
    const std::string name = kCheckpointTable;
    const auto to = static_cast<int64_t>(epoch);
    if (epoch == 1) {
      if (auto r = database_->execute("CREATE TABLE IF NOT EXISTS " + name +
                                      " (sink TEXT PRIMARY KEY, checkpoint INTEGER NOT NULL)");
          !r)
        return r;
      if (auto r = change_epoch("INSERT OR IGNORE INTO " + name + " VALUES (?1, 0)"); !r) return r;
    }
    if (auto r = change_epoch(
            "UPDATE " + name + " SET checkpoint = ?2 WHERE sink = ?1 AND checkpoint = ?2 - 1", to);
        !r)
      return r;
    if (database_->changes() == 1) return {};
    return fail(ErrorKind::kState,
                database_->path() + ": its table " + name + " is not where this run left it",
                "another run writes the same pipeline's rows, or somebody has changed it");
  }

  Result<void> apply_rows(const TableRows& rows, std::vector<Reject>& refused) {
    TableRows::Walk walk(rows, target_.schema.size());
    while (walk.next()) {
      auto done = apply_row(walk.kind(), walk.cells());
      if (done) continue;
      if (done.error().kind != ErrorKind::kData) return done;
      Reject reject;
      reject.raw = row_as_json(target_.schema, walk.cells());
      reject.reason = done.error().message;
      if (!target_.keep_refused)
        return fail(ErrorKind::kData,
                    database_->path() + ", table " + target_.options.table + ": " + reject.reason +
                        "\n  row: " + reject.raw,
                    "--on-error skip goes on without such rows, --dead-letter PATH keeps them");
      refused.push_back(std::move(reject));
    }
    return {};
  }
  Result<void> apply_row(RowKind kind, std::span<const TableCell> cells) {
    if (target_.mode == TableMode::kUpsert) {
      if (kind == RowKind::kUpdateBefore) return {};  // +U follows
      if (kind == RowKind::kDelete) {
        for (size_t k = 0; k < target_.key.size(); ++k)
          bind_cell(*remove_, static_cast<int>(k + 1), cells[target_.key[k]]);
        return remove_->run();
      }
    }
    for (size_t c = 0; c < cells.size(); ++c) bind_cell(*put_, static_cast<int>(c + 1), cells[c]);
    if (target_.mode == TableMode::kChangelog)
      put_->bind_text(static_cast<int>(cells.size() + 1), row_kind_text(kind));
    return put_->run();
  }

  const TableTarget& target_;
  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<SqliteStatement> put_;
  std::unique_ptr<SqliteStatement> remove_;
};

const OptionTable<TableSinkOptions>& sqlite_options() {
  static const OptionTable<TableSinkOptions> table =
      table_sink_options("path", "the database's file; made if it is not there");
  return table;
}

std::vector<OptionDoc> sqlite_docs() { return option_docs(sqlite_options()); }

std::string file_of(std::string place) {
  if (place.starts_with("sqlite:")) place.erase(0, 7);
  return place;
}

Result<std::unique_ptr<TableDatabase>> connect_sqlite(const TableTarget& target) {
  const std::string path = file_of(target.options.place);
  if (auto r = refuse_link(path); !r) return fail(r.error());
  auto database =
      SqliteDatabase::open(path, SqliteDatabase::Access::kWrite, target.options.timeout.us);
  if (!database) return fail(database.error());
  return std::make_unique<SqliteTable>(target, std::move(*database));
}

std::unique_ptr<SinkPlan> bind_sqlite(const SinkSpec& spec, const Schema& schema,
                                      const SinkContext& context, Errors& errors) {
  const Node* const place = spec.options.find("path");
  if (place != nullptr) {
    if (auto r = refuse_link(file_of(place->text)); !r) {
      errors.push_back(r.error());
      errors.back().position = place->position;
    }
  }
  return bind_table_sink("sqlite", sqlite_options(), connect_sqlite, spec, schema, context, errors);
}

}  // namespace

const SinkDescriptor kSqliteSink = {"sqlite", "writes rows into a table of a SQLite database",
                                    sqlite_docs, bind_sqlite};

}  // namespace weir
