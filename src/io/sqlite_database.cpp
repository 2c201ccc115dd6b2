#include "io/sqlite_database.h"

#include <sqlite3.h>

#include <algorithm>

namespace weir {
namespace {

Error sqlite_error(sqlite3* database, int code, const std::string& path) {
  const std::string text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: return {ErrorKind::kData, text, {}, {}, {}};
    case SQLITE_FULL: return {ErrorKind::kDiskFull, path + ": " + text, {}, {}, {}};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::kIo,
              path + ": " + text,
              {},
              "another program is writing to it; `timeout` says how long to wait",
              {}};
    default: return {ErrorKind::kIo, path + ": " + text, {}, {}, {}};
  }
}

}  // namespace

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

void SqliteStatement::bound(int code) {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = code;
}
void SqliteStatement::bind_null(int parameter) { bound(sqlite3_bind_null(statement_, parameter)); }
void SqliteStatement::bind_integer(int parameter, int64_t value) {
  bound(sqlite3_bind_int64(statement_, parameter, value));
}
void SqliteStatement::bind_real(int parameter, double value) {
  bound(sqlite3_bind_double(statement_, parameter, value));
}
void SqliteStatement::bind_text(int parameter, std::string_view value) {
  bound(sqlite3_bind_text64(statement_, parameter, value.data() == nullptr ? "" : value.data(),
                            value.size(), SQLITE_STATIC, SQLITE_UTF8));
}
void SqliteStatement::bind_bytes(int parameter, std::string_view value) {
  bound(sqlite3_bind_blob64(statement_, parameter, value.data() == nullptr ? "" : value.data(),
                            value.size(), SQLITE_STATIC));
}

Result<bool> SqliteStatement::step() {
  const int code = bind_error_ != SQLITE_OK ? bind_error_ : sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(sqlite_error(bind_error_ != SQLITE_OK ? nullptr : database_, code, path_));
}

Result<void> SqliteStatement::run() {
  const auto stepped = step();
  reset();
  if (!stepped) return fail(stepped.error());
  return {};
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_);
  bind_error_ = SQLITE_OK;
}

int SqliteStatement::columns() const { return sqlite3_column_count(statement_); }
std::string SqliteStatement::column_name(int column) const {
  const char* name = sqlite3_column_name(statement_, column);
  return name == nullptr ? std::string() : name;
}
std::string SqliteStatement::declared_type(int column) const {
  const char* type = sqlite3_column_decltype(statement_, column);
  return type == nullptr ? std::string() : type;
}
SqliteType SqliteStatement::type(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER: return SqliteType::kInteger;
    case SQLITE_FLOAT: return SqliteType::kReal;
    case SQLITE_TEXT: return SqliteType::kText;
    case SQLITE_BLOB: return SqliteType::kBytes;
    default: return SqliteType::kNull;
  }
}
int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
double SqliteStatement::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string_view SqliteStatement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::string& path, Access access,
                                                             int64_t timeout_us) {
  sqlite3* database = nullptr;
  const int flags =
      access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  std::unique_ptr<SqliteDatabase> opened(new SqliteDatabase(database, path));
  if (code != SQLITE_OK) return fail(sqlite_error(database, code, path));
  sqlite3_extended_result_codes(database, 1);
  const int64_t timeout_ms = std::clamp<int64_t>(timeout_us / 1000, 0, INT32_MAX);
  sqlite3_busy_timeout(database, static_cast<int>(timeout_ms));
  return opened;
}

SqliteDatabase::~SqliteDatabase() { sqlite3_close_v2(database_); }

Result<void> SqliteDatabase::execute(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement) return fail(statement.error());
  return (*statement)->run();
}

Result<std::unique_ptr<SqliteStatement>> SqliteDatabase::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, &tail);
  if (code != SQLITE_OK) return fail(sqlite_error(database_, code, path_));
  auto prepared = std::make_unique<SqliteStatement>(database_, statement, path_);
  const std::string_view rest =
      std::string_view(sql).substr(static_cast<size_t>(tail - sql.data()));
  if (statement == nullptr || rest.find_first_not_of(" \t\r\n;") != std::string_view::npos)
    return fail(ErrorKind::kConfig, path_ + ": expected one SQL statement");
  return prepared;
}

int64_t SqliteDatabase::changes() const { return sqlite3_changes(database_); }
void SqliteDatabase::interrupt() { sqlite3_interrupt(database_); }

}  // namespace weir
