#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "../io/test_files.h"
#include "io/folder_name.h"
#include "io/input.h"
#include "sinks/partition_path.h"
#include "table_test.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

std::string parts_sink(const TestFolder& folder, const std::string& name, const std::string& more) {
  return "[sink]\npath = '" + folder.path(name) + "'\n" + more;
}

// The files below the folder, decoded, each "NAME: content without the line ends".
std::string contents(const TestFolder& folder) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path(""))) {
    if (!entry.is_regular_file()) continue;
    const auto peek = peek_file(entry.path().string(), 100'000);
    REQUIRE(peek);
    std::string text = peek->head;
    std::replace(text.begin(), text.end(), '\n', ' ');
    found.push_back(fs::relative(entry.path(), folder.path("")).string() + ": " + text);
  }
  std::sort(found.begin(), found.end());
  std::string all;
  for (const auto& one : found) all += one + "\n";
  return all;
}

// Columns id and name of the shop's rows.
Schema id_and_name() {
  Schema schema;
  schema.add("id", Type::bigint());
  schema.add("name", Type::string());
  return schema;
}
Batch two_column_batch(const std::vector<ShopRow>& rows) {
  Batch batch = shop_batch(rows);
  batch.columns.resize(2);
  batch.kinds.clear();
  return batch;
}

void run_parts(const SinkPlan& plan, const std::vector<ShopRow>& rows) {
  const auto sink = open_table(plan);
  const auto written = sink->write(two_column_batch(rows), {});
  if (!written) FAIL(written.error().message);
  const auto committed = sink->commit();
  if (!committed) FAIL(committed.error().message);
}

TEST_CASE("L1: every text gives a name of its own within one folder, and comes back") {
  std::string long_text(300, 'x');
  const std::vector<std::string> hostile = {"",
                                            ".",
                                            "..",
                                            "../x",
                                            "/etc/passwd",
                                            "a/b",
                                            "a%2Fb",
                                            "%",
                                            "%2E",
                                            std::string("nul\0l", 5),
                                            "\n",
                                            "\x7f",
                                            "a\\b",
                                            "CON",
                                            "nul",
                                            "__NULL__",
                                            "__EMPTY__",
                                            "__",
                                            ".hidden",
                                            "caf\xc3\xa9",
                                            "cafe\xcc\x81",
                                            "\xff",
                                            "~",
                                            "$HOME",
                                            "a*?[b]",
                                            "-rf"};
  std::set<std::string> names = {"__NULL__"};
  for (const auto& text : hostile) {
    const std::string name = folder_name(text);
    CHECK(names.insert(name).second);
    CHECK(name.find('/') == std::string::npos);
    CHECK(name.find('\0') == std::string::npos);
    CHECK(name.front() != '.');
    CHECK(text_of_folder(name) == text);
  }
  const std::string name = folder_name(long_text);
  CHECK(name.size() < 200);
  CHECK(name != folder_name(long_text + "x"));
}

TEST_CASE("parts: rows go to the file of their column and time, each with its header") {
  const TestFolder folder;
  const auto bound = bind_table(parts_sink(folder, "out/%Y-%m-%d/{name}.csv", ""), shop_schema());
  REQUIRE(bound.plan);
  const auto sink = open_table(*bound.plan);
  CHECK(sink->write(shop_batch({{1, "a"}, {2, "b/c"}, {3, "a"}, {4, std::nullopt}}), {}));
  CHECK(contents(folder).find(".csv:") == std::string::npos);  // temporary names
  CHECK(sink->commit());
  CHECK(fs::exists(folder.path("out/2023-11-14/a.csv")));
  CHECK(fs::exists(folder.path("out/2023-11-14/b%2Fc.csv")));
  CHECK(folder.read("out/2023-11-14/__NULL__.csv") ==
        "id,name,price,at,ok,raw\n4,,4.5,2023-11-14 22:13:20.123,TRUE," +
            std::string("\0\xff\n", 3));
  const std::string a = folder.read("out/2023-11-14/a.csv");
  CHECK(std::count(a.begin(), a.end(), '\n') == 3);
}

TEST_CASE("parts: files are finished by rows, and numbered") {
  const TestFolder folder;
  const auto bound =
      bind_table(parts_sink(folder, "a.json", "roll = { count = 2 }\n"), id_and_name());
  REQUIRE(bound.plan);
  run_parts(*bound.plan, {{1, "x"}, {2, "x"}, {3, "x"}, {4, "x"}, {5, "x"}});
  run_parts(*bound.plan, {{6, "x"}});
  CHECK(contents(folder) ==
        "a-1.json: {\"id\":3,\"name\":\"x\"} {\"id\":4,\"name\":\"x\"} \n"
        "a-2.json: {\"id\":5,\"name\":\"x\"} \na-3.json: {\"id\":6,\"name\":\"x\"} \n"
        "a.json: {\"id\":1,\"name\":\"x\"} {\"id\":2,\"name\":\"x\"} \n");
}

