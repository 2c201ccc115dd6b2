#include "sinks/postgres_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/backoff.h"
#include "base/identifier.h"
#include "data/text.h"
#include "io/postgres_connection.h"

namespace weir {
namespace {

constexpr size_t kRowsAtOnce = 5000;      // of one statement
constexpr size_t kCopiedAtOnce = 20'000;  // the same of a COPY
constexpr size_t kCopyPiece = size_t{32} << 10;

std::string postgres_type(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean: return "boolean";
    case TypeId::kTinyInt:
    case TypeId::kSmallInt: return "smallint";
    case TypeId::kInt: return "integer";
    case TypeId::kBigInt: return "bigint";
    case TypeId::kFloat: return "real";
    case TypeId::kDouble: return "double precision";
    case TypeId::kDecimal: return fmt::format("numeric({}, {})", type.precision, type.scale);
    case TypeId::kBytes: return "bytea";
    case TypeId::kDate: return "date";
    case TypeId::kTime: return "time";
    case TypeId::kTimestamp: return fmt::format("timestamp({})", std::min<int>(type.precision, 6));
    case TypeId::kTimestampLtz:
      return fmt::format("timestamptz({})", std::min<int>(type.precision, 6));
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: return "jsonb";
    default: return "text";
  }
}

void append_cell(std::string& out, const TableCell& cell, const Type& type) {
  switch (cell.kind) {
    case TableCell::Kind::kNull: return;
    case TableCell::Kind::kInteger:
      if (type.id == TypeId::kBoolean) {
        out += cell.integer != 0 ? 't' : 'f';
      } else {
        append_integer(out, cell.integer);
      }
      return;
    case TableCell::Kind::kReal:
      if (std::isnan(cell.real)) {
        out += "NaN";
      } else if (std::isinf(cell.real)) {
        out += cell.real > 0 ? "Infinity" : "-Infinity";
      } else if (type.id == TypeId::kFloat) {
        out += fmt::format("{}", static_cast<float>(cell.real));
      } else {
        out += fmt::format("{}", cell.real);
      }
      return;
    case TableCell::Kind::kText: out += cell.text; return;
    case TableCell::Kind::kBytes:
      out += "\\x";
      for (const char c : cell.text) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
      return;
  }
}

// A field of COPY's text form.
void append_copy_text(std::string& out, std::string_view text) {
  for (size_t at = 0;;) {
    const size_t plain = std::min(text.find_first_of("\\\n\r\t", at), text.size());
    out.append(text, at, plain - at);
    if (plain == text.size()) return;
    const char c = text[plain];
    out += '\\';
    out += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c;
    at = plain + 1;
  }
}

// An element of an array's text form.
void append_array_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

class PostgresTable final : public TableDatabase {
 public:
  PostgresTable(const TableTarget& target, std::unique_ptr<PostgresConnection> connection)
      : target_(target), connection_(std::move(connection)) {}

  Result<void> prepare() override {
    if (target_.options.create) {
      if (auto r = run(create_statement()); !r) return r;
    }
    return prepare_statements();
  }

  Result<std::vector<Reject>> apply(const TableRows& rows, std::optional<uint64_t> epoch) override {
    unpack(rows);
    Backoff backoff(target_.options.timeout.us);
    bool lost = false;  // the connection, and with it what became of the transaction
    for (;;) {
      auto done = reconnected();
      if (done && lost) {
        // The server may have committed before: the number tells.
        const auto there = this->epoch();
        if (there && *there == epoch) return std::move(refused_);
        if (there) {
          lost = false;
        } else {
          done = fail(there.error());
        }
      }
      if (done) {
        refused_.clear();
        done = transaction(epoch);
      }
      if (done) return std::move(refused_);
      const bool again = connection_->transient();
      if (connection_->alive()) static_cast<void>(connection_->execute("ROLLBACK"));
      lost = lost || (epoch && !connection_->alive());
      if (!again || !backoff.wait()) return fail(done.error());
    }
  }

  Result<std::optional<uint64_t>> epoch() override {
    auto found = has_epochs();
    if (!found) return fail(found.error());
    if (!*found) return std::nullopt;
    auto result = connection_->execute(
        "SELECT checkpoint FROM " + std::string(kCheckpointTable) + " WHERE sink = $1",
        {target_.mark});
    if (!result) return fail(result.error());
    if (result->rows() == 0) return std::nullopt;
    return std::strtoull(std::string(result->text(0, 0)).c_str(), nullptr, 10);
  }

