#include "io/postgres_connection.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>

#include "base/lazy_library.h"

namespace weir {

namespace {

const LazyLibrary& libpq() {
  static const LazyLibrary library("libpq.so.5");
  return library;
}

#define WEIR_PQ(function) WEIR_LAZY(libpq, function)

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

}  // namespace

PostgresResult& PostgresResult::operator=(PostgresResult&& other) noexcept {
  std::swap(result_, other.result_);
  return *this;
}
PostgresResult::~PostgresResult() { WEIR_PQ(PQclear)(result_); }
int PostgresResult::rows() const { return WEIR_PQ(PQntuples)(result_); }
int PostgresResult::columns() const { return WEIR_PQ(PQnfields)(result_); }
int64_t PostgresResult::changed() const { return std::atoll(WEIR_PQ(PQcmdTuples)(result_)); }
bool PostgresResult::is_null(int row, int column) const {
  return WEIR_PQ(PQgetisnull)(result_, row, column) == 1;
}
std::string_view PostgresResult::text(int row, int column) const {
  return {WEIR_PQ(PQgetvalue)(result_, row, column),
          static_cast<size_t>(WEIR_PQ(PQgetlength)(result_, row, column))};
}
std::string PostgresResult::column_name(int column) const {
  return WEIR_PQ(PQfname)(result_, column);
}
uint32_t PostgresResult::column_type(int column) const { return WEIR_PQ(PQftype)(result_, column); }
int PostgresResult::column_modifier(int column) const { return WEIR_PQ(PQfmod)(result_, column); }

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(const std::string& url,
                                                                     int64_t timeout_us) {
  if (auto r = libpq().is_there("libpq5"); !r) return fail(r.error());
  const std::string seconds = std::to_string(std::clamp<int64_t>(timeout_us / 1'000'000, 2, 10));
  const char* keys[] = {"dbname", "connect_timeout", "fallback_application_name", "client_encoding",
                        nullptr};
  const char* values[] = {url.c_str(), seconds.c_str(), "weir", "UTF8", nullptr};
  pg_conn* raw = WEIR_PQ(PQconnectdbParams)(keys, values, 1);
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(raw));
  if (raw == nullptr) return fail(ErrorKind::kIo, "out of memory");
  if (WEIR_PQ(PQstatus)(raw) != CONNECTION_OK)
    return fail(ErrorKind::kIo,
                "cannot connect to PostgreSQL: " + trimmed(WEIR_PQ(PQerrorMessage)(raw)));
  WEIR_PQ(PQsetNoticeProcessor)(raw, [](void*, const char*) {}, nullptr);
  const std::string limit = std::to_string(std::max<int64_t>(timeout_us / 1000, 1));
  if (auto r = connection->execute("SET statement_timeout = " + limit); !r) return fail(r.error());
  if (auto r = connection->execute("SET TimeZone = 'UTC'"); !r) return fail(r.error());
  if (auto r = connection->execute("SET DateStyle = 'ISO'"); !r) return fail(r.error());
  return connection;
}

PostgresConnection::~PostgresConnection() { WEIR_PQ(PQfinish)(connection_); }

bool PostgresConnection::alive() const { return WEIR_PQ(PQstatus)(connection_) == CONNECTION_OK; }

Error PostgresConnection::error_of(const pg_result* result) {
  const auto field = [&](int which) {
    const char* text = result == nullptr ? nullptr : WEIR_PQ(PQresultErrorField)(result, which);
    return text == nullptr ? std::string() : trimmed(text);
  };
  const std::string state = field(PG_DIAG_SQLSTATE);
  std::string message = field(PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = trimmed(WEIR_PQ(PQerrorMessage)(connection_));
  const bool lost = !alive();
  const auto starts = [&](std::initializer_list<std::string_view> with) {
    return std::any_of(with.begin(), with.end(),
                       [&](std::string_view s) { return state.starts_with(s); });
  };
  // Deadlocks, serialisation, locks, a server that stops or starts, too many connections, lost ones.
  transient_ = lost || starts({"40", "55P03", "57", "53300", "08", "XX"});
  // Values that do not fit, break a rule, or are larger than an index or a field can be.
  if (starts({"22", "23", "54000"}))
    return {ErrorKind::kData, message, {}, field(PG_DIAG_MESSAGE_HINT), {}};
  ErrorKind kind = ErrorKind::kIo;
  if (starts({"42", "3D", "3F", "0A", "28"})) kind = ErrorKind::kConfig;
  if (starts({"53100"})) kind = ErrorKind::kDiskFull;
  return {kind, "PostgreSQL: " + message, {}, field(PG_DIAG_MESSAGE_HINT), {}};
}

Result<PostgresResult> PostgresConnection::take(pg_result* raw) {
  PostgresResult result(raw);
  const ExecStatusType status = WEIR_PQ(PQresultStatus)(raw);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN ||
      status == PGRES_SINGLE_TUPLE)
    return result;
  return fail(error_of(raw));
}

