#include "base/identifier.h"
#include "base/url.h"
#include "io/postgres_connection.h"
#include "sources/query_source.h"
#include "sources/source_list.h"

namespace weir {
namespace {

struct PostgresSourceOptions {
  std::string url;
  std::string table;
  std::string query;
  Duration timeout{60'000'000};
};

const OptionTable<PostgresSourceOptions>& postgres_source_options() {
  static const OptionTable<PostgresSourceOptions> table = {
      {"url", &PostgresSourceOptions::url,
       "the database: postgres://USER@HOST/NAME, or \"host=... dbname=...\" as for psql", true},
      {"table", &PostgresSourceOptions::table, "the table to read as a whole"},
      {"query", &PostgresSourceOptions::query, "or the query to read"},
      {"timeout", &PostgresSourceOptions::timeout, "how long the query may take"},
  };
  return table;
}

// The type that a column of PostgreSQL is read as, by its OID (pg_type.dat); texts for what is not listed.
Type type_of_oid(uint32_t oid, int modifier) {
  switch (oid) {
    case 16: return Type::boolean();
    case 17: return Type::bytes();
    case 20: return Type::bigint();
    case 21: return Type{TypeId::kSmallInt};
    case 23: return Type::integer();
    case 700: return Type{TypeId::kFloat};
    case 701: return Type::float64();
    case 1082: return Type::date();
    case 1083: return Type::time(3);
    case 1114: return Type::timestamp();
    case 1184: return Type::timestamp_ltz();
    case 1700: {
      const int precision = (modifier - 4) >> 16;
      const int scale = (modifier - 4) & 0xffff;
      // numeric without digits can be anything
      return modifier >= 4 && precision <= 38 && scale <= precision
                 ? Type::decimal(precision, scale)
                 : Type::float64();
    }
    default: return Type::string();
  }
}

std::string bytes_of_hex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  std::string bytes;
  for (size_t i = 2; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return bytes;
}

class PostgresRows final : public QueryRows {
 public:
  PostgresRows(std::unique_ptr<PostgresConnection> connection, std::string sql)
      : connection_(std::move(connection)), sql_(std::move(sql)) {}

  Result<void> begin() {
    auto described = connection_->describe(sql_);
    if (!described) return fail(described.error());
    for (int c = 0; c < described->columns(); ++c)
      columns_.add(described->column_name(c),
                   type_of_oid(described->column_type(c), described->column_modifier(c)));
    texts_.resize(columns_.size());
    return {};
  }

  const Schema& columns() const override { return columns_; }
  void interrupt() override { connection_->cancel(); }

  // The query runs from the first row on: a bind only looks at its columns.
  Result<bool> next(std::vector<QueryCell>& cells) override {
    if (!started_) {
      started_ = true;
      if (auto r = connection_->start(sql_); !r) return fail(r.error());
    }
    auto next = connection_->next();
    if (!next) return fail(next.error());
    if (!*next) return false;
    row_.emplace(std::move(**next));
    for (size_t c = 0; c < cells.size(); ++c) {
      const int column = static_cast<int>(c);
      cells[c].kind = row_->is_null(0, column) ? QueryCell::Kind::kNull : QueryCell::Kind::kText;
      if (cells[c].kind == QueryCell::Kind::kNull) continue;
      cells[c].text = row_->text(0, column);
      if (columns_[c].type.id == TypeId::kBytes) {
        texts_[c] = bytes_of_hex(cells[c].text);
        cells[c].text = texts_[c];
      } else if (columns_[c].type.id == TypeId::kTimestampLtz && cells[c].text.ends_with("+00")) {
        texts_[c] = std::string(cells[c].text.substr(0, cells[c].text.size() - 3)) + "Z";
        cells[c].text = texts_[c];
      }
    }
    return true;
  }

 private:
  std::unique_ptr<PostgresConnection> connection_;
  std::string sql_;
  Schema columns_;
  bool started_ = false;
  std::optional<PostgresResult> row_;
  std::vector<std::string> texts_;
};

Result<std::unique_ptr<QueryRows>> start_postgres(const std::string& url, const std::string& sql,
                                                  int64_t timeout_us) {
  auto connection = PostgresConnection::open(url, timeout_us);
  if (!connection) return fail(connection.error());
  auto rows = std::make_unique<PostgresRows>(std::move(*connection), sql);
  if (auto r = rows->begin(); !r) return fail(r.error());
  return std::unique_ptr<QueryRows>(std::move(rows));
}

std::vector<OptionDoc> postgres_source_docs() {
  return query_source_docs(option_docs(postgres_source_options()));
}

std::unique_ptr<SourcePlan> bind_postgres_query(const SourceSpec& spec,
                                                const SourceContext& context, Errors& errors) {
  PostgresSourceOptions options;
  const size_t before = errors.size();
  read_options(postgres_source_options(), spec.options, options, errors, "the postgres source",
               {"type", "schema", "event_time"});
  if (options.table.empty() == options.query.empty() && errors.size() == before)
    errors.push_back({ErrorKind::kConfig,
                      "a postgres source has either `table` or `query`",
                      spec.position,
                      "query = \"SELECT ...\"",
                      {}});
  if (errors.size() > before) return nullptr;
  const std::string sql =
      !options.query.empty() ? options.query : "SELECT * FROM " + quoted_table(options.table);
  return bind_query(
      "postgres: " + without_password(options.url),
      [=] { return start_postgres(options.url, sql, options.timeout.us); }, spec, context, errors);
}

}  // namespace

const SourceDescriptor kPostgresSource = {"postgres",
                                          "gives the rows of a table or query of PostgreSQL",
                                          postgres_source_docs, bind_postgres_query};

}  // namespace weir