  Result<void> forget_epoch() override {
    auto found = has_epochs();
    if (!found) return fail(found.error());
    if (!*found) return {};
    return change("DELETE FROM " + std::string(kCheckpointTable) + " WHERE sink = $1",
                  {target_.mark});
  }

 private:
  struct Row {
    RowKind kind;
    std::span<const TableCell> cells;  // of cells_
  };
  using Range = std::span<const Row* const>;

  std::string table() const { return quoted_table(target_.options.table); }

  Result<void> run(const std::string& sql) {
    auto result = connection_->execute(sql);
    if (!result) return fail(result.error());
    return {};
  }
  Result<void> change(const std::string& sql, const PostgresConnection::Parameters& parameters,
                      int64_t* changed = nullptr) {
    auto result = connection_->execute(sql, parameters);
    if (!result) return fail(result.error());
    if (changed != nullptr) *changed = result->changed();
    return {};
  }

  Result<void> reconnected() {
    if (connection_->alive()) return {};
    auto connection = PostgresConnection::open(target_.options.place, target_.options.timeout.us);
    if (!connection) return fail(connection.error());
    connection_ = std::move(*connection);
    return prepare_statements();
  }

  // --- statements ---

  std::string create_statement() const {
    std::string sql = "CREATE TABLE IF NOT EXISTS " + table() + " (";
    for (size_t c = 0; c < target_.schema.size(); ++c) {
      if (c > 0) sql += ", ";
      sql +=
          quoted_identifier(target_.schema[c].name) + " " + postgres_type(target_.schema[c].type);
    }
    if (target_.mode == TableMode::kChangelog)
      sql += ", " + quoted_identifier(target_.options.op_column) + " text";
    if (target_.mode == TableMode::kUpsert) sql += ", PRIMARY KEY (" + target_.key_list() + ")";
    return sql + ")";
  }

  Result<void> prepare_statements() {
    auto there = connection_->execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = "
        "$1::regclass AND attnum > 0 AND NOT attisdropped",
        {table()});
    if (!there) {
      Error error = there.error();
      error.hint = "create = true makes the table";
      return fail(std::move(error));
    }
    std::map<std::string, std::string, std::less<>> types;
    for (int r = 0; r < there->rows(); ++r)
      types[std::string(there->text(r, 0))] = there->text(r, 1);
    names_.clear();
    std::string values;
    std::string updates;
    std::string arrays;
    std::string aliases;
    const auto columns = target_.columns();
    for (size_t c = 0; c < columns.size(); ++c) {
      const auto type = types.find(columns[c]);
      if (type == types.end())
        return fail(ErrorKind::kConfig, "PostgreSQL: the table " + target_.options.table +
                                            " has no column `" + columns[c] + "`");
      const std::string name = quoted_identifier(columns[c]);
      const std::string number = std::to_string(c + 1);
      const char* comma = c > 0 ? ", " : "";
      names_ += comma + name;
      values += fmt::format("{}c{}::{}", comma, number, type->second);
      arrays += fmt::format("{}${}::text[]", comma, number);
      aliases += fmt::format("{}c{}", comma, number);
      if (!target_.is_key(c))
        updates += (updates.empty() ? "" : ", ") + name + " = EXCLUDED." + name;
    }
    if (target_.mode != TableMode::kUpsert) return {};
    const std::string put = "INSERT INTO " + table() + " (" + names_ + ") SELECT " + values +
                            " FROM unnest(" + arrays + ") AS u(" + aliases + ") ON CONFLICT (" +
                            target_.key_list() + ") DO " +
                            (updates.empty() ? "NOTHING" : "UPDATE SET " + updates);
    if (auto r = connection_->prepare("weir_put", put); !r) return r;
    return connection_->prepare("weir_remove", remove_statement(types));
  }
  std::string remove_statement(const std::map<std::string, std::string, std::less<>>& types) const {
    std::string arrays;
    std::string aliases;
    std::string same;
    for (size_t k = 0; k < target_.key.size(); ++k) {
      const std::string& name = target_.options.key[k];
      const char* comma = k > 0 ? ", " : "";
      arrays += fmt::format("{}${}::text[]", comma, k + 1);
      aliases += fmt::format("{}c{}", comma, k + 1);
      same += fmt::format("{}t.{} = u.c{}::{}", k > 0 ? " AND " : "", quoted_identifier(name),
                          k + 1, types.find(name)->second);
    }
    return "DELETE FROM " + table() + " t USING unnest(" + arrays + ") AS u(" + aliases +
           ") WHERE " + same;
  }

