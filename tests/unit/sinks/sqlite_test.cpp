#include "io/sqlite_database.h"

#include "../io/test_files.h"
#include "table_test.h"

namespace weir {
namespace {

std::string sqlite_sink(const std::string& path, const std::string& more) {
  return "[sink]\npath = 'sqlite:" + path + "'\n" + more;
}
constexpr const char* kAppend = "table = 't'\ncreate = true\n";
constexpr const char* kUpsert = "table = 't'\ncreate = true\nmode = 'upsert'\nkey = 'id'\n";

// All rows, values separated by |, rows by newlines.
std::string ask(const std::string& path, const std::string& sql) {
  auto database = SqliteDatabase::open(path, SqliteDatabase::Access::kRead, 0);
  if (!database) FAIL(database.error().message);
  auto query = (*database)->prepare(sql);
  if (!query) FAIL(query.error().message);
  std::string text;
  for (;;) {
    const auto row = (*query)->step();
    if (!row) FAIL(row.error().message);
    if (!*row) return text;
    for (int c = 0; c < (*query)->columns(); ++c) {
      if (c > 0) text += '|';
      text += (*query)->type(c) == SqliteType::kNull ? "NULL" : (*query)->text(c);
    }
    text += '\n';
  }
}

void tell(const std::string& path, const std::string& sql) {
  auto database = SqliteDatabase::open(path, SqliteDatabase::Access::kWrite, 0);
  REQUIRE(database);
  const auto done = (*database)->execute(sql);
  if (!done) FAIL(done.error().message);
}

TEST_CASE("sqlite: create makes a table whose columns keep the values") {
  const TestFolder folder;
  const std::string path = folder.path("a.db");
  const auto bound = bind_table(sqlite_sink(path, kAppend), shop_schema());
  REQUIRE(bound.plan);
  CHECK(bound.plan->explain() == "sqlite: sqlite:" + path + ", append to t");
  write_table(*bound.plan, {{7, "x"}, {8, std::nullopt}});
  CHECK(ask(path, "SELECT id, name, price, at, ok, hex(raw) FROM t") ==
        "7|x|7.5|2023-11-14 22:13:20.123|1|00FF\n8|NULL|8.5|2023-11-14 22:13:20.123|1|00FF\n");
  CHECK(ask(path, "SELECT typeof(id), typeof(price), typeof(at), typeof(raw) FROM t LIMIT 1") ==
        "integer|real|text|blob\n");
  write_table(*bound.plan, {{9, "y"}});
  CHECK(ask(path, "SELECT count(*) FROM t") == "3\n");
}

TEST_CASE("sqlite K1: hostile values are stored byte for byte") {
  const TestFolder folder;
  const std::string path = folder.path("a.db");
  const auto bound = bind_table(sqlite_sink(path, kAppend), shop_schema());
  const std::vector<std::string> hostile = {"",
                                            "'; DROP TABLE t; --",
                                            "\"",
                                            "a\nb\r\n",
                                            std::string("nul\0l", 5),
                                            "\xff\xfe",
                                            "NULL",
                                            "?1",
                                            std::string(3 << 20, 'x')};
  std::vector<ShopRow> rows;
  for (size_t i = 0; i < hostile.size(); ++i) rows.push_back({static_cast<int64_t>(i), hostile[i]});
  write_table(*bound.plan, rows);
  auto database = SqliteDatabase::open(path, SqliteDatabase::Access::kRead, 0);
  auto query = (*database)->prepare("SELECT name FROM t ORDER BY id");
  for (const auto& text : hostile) {
    REQUIRE((*query)->step().value_or(false));
    CHECK((*query)->text(0) == text);
  }
}

TEST_CASE("sqlite K2: names of tables and columns are quoted") {
  const TestFolder folder;
  const std::string path = folder.path("a.db");
  Schema schema;
  schema.add("sel\"ect\"; --", Type::bigint());
  schema.add("order", Type::bigint());
  const auto bound = bind_table(
      sqlite_sink(path,
                  "table = 'a\"b; DROP TABLE x'\ncreate = true\nmode = 'upsert'\nkey = 'order'"),
      schema);
  REQUIRE(bound.plan);
  Batch batch;
  batch.rows = 1;
  batch.columns = {make_column(Type::bigint()), make_column(Type::bigint())};
  for (auto& column : batch.columns) column->push<int64_t>(5);
  const auto sink = open_table(*bound.plan);
  CHECK(sink->write(batch, {}));
  CHECK(sink->commit());
  CHECK(ask(path, "SELECT \"sel\"\"ect\"\"; --\", \"order\" FROM \"a\"\"b; DROP TABLE x\"") ==
        "5|5\n");
}

TEST_CASE("sqlite: an upsert keeps the newest row of a key and follows deletions") {
  const TestFolder folder;
  const std::string path = folder.path("a.db");
  const auto bound = bind_table(sqlite_sink(path, kUpsert), shop_schema());
  write_table(*bound.plan, {{1, "a"},
                            {2, "b"},
                            {1, "a", RowKind::kUpdateBefore},
                            {1, "A", RowKind::kUpdateAfter},
                            {2, "b", RowKind::kDelete},
                            {3, "c"}});
  CHECK(ask(path, "SELECT id, name FROM t ORDER BY id") == "1|A\n3|c\n");
  write_table(*bound.plan, {{3, "again"}});
  CHECK(ask(path, "SELECT id, name FROM t ORDER BY id") == "1|A\n3|again\n");
}

TEST_CASE("sqlite: a changelog keeps every change and its kind; append refuses updates") {
  const TestFolder folder;
  const std::string path = folder.path("a.db");
  const auto bound = bind_table(
      sqlite_sink(path, "table = 't'\ncreate = true\nmode = 'changelog'\n"), shop_schema());
  write_table(*bound.plan, {{1, "a"},
                            {1, "a", RowKind::kUpdateBefore},
                            {1, "b", RowKind::kUpdateAfter},
                            {1, "b", RowKind::kDelete}});
  CHECK(ask(path, "SELECT op, name FROM t") == "+I|a\n-U|a\n+U|b\n-D|b\n");

  const auto append = bind_table(sqlite_sink(path, kAppend), shop_schema());
  const auto sink = open_table(*append.plan);
  const auto refused = sink->write(shop_batch({{1, "a", RowKind::kDelete}}), {});
  REQUIRE(!refused);
  CHECK(refused.error().message.find("-D") != std::string::npos);
}

TEST_CASE("sqlite K8: a refused row fails its whole transaction, or is set aside") {
  const TestFolder folder;
  const std::string path = folder.path("a.db");
  tell(path, "CREATE TABLE t (id INTEGER UNIQUE, name TEXT NOT NULL, price, at, ok, raw)");
  const auto strict = bind_table(sqlite_sink(path, "table = 't'\n"), shop_schema());
  const auto sink = open_table(*strict.plan);
  CHECK(sink->write(shop_batch({{1, "a"}, {1, "b"}}), {}));
  const auto failed = sink->commit();
  REQUIRE(!failed);
  CHECK(failed.error().kind == ErrorKind::kData);
  CHECK(failed.error().message.find(
            "UNIQUE constraint failed: t.id\n  row: {\"id\":1,\"name\":\"b\"") !=
        std::string::npos);
  CHECK(ask(path, "SELECT count(*) FROM t") == "0\n");

  SinkContext context;
  context.keep_refused = true;
  const auto lenient = bind_table(sqlite_sink(path, "table = 't'\n"), shop_schema(), context);
  const auto second = open_table(*lenient.plan);
  CHECK(second->write(shop_batch({{1, "a"}, {1, "b"}, {2, std::nullopt}, {3, "c"}}), {}));
  CHECK(second->commit());
  const auto refused = second->take_refused();
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].reason == "UNIQUE constraint failed: t.id");
  CHECK(refused[1].reason == "NOT NULL constraint failed: t.name");
  CHECK(ask(path, "SELECT id, name FROM t") == "1|a\n3|c\n");
}

