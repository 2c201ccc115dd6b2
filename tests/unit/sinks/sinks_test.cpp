#include "sinks/sink.h"

#include <fcntl.h>
#include <unistd.h>

#include "../io/test_files.h"
#include "config/spec.h"
#include "io/input.h"

namespace weir {
namespace {

struct BoundSink {
  std::unique_ptr<SinkPlan> plan;
  Errors errors;
};

Schema two_columns() {
  Schema schema;
  schema.add("a", Type::bigint());
  schema.add("b", Type::string());
  return schema;
}

BoundSink bind_sink(const std::string& toml, SinkContext context = {}) {
  PipelineText text;
  text.fragments = {toml};
  const auto spec = read_pipeline(text);
  if (!spec) FAIL(spec.error().front().message);
  const SinkSpec& sink = spec->sinks.front();
  const SinkDescriptor* descriptor = find_sink(sink.kind);
  REQUIRE(descriptor != nullptr);
  BoundSink bound;
  bound.plan = descriptor->bind(sink, two_columns(), context, bound.errors);
  CHECK((bound.plan != nullptr) == bound.errors.empty());
  return bound;
}

std::string file_sink(const std::string& path, const std::string& more = {}) {
  return "[sink]\ntype = 'file'\npath = '" + path + "'\n" + more;
}

// Encodes two rows and writes them.
void run_sink(const SinkPlan& plan) {
  Batch batch;
  batch.rows = 2;
  batch.columns = {make_column(Type::bigint()), make_column(Type::string())};
  for (const int64_t i : {1, 2}) {
    batch.columns[0]->push(i);
    batch.columns[1]->push(StringRef("xy", 2));
  }
  auto sink = plan.open();
  if (!sink) FAIL(sink.error().message);
  std::string text;
  if (plan.format() != nullptr) {
    const auto encoder = plan.format()->make_encoder(two_columns(), plan.encode_options());
    REQUIRE(encoder);
    encoder->begin(text);
    encoder->encode(batch, text);
    encoder->end(text);
  }
  CHECK((*sink)->write(batch, text));
  CHECK((*sink)->flush());
  CHECK((*sink)->commit());
}

std::string decoded(const std::string& path) {
  const auto peek = peek_file(path, 10000);
  REQUIRE(peek);
  return peek->head;
}

constexpr const char* kJson = "{\"a\":1,\"b\":\"xy\"}\n{\"a\":2,\"b\":\"xy\"}\n";

TEST_CASE("a file sink chooses format and compression by the path's end") {
  const TestFolder folder;
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"out", kJson},
                                                        {"out.json", kJson},
                                                        {"out.json.gz", kJson},
                                                        {"out.zst", kJson},
                                                        {"out.json.bz2", kJson},
                                                        {"out.json.xz", kJson},
                                                        {"out.csv", "a,b\n1,xy\n2,xy\n"},
                                                        {"out.tsv.gz", "a\tb\n1\txy\n2\txy\n"}}) {
    INFO(name);
    const auto bound = bind_sink(file_sink(folder.path(name)));
    REQUIRE(bound.plan);
    run_sink(*bound.plan);
    CHECK(decoded(folder.path(name)) == text);
    CHECK(detect_compression(folder.read(name)) == compression_of_path(name));
  }
  const auto bound = bind_sink(file_sink(
      folder.path("x.json"), "compression = 'zstd'\nlevel = 19\nthreads = 1\nformat = 'csv'"));
  REQUIRE(bound.plan);
  CHECK(bound.plan->explain() == "file: " + folder.path("x.json") + ", csv, zstd");
  run_sink(*bound.plan);
  CHECK(decoded(folder.path("x.json")) == "a,b\n1,xy\n2,xy\n");
}

TEST_CASE("existing files: refused, overwritten, appended to") {
  const TestFolder folder;
  const std::string path = folder.write("out.json", "old\n");
  auto bound = bind_sink(file_sink(path));
  REQUIRE(bound.plan);
  const auto refused = bound.plan->open();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().hint.find("overwrite = true") != std::string::npos);
  bound = bind_sink(file_sink(path, "append = true"));
  REQUIRE(bound.plan);
  run_sink(*bound.plan);
  CHECK(folder.read("out.json") == std::string("old\n") + kJson);
  bound = bind_sink(file_sink(path, "overwrite = true"));
  REQUIRE(bound.plan);
  run_sink(*bound.plan);
  CHECK(folder.read("out.json") == kJson);
}

TEST_CASE("an aborted run leaves no file") {
  const TestFolder folder;
  const auto bound = bind_sink(file_sink(folder.path("out.json.gz")));
  auto sink = bound.plan->open();
  REQUIRE(sink);
  CHECK((*sink)->write({}, "text"));
  CHECK((*sink)->flush());
  (*sink)->abort();
  CHECK(folder.entries() == 0);
}