TEST_CASE("L8: more partitions than open files, compressed, lose nothing") {
  const TestFolder folder;
  const auto bound =
      bind_table(parts_sink(folder, "{name}.csv.zst", "max_open = 3\n"), id_and_name());
  std::vector<ShopRow> rows;
  for (int i = 0; i < 60; ++i) rows.push_back({i, std::string(1, static_cast<char>('a' + i % 12))});
  const auto sink = open_table(*bound.plan);
  for (int i = 0; i < 60; i += 7) {
    const std::vector<ShopRow> some(rows.begin() + i, rows.begin() + std::min(60, i + 7));
    CHECK(sink->write(two_column_batch(some), {}));
  }
  CHECK(sink->commit());
  CHECK(folder.entries() == 12);
  const auto peek = peek_file(folder.path("c.csv.zst"), 1000);
  CHECK(peek->head == "id,name\n2,c\n14,c\n26,c\n38,c\n50,c\n");
}

TEST_CASE("parts: a run that fails leaves nothing; one file of the name is not replaced unasked") {
  const TestFolder folder;
  const auto bound = bind_table(parts_sink(folder, "{name}.csv", ""), id_and_name());
  {
    const auto sink = open_table(*bound.plan);
    CHECK(sink->write(two_column_batch({{1, "a"}, {2, "b"}}), {}));
    sink->abort();
  }
  CHECK(folder.entries() == 0);
  folder.write("b.csv", "mine");
  const auto sink = open_table(*bound.plan);
  const auto refused = sink->write(two_column_batch({{2, "b"}}), {});
  REQUIRE(!refused);
  CHECK(refused.error().message.ends_with("b.csv exists already"));
  const auto over =
      bind_table(parts_sink(folder, "{name}.csv", "overwrite = true\n"), id_and_name());
  run_parts(*over.plan, {{3, "b"}});
  CHECK(folder.read("b.csv") == "id,name\n3,b\n");
}

TEST_CASE("L2: a folder that is a symbolic link out of the base is refused") {
  const TestFolder folder;
  const TestFolder elsewhere;
  fs::create_directories(folder.path("out"));
  fs::create_symlink(elsewhere.path(""), folder.path("out/evil"));
  const auto bound = bind_table(parts_sink(folder, "out/{name}/a.csv", ""), id_and_name());
  const auto sink = open_table(*bound.plan);
  const auto refused = sink->write(two_column_batch({{1, "evil"}}), {});
  REQUIRE(!refused);
  CHECK(refused.error().message.find("leads out of") != std::string::npos);
  CHECK(elsewhere.entries() == 0);
}

TEST_CASE("parts: a run goes on behind its checkpoint, and finished files never change") {
  const TestFolder folder;
  const auto bound = bind_table(
      parts_sink(folder, "{name}.csv.gz", "roll = { count = 3 }\nmax_open = 1\n"), id_and_name());
  const SinkPlan& plan = *bound.plan;
  const auto go_on = [&](const std::string* position) {
    auto place = position == nullptr ? plan.begin() : plan.find(*position);
    auto sink = plan.resume(*place);
    if (!sink) FAIL(sink.error().message);
    return std::move(*sink);
  };
  std::string position;
  {
    auto sink = go_on(nullptr);
    CHECK(sink->write(two_column_batch({{1, "a"}, {2, "b"}, {3, "a"}}), {}));
    position = *sink->checkpoint();
    CHECK(sink->committed());
    // Rows that the checkpoint does not know: a finished file, a new one, more of an old one.
    CHECK(sink->write(two_column_batch({{4, "a"}, {5, "new"}, {6, "b"}, {7, "a"}}), {}));
  }
  {
    auto sink = go_on(&position);
    CHECK(sink->write(two_column_batch({{4, "a"}, {5, "b"}}), {}));
    position = *sink->checkpoint();
    // Ends before the finished file got its name.
  }
  CHECK(contents(folder).find("\na.csv.gz:") == std::string::npos);
  {
    auto sink = go_on(&position);
    CHECK(contents(folder).find("a.csv.gz: id,name 1,a 3,a 4,a \n") != std::string::npos);
    CHECK(sink->write(two_column_batch({{8, "a"}}), {}));
    position = *sink->checkpoint();
    CHECK(sink->committed());
    CHECK(sink->commit());  // the end of the run
  }
  const std::string all =
      "a-1.csv.gz: id,name 8,a \na.csv.gz: id,name 1,a 3,a 4,a \nb.csv.gz: id,name 2,b 5,b \n";
  CHECK(contents(folder) == all);
  {
    auto sink = go_on(&position);
    CHECK(sink->commit());
  }
  CHECK(contents(folder) == all);
  ::unlink(folder.path("b.csv.gz").c_str());
  const auto place = plan.find(position);
  CHECK(!plan.resume(*place));  // L7
}

TEST_CASE("parts: what is wrong with a path is told") {
  const TestFolder folder;
  const auto message = [&](const std::string& name, const std::string& more) {
    const auto bound = bind_table(parts_sink(folder, name, more), id_and_name());
    return bound.plan ? std::string("ok") : bound.errors.front().message;
  };
  CHECK(message("{nam}.csv", "") == "no column `nam`");
  CHECK(message("{name.csv", "") == "a `{` without its `}`");
  CHECK(message("%q.csv", "") == "no part of a time is `%q`");
  CHECK(message("%Y.csv", "") == "the path has parts of a time, and no column is a TIMESTAMP");
  CHECK(message("{name}.csv", "append = true\n") == "many files are not appended to");
  CHECK(message("{name}.txt", "format = 'table'\n") ==
        "the format `table` cannot be written in many files");
  CHECK(message("a.csv", "roll = { rows = 3 }\n").find("unknown key `rows`") == 0);
}

}  // namespace
}  // namespace weir
