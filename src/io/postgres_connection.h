// PostgreSQL, the library behind `type = "postgres"`: the only file that includes its header is this one's.
//
// Errors: kData for values that the database refuses (SQLSTATE 22..., 23...); kConfig for statements that do
// not fit the database (42...); kDiskFull; kIo for the rest.
// Threads: one at a time, but for cancel().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

struct pg_conn;
struct pg_result;

namespace weir {

// What a statement has given. Rows and columns count from 0.
class PostgresResult {
 public:
  explicit PostgresResult(pg_result* result) : result_(result) {}
  PostgresResult(PostgresResult&& other) noexcept : result_(other.result_) {
    other.result_ = nullptr;
  }
  PostgresResult& operator=(PostgresResult&& other) noexcept;
  ~PostgresResult();

  int rows() const;
  int columns() const;
  int64_t changed() const;  // rows that the statement has changed
  bool is_null(int row, int column) const;
  std::string_view text(int row, int column) const;
  std::string column_name(int column) const;
  uint32_t column_type(int column) const;  // OID
  int column_modifier(int column) const;

 private:
  friend class PostgresConnection;
  pg_result* result_;
};

class PostgresConnection {
 public:
  // `url`: postgres://user@host/db?options, or "host=... dbname=...".
  static Result<std::unique_ptr<PostgresConnection>> open(const std::string& url,
                                                          int64_t timeout_us);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  Result<PostgresResult> execute(const std::string& sql);
  using Parameters = std::vector<std::optional<std::string>>;  // texts, without NUL
  Result<PostgresResult> execute(const std::string& sql, const Parameters& parameters);
  Result<void> prepare(const std::string& name, const std::string& sql);
  Result<PostgresResult> execute_prepared(const std::string& name, const Parameters& parameters);
  // COPY ... FROM STDIN. `next` appends a piece of its data to an empty text, or is false behind the last one; the
  // server works on a piece while the next one is made.
  Result<void> copy(const std::string& sql, const std::function<bool(std::string&)>& next);
  // The columns of a query, without running it.
  Result<PostgresResult> describe(const std::string& sql);
  // A query whose rows come one by one: start(), then next() until it gives no row.
  Result<void> start(const std::string& sql);
  Result<std::optional<PostgresResult>> next();
  void cancel();

  bool alive() const;
  // After an error: trying the whole transaction again may help.
  bool transient() const { return transient_; }

 private:
  explicit PostgresConnection(pg_conn* connection) : connection_(connection) {}
  Result<PostgresResult> take(pg_result* result);
  Error error_of(const pg_result* result);

  pg_conn* connection_;
  bool transient_ = false;
};

}  // namespace weir
