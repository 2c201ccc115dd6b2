// The kafka source and sink against librdkafka's mock cluster: outages and error codes, but no transactions (the
// mock ignores them; tests/integration/kafka.sh has a real broker).
// Not under the thread sanitizer: librdkafka begins its threads by thrd_create, which it does not know.
#ifndef __SANITIZE_THREAD__
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <catch2/catch.hpp>
#include <thread>

#include "../io/test_files.h"
#include "io/kafka_client.h"
#include "plan/plan.h"
#include "run/run.h"

namespace weir {
namespace {

class MockCluster {
 public:
  MockCluster() {
    char text[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    cluster_ = rd_kafka_mock_cluster_new(client_, 1);
    rd_kafka_mock_topic_create(cluster_, "words", 3, 1);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void down() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void up() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  void add_topic(const char* name) { rd_kafka_mock_topic_create(cluster_, name, 1, 1); }
  void fail_next(int16_t request, rd_kafka_resp_err_t error, size_t times) {
    for (size_t i = 0; i < times; ++i)
      rd_kafka_mock_push_request_errors(cluster_, request, 1, error);
  }

 private:
  rd_kafka_t* client_;
  rd_kafka_mock_cluster_t* cluster_;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

RunResult run_toml(const std::string& toml, const std::atomic<int>* stop = nullptr) {
  PipelineText text;
  text.fragments = {toml};
  const auto spec = read_pipeline(text);
  if (!spec) FAIL(format_error(spec.error().front()));
  PlanContext context;
  context.usable_cores = 2;
  const auto plan = make_plan(*spec, context);
  if (!plan) FAIL(format_error(plan.error().front()));
  RunOptions options;
  options.stop_signal = stop;
  return run_plan(**plan, options);
}

void must(const RunResult& result) {
  if (result.error) FAIL(result.error->message);
  CHECK(result.exit_code == 0);
}

struct Fixture {
  MockCluster cluster;
  TestFolder folder;

  std::string with_places(std::string toml) const {
    toml = replaced(std::move(toml), "BROKERS", cluster.brokers());
    return replaced(std::move(toml), "FOLDER", folder.path(""));
  }
  // Writes rows [id, word].
  void send(const std::string& rows, const std::string& more = {}) const {
    must(run_toml(with_places("[source]\ntype = 'collection'\nrows = " + rows +
                              "\nschema = { id = 'BIGINT', word = 'STRING' }\n"
                              "[sink]\ntype = 'kafka'\nbrokers = 'BROKERS'\ntopic = 'words'\n" +
                              more)));
  }
  std::string read(const std::string& more = {}, const std::string& columns = {}) const {
    must(run_toml(with_places(
        "[source]\ntype = 'kafka'\nbrokers = 'BROKERS'\ntopic = 'words'\nbounded = true\n"
        "schema = { id = 'BIGINT', word = 'STRING' }\n" +
        more + "\n[[transform]]\nop = 'sort'\nby = 'id'\n" + columns +
        "[sink]\npath = 'FOLDER/out.json'\noverwrite = true\n")));
    return folder.read("out.json");
  }
};

TEST_CASE_METHOD(Fixture, "kafka: what is written is read, keys and places too") {
  send("[[1, 'a'], [2, 'b'], [3, 'c']]", "key = 'word'\n");
  CHECK(read() ==
        "{\"id\":1,\"word\":\"a\"}\n{\"id\":2,\"word\":\"b\"}\n{\"id\":3,\"word\":\"c\"}\n");
  const std::string text =
      read("columns = ['key', 'topic', 'partition', 'offset', 'timestamp']\n",
           "[[transform]]\nop = 'map'\ncolumns = { k = 'key', t = 'topic', o = 'offset >= 0', "
           "p = '`partition` >= 0', w = '`timestamp` IS NOT NULL' }\n");
  CHECK(text.starts_with("{\"k\":\"a\",\"t\":\"words\",\"o\":true,\"p\":true,\"w\":true}\n"));
}

TEST_CASE_METHOD(
    Fixture, "kafka: several key columns are a JSON object, an upsert's deletion is a tombstone") {
  send("[[1, 'a'], [2, 'b']]", "key = ['id', 'word']\nmode = 'upsert'\n");
  const std::string text = read("columns = ['key']\n");
  CHECK(text.starts_with(
      "{\"id\":1,\"word\":\"a\",\"key\":\"{\\\"id\\\":1,\\\"word\\\":\\\"a\\\"}\"}\n"));
}

TEST_CASE_METHOD(Fixture, "J11: a message without a value or that is no row is a bad record") {
  KafkaOptions options;
  options.brokers = cluster.brokers();
  auto producer = KafkaProducer::open(options);
  REQUIRE(producer);
  CHECK((*producer)->produce("words", "gone", std::nullopt, 0));
  CHECK((*producer)->produce("words", std::nullopt, "{\"id\":", 1));
  CHECK((*producer)->produce("words", std::nullopt, "{\n\"id\":7,\n\"word\":\"w\"}", 2));
  CHECK((*producer)->produce("words", std::nullopt, "", 3));
  REQUIRE((*producer)->flush());
  const auto result = run_toml(with_places(
      "on_error = 'skip'\n[source]\ntype = 'kafka'\nbrokers = 'BROKERS'\ntopic = 'words'\n"
      "bounded = true\nschema = { id = 'BIGINT', word = 'STRING' }\n"
      "[sink]\npath = 'FOLDER/out.json'\n"));
  must(result);
  CHECK(folder.read("out.json") == "{\"id\":7,\"word\":\"w\"}\n");
  CHECK(result.stats.bad >= 2);
  CHECK(result.stats.records_in == 4);
}

TEST_CASE_METHOD(Fixture, "J11: a message that is too large is refused alone") {
  const auto result = run_toml(with_places(
      "on_error = 'skip'\n[source]\ntype = 'collection'\nrows = [[1, 'a'], [2, 'b'], [3, 'c']]\n"
      "schema = { id = 'BIGINT', word = 'STRING' }\n[[transform]]\nop = 'map'\n"
      "columns = { id = 'id', word = 'CASE WHEN id = 2 THEN REPEAT(word, 2000000) ELSE word END' "
      "}\n"
      "[sink]\ntype = 'kafka'\nbrokers = 'BROKERS'\ntopic = 'words'\n"));
  must(result);
  CHECK(result.stats.bad == 1);
  CHECK(read() == "{\"id\":1,\"word\":\"a\"}\n{\"id\":3,\"word\":\"c\"}\n");
}

TEST_CASE_METHOD(Fixture,
                 "kafka: checkpoints go on where they stopped, and see what has come since") {
  const auto step = [&] {
    must(run_toml(with_places(
        "name = 'steps'\n[source]\ntype = 'kafka'\nbrokers = 'BROKERS'\ntopic = 'words'\n"
        "bounded = true\nschema = { id = 'BIGINT', word = 'STRING' }\n"
        "[sink]\npath = 'FOLDER/steps.json'\n[checkpoint]\ndir = 'FOLDER/state'\n")));
    std::string text = folder.read("steps.json");
    return std::count(text.begin(), text.end(), '\n');
  };
  send("[[1, 'a'], [2, 'b'], [3, 'c']]");
  CHECK(step() == 3);
  CHECK(step() == 3);
  send("[[4, 'd'], [5, 'e']]");
  CHECK(step() == 5);
}

TEST_CASE_METHOD(Fixture, "J1: brokers that go and come are waited for; for good, the run ends") {
  send("[[1, 'a']]");
  std::thread back([&] {
    cluster.down();
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    cluster.up();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  send("[[2, 'b']]", "timeout = '20s'\n");
  back.join();
  CHECK(read() == "{\"id\":1,\"word\":\"a\"}\n{\"id\":2,\"word\":\"b\"}\n");
  cluster.down();
  const auto result = run_toml(
      with_places("[source]\ntype = 'kafka'\nbrokers = 'BROKERS'\ntopic = 'words'\nbounded = true\n"
                  "timeout = '500ms'\nschema = { id = 'BIGINT' }\n[sink]\ntype = 'blackhole'\n"));
  REQUIRE(result.error);
  CHECK(result.exit_code == 1);
  cluster.up();
}

TEST_CASE_METHOD(Fixture, "J2: errors that pass are tried again, and nothing comes twice") {
  cluster.fail_next(0, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 3);  // Produce
  send("[[1, 'a'], [2, 'b']]");
  cluster.fail_next(1, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 3);  // Fetch
  CHECK(read() == "{\"id\":1,\"word\":\"a\"}\n{\"id\":2,\"word\":\"b\"}\n");
}

TEST_CASE_METHOD(Fixture,
                 "J5: offsets that are not there are an error, or a gap that is asked for") {
  send("[[1, 'a']]");
  KafkaOptions options;
  options.brokers = cluster.brokers();
  const std::string pipeline =
      "name = 'gap'\n[source]\ntype = 'kafka'\nbrokers = 'BROKERS'\ntopic = 'words'\n"
      "bounded = true\nschema = { id = 'BIGINT', word = 'STRING' }\nMORE"
      "[sink]\npath = 'FOLDER/gap.json'\n[checkpoint]\ndir = 'FOLDER/gap'\n";
  must(run_toml(with_places(replaced(pipeline, "MORE", ""))));
  // Another cluster: its topic is shorter than the checkpoint knows.
  const MockCluster other;
  const std::string elsewhere = replaced(pipeline, "BROKERS", other.brokers());
  const auto result = run_toml(with_places(replaced(elsewhere, "MORE", "")));
  REQUIRE(result.error);
  CHECK(result.exit_code == 4);
  CHECK(result.error->message.find("the checkpoint goes on at 1") != std::string::npos);
  must(run_toml(with_places(replaced(elsewhere, "MORE", "on_gap = 'earliest'\n"))));
}

TEST_CASE_METHOD(Fixture, "J12: what is wrong with a property is told without its value") {
  PipelineText text;
  text.fragments = {with_places(
      "[source]\ntype = 'kafka'\nbrokers = 'BROKERS'\ntopic = 'words'\nschema = { id = 'BIGINT' }\n"
      "properties = { 'sasl.passwort' = 'hush' }\n[sink]\ntype = 'blackhole'\n")};
  const auto result = run_toml(text.fragments[0]);
  REQUIRE(result.error);
  CHECK(result.error->message.find("sasl.passwort") != std::string::npos);
  CHECK(result.error->message.find("hush") == std::string::npos);
}

}  // namespace
}  // namespace weir

#endif