TEST_CASE("sqlite K4: a locked database is waited for, at most the timeout") {
  const TestFolder folder;
  const std::string path = folder.path("a.db");
  const auto bound =
      bind_table(sqlite_sink(path, std::string(kAppend) + "timeout = '50ms'\n"), shop_schema());
  write_table(*bound.plan, {{1, "a"}});
  auto other = SqliteDatabase::open(path, SqliteDatabase::Access::kWrite, 0);
  REQUIRE((*other)->execute("BEGIN IMMEDIATE"));
  const auto sink = open_table(*bound.plan);
  CHECK(sink->write(shop_batch({{2, "b"}}), {}));
  const auto failed = sink->commit();
  REQUIRE(!failed);
  CHECK(failed.error().kind == ErrorKind::kIo);
  CHECK(failed.error().message.find("locked") != std::string::npos);
  REQUIRE((*other)->execute("ROLLBACK"));
  write_table(*bound.plan, {{2, "b"}});
  CHECK(ask(path, "SELECT count(*) FROM t") == "2\n");
}

TEST_CASE("sqlite K5 K10: a file, table or column that is not right is told") {
  const TestFolder folder;
  const auto message = [&](const std::string& path, const std::string& more) {
    const auto bound = bind_table(sqlite_sink(path, more), shop_schema());
    if (!bound.plan) return bound.errors.front().message;
    const auto sink = bound.plan->open();
    return sink ? std::string("ok") : sink.error().message;
  };
  const std::string path = folder.path("a.db");
  CHECK(message(path, "table = 't'\n") == path + ": no such table: t");
  tell(path, "CREATE TABLE t (id INTEGER, name TEXT, price REAL, at TEXT, ok INTEGER)");
  CHECK(message(path, "table = 't'\n") == path + ": the table t has no column `raw`");
  tell(path, "ALTER TABLE t ADD raw");
  CHECK(message(path, "table = 't'\n") == "ok");
  CHECK(message(path, "table = 't'\nmode = 'upsert'\nkey = 'id'\n").find("ON CONFLICT") !=
        std::string::npos);
  CHECK(message(folder.write("text", std::string(5000, 'x')), "table = 't'\n")
            .find("not a database") != std::string::npos);
  CHECK(message(folder.path("no/such/folder.db"), "table = 't'\n").find("unable to open") !=
        std::string::npos);
  CHECK(message(path, "table = 't'\nmode = 'upsert'\n") ==
        "an upsert needs the columns that name a row");
  CHECK(message(path, "table = 't'\nmode = 'upsert'\nkey = 'ix'\n") == "no column `ix`");
}