  // --- the checkpoint's number ---

  Result<bool> has_epochs() {
    auto result =
        connection_->execute("SELECT to_regclass($1) IS NOT NULL", {std::string(kCheckpointTable)});
    if (!result) return fail(result.error());
    return result->text(0, 0) == "t";
  }
  Result<void> move_epoch(uint64_t epoch) {
    const std::string name = kCheckpointTable;
    if (epoch == 1) {
      if (auto r = run("CREATE TABLE IF NOT EXISTS " + name +
                       " (sink text PRIMARY KEY, checkpoint bigint NOT NULL)");
          !r)
        return r;
      if (auto r = change("INSERT INTO " + name + " VALUES ($1, 0) ON CONFLICT DO NOTHING",
                          {target_.mark});
          !r)
        return r;
    }
    int64_t changed = 0;
    if (auto r = change("UPDATE " + name +
                            " SET checkpoint = $2::bigint WHERE sink = $1 AND "
                            "checkpoint = $2::bigint - 1",
                        {target_.mark, std::to_string(epoch)}, &changed);
        !r)
      return r;
    if (changed == 1) return {};
    return fail(ErrorKind::kState,
                "PostgreSQL: the table " + name + " is not where this run left it",
                "another run writes the same pipeline's rows, or somebody has changed it");
  }

  // --- rows ---

  void unpack(const TableRows& rows) {
    rows_.clear();
    cells_.clear();
    const size_t columns = target_.schema.size();
    TableRows::Walk walk(rows, columns);
    while (walk.next()) {
      rows_.push_back({walk.kind(), {}});
      cells_.insert(cells_.end(), walk.cells().begin(), walk.cells().end());
    }
    for (size_t i = 0; i < rows_.size(); ++i)
      rows_[i].cells = std::span(cells_).subspan(i * columns, columns);
  }

  Result<void> transaction(std::optional<uint64_t> epoch) {
    if (auto r = run("BEGIN"); !r) return r;
    if (epoch) {
      if (auto r = move_epoch(*epoch); !r) return r;
    }
    if (auto r = apply_rows(); !r) return r;
    return run("COMMIT");
  }

  Result<void> apply_rows() {
    std::vector<const Row*> puts;
    std::vector<const Row*> removals;
    std::map<std::string, const Row*> last;  // of a key; an upsert may touch a row once
    for (const Row& row : rows_) {
      if (const std::string reason = cannot_be_text(row); !reason.empty()) {
        if (auto r = refuse(row, reason); !r) return r;
        continue;
      }
      if (target_.mode == TableMode::kUpsert) {
        if (row.kind != RowKind::kUpdateBefore) last[key_text(row)] = &row;
      } else {
        puts.push_back(&row);
      }
    }
    for (const auto& [key, row] : last)
      (row->kind == RowKind::kDelete ? removals : puts).push_back(row);
    if (!last.empty()) std::sort(puts.begin(), puts.end());  // as they came
    if (auto r = in_pieces(removals, true); !r) return r;
    return in_pieces(puts, false);
  }

  Result<void> in_pieces(const std::vector<const Row*>& rows, bool removal) {
    const size_t most = target_.mode == TableMode::kUpsert ? kRowsAtOnce : kCopiedAtOnce;
    for (size_t at = 0; at < rows.size(); at += most) {
      const Range all(rows);
      if (auto r = guarded(all.subspan(at, std::min(most, rows.size() - at)), removal); !r)
        return r;
    }
    return {};
  }

  // Applies the rows; when the database refuses one, finds it by halves and goes on with the others.
  Result<void> guarded(Range rows, bool removal) {
    if (auto r = run("SAVEPOINT weir"); !r) return r;
    auto done = removal ? remove(rows) : put(rows);
    if (done) return run("RELEASE SAVEPOINT weir");
    if (done.error().kind != ErrorKind::kData || connection_->transient()) return done;
    if (auto r = run("ROLLBACK TO SAVEPOINT weir"); !r) return r;
    if (rows.size() == 1) return refuse(*rows[0], done.error().message);
    const size_t half = rows.size() / 2;
    if (auto r = guarded(rows.first(half), removal); !r) return r;
    return guarded(rows.subspan(half), removal);
  }

