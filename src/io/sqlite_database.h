// SQLite, the library behind `type = "sqlite"`: the only file that includes its header is this one's.
//
// Errors: kData for a value that the database refuses (a broken constraint, too big); kDiskFull; kIo for the
// rest, a lock that was not given up in time included.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace weir {

enum class SqliteType { kNull, kInteger, kReal, kText, kBytes };

// A prepared statement. Parameters count from 1, columns from 0.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* database, sqlite3_stmt* statement, std::string path)
      : database_(database), statement_(statement), path_(std::move(path)) {}
  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  // Values must stay until reset().
  void bind_null(int parameter);
  void bind_integer(int parameter, int64_t value);
  void bind_real(int parameter, double value);
  void bind_text(int parameter, std::string_view value);
  void bind_bytes(int parameter, std::string_view value);

  // True if it has given a row; false at the end. A value that could not be bound is an error here.
  Result<bool> step();
  // Runs it once, for statements that give no rows.
  Result<void> run();
  void reset();

  int columns() const;
  std::string column_name(int column) const;
  std::string declared_type(int column) const;  // empty for expressions
  SqliteType type(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  // also of bytes; until the next step

 private:
  void bound(int code);

  sqlite3* database_;
  sqlite3_stmt* statement_;
  std::string path_;
  int bind_error_ = 0;
};

class SqliteDatabase {
 public:
  enum class Access { kRead, kWrite };  // kWrite makes the file if it is not there
  static Result<std::unique_ptr<SqliteDatabase>> open(const std::string& path, Access access,
                                                      int64_t timeout_us);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  Result<void> execute(const std::string& sql);
  Result<std::unique_ptr<SqliteStatement>> prepare(const std::string& sql);
  int64_t changes() const;  // rows changed by the last statement
  void interrupt();         // any thread: what runs ends with an error
  const std::string& path() const { return path_; }

 private:
  SqliteDatabase(sqlite3* database, std::string path)
      : database_(database), path_(std::move(path)) {}

  sqlite3* database_;
  std::string path_;
};

}  // namespace weir
