#include <algorithm>

#include "base/identifier.h"
#include "io/sqlite_database.h"
#include "sources/query_source.h"
#include "sources/source_list.h"

namespace weir {
namespace {

struct SqliteSourceOptions {
  std::string path;
  std::string table;
  std::string query;
  Duration timeout{60'000'000};
};

const OptionTable<SqliteSourceOptions>& sqlite_source_options() {
  static const OptionTable<SqliteSourceOptions> table = {
      {"path", &SqliteSourceOptions::path, "the database's file", true},
      {"table", &SqliteSourceOptions::table, "the table to read as a whole"},
      {"query", &SqliteSourceOptions::query, "or the query to read"},
      {"timeout", &SqliteSourceOptions::timeout, "how long to wait for a lock"},
  };
  return table;
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The type that SQLite's rules for names of types mean, a little finer where the name says so.
Type type_of_declared(std::string declared) {
  std::transform(declared.begin(), declared.end(), declared.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (declared == "BOOLEAN") return Type::boolean();
  if (declared.starts_with("TIMESTAMP") || declared.starts_with("DECIMAL") || declared == "DATE" ||
      declared.starts_with("TIME")) {
    if (auto type = parse_type(declared)) return *type;
  }
  if (holds(declared, "INT")) return Type::bigint();
  if (holds(declared, "CHAR") || holds(declared, "CLOB") || holds(declared, "TEXT"))
    return Type::string();
  if (holds(declared, "BLOB")) return Type::bytes();
  if (holds(declared, "REAL") || holds(declared, "FLOA") || holds(declared, "DOUB"))
    return Type::float64();
  return Type::string();
}

class SqliteRows final : public QueryRows {
 public:
  SqliteRows(std::unique_ptr<SqliteDatabase> database, std::unique_ptr<SqliteStatement> query)
      : database_(std::move(database)), query_(std::move(query)) {}

  // Expressions have no declared type: the first row tells.
  Result<void> begin() {
    auto row = query_->step();
    if (!row) return fail(row.error());
    has_row_ = *row;
    for (int c = 0; c < query_->columns(); ++c) {
      const std::string declared = query_->declared_type(c);
      Type type = type_of_declared(declared);
      if (declared.empty() && has_row_) {
        if (query_->type(c) == SqliteType::kInteger) type = Type::bigint();
        if (query_->type(c) == SqliteType::kReal) type = Type::float64();
        if (query_->type(c) == SqliteType::kBytes) type = Type::bytes();
      }
      columns_.add(query_->column_name(c), type);
    }
    return {};
  }

  const Schema& columns() const override { return columns_; }
  void interrupt() override { database_->interrupt(); }

  Result<bool> next(std::vector<QueryCell>& cells) override {
    if (!has_row_) {
      auto row = query_->step();
      if (!row || !*row) return row;
    }
    has_row_ = false;
    for (size_t c = 0; c < cells.size(); ++c) {
      const int column = static_cast<int>(c);
      switch (query_->type(column)) {
        case SqliteType::kNull: cells[c].kind = QueryCell::Kind::kNull; break;
        case SqliteType::kInteger:
          cells[c].kind = QueryCell::Kind::kInteger;
          cells[c].integer = query_->integer(column);
          break;
        case SqliteType::kReal:
          cells[c].kind = QueryCell::Kind::kReal;
          cells[c].real = query_->real(column);
          break;
        case SqliteType::kText:
          cells[c].kind = QueryCell::Kind::kText;
          cells[c].text = query_->text(column);
          break;
        case SqliteType::kBytes:
          cells[c].kind = QueryCell::Kind::kBytes;
          cells[c].text = query_->text(column);
          break;
      }
    }
    return true;
  }

 private:
  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<SqliteStatement> query_;
  Schema columns_;
  bool has_row_ = false;  // one that begin() has stepped to
};

Result<std::unique_ptr<QueryRows>> start_query(const std::string& path, const std::string& sql,
                                               int64_t timeout_us) {
  auto database = SqliteDatabase::open(path, SqliteDatabase::Access::kRead, timeout_us);
  if (!database) return fail(database.error());
  auto query = (*database)->prepare(sql);
  if (!query) {
    Error error = query.error();
    if (error.kind == ErrorKind::kIo) error.kind = ErrorKind::kConfig;
    return fail(std::move(error));
  }
  auto rows = std::make_unique<SqliteRows>(std::move(*database), std::move(*query));
  if (auto r = rows->begin(); !r) return fail(r.error());
  return std::unique_ptr<QueryRows>(std::move(rows));
}

std::vector<OptionDoc> sqlite_source_docs() {
  return query_source_docs(option_docs(sqlite_source_options()));
}

std::unique_ptr<SourcePlan> bind_sqlite_query(const SourceSpec& spec, const SourceContext& context,
                                              Errors& errors) {
  SqliteSourceOptions options;
  const size_t before = errors.size();
  read_options(sqlite_source_options(), spec.options, options, errors, "the sqlite source",
               {"type", "schema", "event_time"});
  if (options.table.empty() == options.query.empty() && errors.size() == before)
    errors.push_back({ErrorKind::kConfig,
                      "a sqlite source has either `table` or `query`",
                      spec.position,
                      "query = \"SELECT ...\"",
                      {}});
  if (errors.size() > before) return nullptr;
  if (options.path.starts_with("sqlite:")) options.path.erase(0, 7);
  const std::string sql =
      !options.query.empty() ? options.query : "SELECT * FROM " + quoted_identifier(options.table);
  return bind_query(
      "sqlite: " + options.path, [=] { return start_query(options.path, sql, options.timeout.us); },
      spec, context, errors);
}

}  // namespace

const SourceDescriptor kSqliteSource = {"sqlite", "gives the rows of a table or query of SQLite",
                                        sqlite_source_docs, bind_sqlite_query};

}  // namespace weir