  Result<void> refuse(const Row& row, const std::string& reason) {
    Reject reject;
    reject.raw = row_as_json(target_.schema, row.cells);
    reject.reason = reason;
    if (!target_.keep_refused)
      return fail(
          ErrorKind::kData,
          "PostgreSQL, table " + target_.options.table + ": " + reason + "\n  row: " + reject.raw,
          "--on-error skip goes on without such rows, --dead-letter PATH keeps them");
    refused_.push_back(std::move(reject));
    return {};
  }

  // PostgreSQL's texts hold no U+0000.
  std::string cannot_be_text(const Row& row) const {
    for (size_t c = 0; c < row.cells.size(); ++c)
      if (row.cells[c].kind == TableCell::Kind::kText &&
          row.cells[c].text.find('\0') != std::string_view::npos)
        return "column " + target_.schema[c].name + ": a text with U+0000";
    return {};
  }

  std::string key_text(const Row& row) const {
    std::string text;
    for (const size_t k : target_.key) {
      std::string value;
      append_cell(value, row.cells[k], target_.schema[k].type);
      text += row.cells[k].kind == TableCell::Kind::kNull ? "N" : "V";
      text += std::to_string(value.size()) + ":" + value;
    }
    return text;
  }

  Result<void> put(Range rows) {
    if (target_.mode == TableMode::kUpsert) {
      std::vector<size_t> all(target_.schema.size());
      for (size_t c = 0; c < all.size(); ++c) all[c] = c;
      return as_arrays("weir_put", rows, all);
    }
    // The server takes a piece in while the next one is made.
    size_t at = 0;
    return connection_->copy("COPY " + table() + " (" + names_ + ") FROM STDIN",
                             [&](std::string& piece) {
                               while (at < rows.size() && piece.size() < kCopyPiece)
                                 append_copy_row(piece, *rows[at++]);
                               return !piece.empty();
                             });
  }

  void append_copy_row(std::string& out, const Row& row) {
    for (size_t c = 0; c < row.cells.size(); ++c) {
      if (c > 0) out += '\t';
      const TableCell& cell = row.cells[c];
      if (cell.kind == TableCell::Kind::kNull) {
        out += "\\N";
      } else if (cell.kind == TableCell::Kind::kText) {
        append_copy_text(out, cell.text);
      } else {
        value_.clear();
        append_cell(value_, cell, target_.schema[c].type);
        append_copy_text(out, value_);
      }
    }
    if (target_.mode == TableMode::kChangelog) {
      out += '\t';
      out += row_kind_text(row.kind);
    }
    out += '\n';
  }
  Result<void> remove(Range rows) { return as_arrays("weir_remove", rows, target_.key); }

  Result<void> as_arrays(const char* statement, Range rows, const std::vector<size_t>& columns) {
    PostgresConnection::Parameters arrays;
    std::string value;
    for (const size_t c : columns) {
      std::string array = "{";
      for (const Row* row : rows) {
        if (array.size() > 1) array += ',';
        if (row->cells[c].kind == TableCell::Kind::kNull) {
          array += "NULL";
          continue;
        }
        value.clear();
        append_cell(value, row->cells[c], target_.schema[c].type);
        append_array_text(array, value);
      }
      arrays.emplace_back(array + "}");
    }
    auto result = connection_->execute_prepared(statement, arrays);
    if (!result) return fail(result.error());
    return {};
  }

  const TableTarget& target_;
  std::unique_ptr<PostgresConnection> connection_;
  std::string names_;
  std::vector<Row> rows_;
  std::vector<TableCell> cells_;
  std::string value_;
  std::vector<Reject> refused_;
};

}  // namespace

Result<std::unique_ptr<TableDatabase>> connect_postgres(const TableTarget& target) {
  Backoff backoff(target.options.timeout.us);
  for (;;) {
    auto connection = PostgresConnection::open(target.options.place, target.options.timeout.us);
    if (connection) return std::make_unique<PostgresTable>(target, std::move(*connection));
    const std::string& text = connection.error().message;
    const bool final = text.find("authentication failed") != std::string::npos ||
                       text.find("does not exist") != std::string::npos ||
                       text.find("no pg_hba.conf entry") != std::string::npos ||
                       text.find("invalid") != std::string::npos;
    if (final || !backoff.wait()) return fail(connection.error());
  }
}

}  // namespace weir