TEST_CASE("an input is not written over, also under another name") {
  const TestFolder folder;
  const std::string path = folder.write("in.json", "x");
  std::filesystem::create_hard_link(path, folder.path("other.json"));
  SinkContext context;
  context.input_paths = {folder.path("none"), path};
  for (const std::string name : {"in.json", "other.json"}) {
    const auto bound = bind_sink(file_sink(folder.path(name), "overwrite = true"), context);
    REQUIRE(bound.errors.size() == 1);
    CHECK(bound.errors.front().message.find("is also an input") != std::string::npos);
    CHECK(bound.errors.front().position.line == 3);
  }
  CHECK(bind_sink(file_sink(folder.path("new.json")), context).plan);
}

TEST_CASE("wrong options of a file sink") {
  const auto message = [](const std::string& more) {
    const auto bound = bind_sink(file_sink("/tmp/none.json", more));
    REQUIRE_FALSE(bound.errors.empty());
    return bound.errors.front().message;
  };
  CHECK(message("overwrite = true\nappend = true") == "either `overwrite` or `append`, not both");
  CHECK(message("level = 3") == "a level without compression");
  CHECK(message("compression = 'gzip'\nlevel = 12") == "gzip has no level 12");
  CHECK(message("compression = 'gzip'\nthreads = 2") ==
        "only zstd compresses with threads, not gzip");
  CHECK(message("format = 'grok'") == "the format `grok` can only be read");
  CHECK(message("format = 'jsn'") == "no format `jsn`");
  CHECK(bind_sink(file_sink("")).errors.size() == 1);
  CHECK_FALSE(bind_sink("[sink]\ntype = 'file'").plan);
}

TEST_CASE("full and special files") {
  auto bound = bind_sink(file_sink("/dev/null"));
  REQUIRE(bound.plan);
  run_sink(*bound.plan);
  bound = bind_sink(file_sink("/dev/full"));
  REQUIRE(bound.plan);
  auto sink = bound.plan->open();
  REQUIRE(sink);
  CHECK((*sink)->write({}, "text"));
  const auto flushed = (*sink)->flush();
  REQUIRE_FALSE(flushed);
  CHECK(flushed.error().kind == ErrorKind::kDiskFull);
}

// Collects what is written to descriptor 1.
std::string captured_stdout(const std::string& toml) {
  const TestFolder folder;
  const int saved = ::dup(1);
  const int fd = ::open(folder.path("stdout").c_str(), O_CREAT | O_RDWR, 0600);
  ::dup2(fd, 1);
  ::close(fd);
  const auto bound = bind_sink(toml);
  if (bound.plan) run_sink(*bound.plan);
  ::dup2(saved, 1);
  ::close(saved);
  REQUIRE(bound.plan);
  return folder.read("stdout");
}

TEST_CASE("stdout writes json to a file or pipe, or what is asked for") {
  CHECK(captured_stdout("[sink]\ntype = 'stdout'") == kJson);
  CHECK(captured_stdout("[sink]\ntype = 'stdout'\nformat = 'csv'") == "a,b\n1,xy\n2,xy\n");
  CHECK(captured_stdout(file_sink("-")) == kJson);
  CHECK(captured_stdout(file_sink("/dev/stdout")) == kJson);
}

TEST_CASE("print writes rows as Flink does") {
  CHECK(captured_stdout("[sink]\ntype = 'print'") == "+I[1, xy]\n+I[2, xy]\n");
  CHECK_FALSE(bind_sink("[sink]\ntype = 'print'\nformat = 'csv'").plan);
}

TEST_CASE("a closed stdout is an error with its name") {
  const auto bound = bind_sink("[sink]\ntype = 'stdout'\nformat = 'json'");
  REQUIRE(bound.plan);
  const int saved = ::dup(1);
  ::close(1);
  const auto sink = bound.plan->open();
  ::dup2(saved, 1);
  ::close(saved);
  REQUIRE_FALSE(sink);
  CHECK(sink.error().message.find("stdout") != std::string::npos);
}

TEST_CASE("blackhole takes batches without columns") {
  const auto bound = bind_sink("[sink]\ntype = 'blackhole'");
  REQUIRE(bound.plan);
  CHECK(bound.plan->format() == nullptr);
  CHECK_FALSE(bound.plan->needs_columns());
  run_sink(*bound.plan);
}

TEST_CASE("every sink is listed once") {
  for (const SinkDescriptor* sink : sinks()) {
    CHECK(find_sink(sink->name) == sink);
    CHECK_FALSE(sink->doc.empty());
  }
  CHECK(find_sink("sqlte") == nullptr);
}

}  // namespace
}  // namespace weir