// A run with checkpoints, stopped at any point of one.
class Staged {
 public:
  Staged(const SinkPlan& plan, const std::string* position) {
    auto place = position == nullptr ? plan.begin() : plan.find(*position);
    if (!place) FAIL(place.error().message);
    auto sink = plan.resume(*place);
    if (!sink) FAIL(sink.error().message);
    sink_ = std::move(*sink);
  }
  std::string checkpoint(const std::vector<ShopRow>& rows) {
    if (!rows.empty()) CHECK(sink_->write(shop_batch(rows), {}));
    auto position = sink_->checkpoint();
    REQUIRE(position);
    return *position;
  }
  void commit() { CHECK(sink_->committed()); }
  Sink& sink() { return *sink_; }

 private:
  std::unique_ptr<Sink> sink_;
};

TEST_CASE("sqlite: rows of a checkpoint are applied once wherever a run ends") {
  const TestFolder folder;
  const std::string path = folder.path("a.db");
  const auto bound = bind_table(sqlite_sink(path, kAppend), shop_schema());
  const SinkPlan& plan = *bound.plan;
  const auto names = [&] { return ask(path, "SELECT group_concat(name, '') FROM t"); };
  std::string first;
  std::string second;
  {
    Staged run(plan, nullptr);
    first = run.checkpoint({{1, "a"}, {2, "b"}});
    CHECK(ask(path, "SELECT count(*) FROM t") == "0\n");
    run.commit();
    CHECK(names() == "ab\n");
    second = run.checkpoint({{3, "c"}});
    // Ends before it is applied.
  }
  {
    // The second checkpoint never came to the disk: its rows come again.
    Staged run(plan, &first);
    CHECK(names() == "ab\n");
    CHECK(run.checkpoint({{3, "c"}}) == second);
  }
  {
    Staged run(plan, &second);
    CHECK(names() == "abc\n");
  }
  {
    Staged run(plan, &second);  // ended once more before the next
    CHECK(names() == "abc\n");
    CHECK(run.checkpoint({}).starts_with("2 "));  // A11: nothing new, nothing done
    run.commit();
    const std::string third = run.checkpoint({{4, "d"}});
    CHECK(third.starts_with("3 "));
    run.commit();
    CHECK(names() == "abcd\n");
    second = third;
  }
  // M9, K11: the folder or the database is from another time.
  const auto begun = plan.begin();
  REQUIRE(!begun);
  CHECK(begun.error().kind == ErrorKind::kState);
  const auto older = plan.find(first);
  REQUIRE(!older);
  CHECK(older.error().message.find(
            "at checkpoint 3 of this pipeline, the checkpoint folder at 1") != std::string::npos);
  tell(path, "DELETE FROM weir_checkpoints");
  CHECK(!plan.find(second));
  CHECK(plan.begin_anew());
}

TEST_CASE("sqlite: of two runs with one state only one writes") {
  const TestFolder folder;
  const auto bound = bind_table(sqlite_sink(folder.path("a.db"), kAppend), shop_schema());
  Staged first(*bound.plan, nullptr);
  Staged second(*bound.plan, nullptr);
  first.checkpoint({{1, "a"}});
  second.checkpoint({{1, "a"}});
  first.commit();
  const auto late = second.sink().committed();
  REQUIRE(!late);
  CHECK(late.error().kind == ErrorKind::kState);
  CHECK(ask(folder.path("a.db"), "SELECT count(*) FROM t") == "1\n");
}

}  // namespace
}  // namespace weir