Result<PostgresResult> PostgresConnection::execute(const std::string& sql) {
  return take(WEIR_PQ(PQexec)(connection_, sql.c_str()));
}

namespace {

std::vector<const char*> pointers(const PostgresConnection::Parameters& parameters) {
  std::vector<const char*> texts;
  for (const auto& parameter : parameters)
    texts.push_back(parameter ? parameter->c_str() : nullptr);
  return texts;
}

}  // namespace

Result<PostgresResult> PostgresConnection::execute(const std::string& sql,
                                                   const Parameters& parameters) {
  const auto texts = pointers(parameters);
  return take(WEIR_PQ(PQexecParams)(connection_, sql.c_str(), static_cast<int>(texts.size()),
                                    nullptr, texts.data(), nullptr, nullptr, 0));
}

Result<void> PostgresConnection::prepare(const std::string& name, const std::string& sql) {
  auto result = take(WEIR_PQ(PQprepare)(connection_, name.c_str(), sql.c_str(), 0, nullptr));
  if (!result) return fail(result.error());
  return {};
}

Result<PostgresResult> PostgresConnection::execute_prepared(const std::string& name,
                                                            const Parameters& parameters) {
  const auto texts = pointers(parameters);
  return take(WEIR_PQ(PQexecPrepared)(connection_, name.c_str(), static_cast<int>(texts.size()),
                                      texts.data(), nullptr, nullptr, 0));
}

Result<void> PostgresConnection::copy(const std::string& sql,
                                      const std::function<bool(std::string&)>& next) {
  auto begun = execute(sql);
  if (!begun) return fail(begun.error());
  bool sent = true;
  std::string piece;
  while (sent && next(piece)) {
    sent = WEIR_PQ(PQputCopyData)(connection_, piece.data(), static_cast<int>(piece.size())) == 1;
    piece.clear();
  }
  sent = WEIR_PQ(PQputCopyEnd)(connection_, nullptr) == 1 && sent;
  std::optional<Error> error;
  while (pg_result* raw = WEIR_PQ(PQgetResult)(connection_)) {
    if (auto result = take(raw); !result && !error) error = result.error();
  }
  if (!error && !sent) error = error_of(nullptr);
  if (error) return fail(std::move(*error));
  return {};
}

Result<PostgresResult> PostgresConnection::describe(const std::string& sql) {
  if (auto r = prepare("weir_describe", sql); !r) return fail(r.error());
  auto described = take(WEIR_PQ(PQdescribePrepared)(connection_, "weir_describe"));
  if (described) static_cast<void>(execute("DEALLOCATE weir_describe"));
  return described;
}

Result<void> PostgresConnection::start(const std::string& sql) {
  if (WEIR_PQ(PQsendQuery)(connection_, sql.c_str()) == 1 &&
      WEIR_PQ(PQsetSingleRowMode)(connection_) == 1)
    return {};
  return fail(error_of(nullptr));
}

Result<std::optional<PostgresResult>> PostgresConnection::next() {
  while (pg_result* raw = WEIR_PQ(PQgetResult)(connection_)) {
    auto result = take(raw);
    if (!result) return fail(result.error());
    if (result->rows() > 0) return std::optional<PostgresResult>(std::move(*result));
  }
  return std::nullopt;
}

void PostgresConnection::cancel() {
  PGcancel* cancel = WEIR_PQ(PQgetCancel)(connection_);
  char text[256];
  if (cancel != nullptr) WEIR_PQ(PQcancel)(cancel, text, sizeof text);
  WEIR_PQ(PQfreeCancel)(cancel);
}

}  // namespace weir
