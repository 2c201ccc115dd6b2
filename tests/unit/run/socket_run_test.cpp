// Pipelines whose source is a socket: each connection has a watermark of its own; metrics while it runs.
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "../io/test_files.h"
#include "io/socket_address.h"
#include "plan/plan.h"
#include "run/metrics.h"
#include "run/run.h"

namespace weir {
namespace {

// Free a moment ago.
uint16_t free_port() {
  auto fd = listen_at(SocketAddress{}, 1);
  REQUIRE(fd);
  return bound_port(fd->get());
}

class SocketRun {
 public:
  SocketRun(uint16_t port, const std::string& toml) {
    address_.port = port;
    PipelineText text;
    text.fragments = {"[source]\ntype = 'tcp'\nurl = 'tcp:" + std::to_string(port) +
                      "'\nuntil_closed = true\nformat = 'json'\n"
                      "schema = { t = 'TIMESTAMP(3)', who = 'STRING' }\n" +
                      toml};
    const auto spec = read_pipeline(text);
    if (!spec) FAIL(format_error(spec.error().front()));
    PlanContext context;
    context.usable_cores = 2;
    auto plan = make_plan(*spec, context);
    if (!plan) FAIL(format_error(plan.error().front()));
    plan_ = std::move(*plan);
    thread_ = std::thread([this] { result_ = run_plan(*plan_, {}); });
  }
  RunResult finish() {
    thread_.join();
    if (result_.error) FAIL(result_.error->message);
    return result_;
  }
  Descriptor connect() const {
    for (int i = 0; i < 500; ++i) {
      auto fd = connect_to(address_, 1'000'000, -1);
      if (fd) return std::move(*fd);
      ::usleep(10'000);
    }
    FAIL("nobody listens");
    return {};
  }
  // A row, and time for it to arrive.
  static void send(const Descriptor& peer, const std::string& who, int second) {
    char line[100];
    const int n =
        std::snprintf(line, sizeof line, "{\"t\":\"2024-01-31 10:%02d:%02d\",\"who\":\"%s\"}\n",
                      second / 60, second % 60, who.c_str());
    REQUIRE(::send(peer.get(), line, static_cast<size_t>(n), 0) == n);
    ::usleep(50'000);
  }

 private:
  SocketAddress address_;
  std::unique_ptr<Plan> plan_;
  std::thread thread_;
  RunResult result_;
};

TEST_CASE("a connection that is behind holds the watermark, until it is closed") {
  const TestFolder folder;
  SocketRun run(free_port(),
                "event_time = 't'\n[window]\ntype = 'tumbling'\nsize = '10s'\n"
                "aggregate = { n = 'COUNT(*)' }\n[sink]\nformat = 'csv'\npath = '" +
                    folder.path("out.csv") + "'\n");
  Descriptor fast = run.connect();
  Descriptor slow = run.connect();
  SocketRun::send(fast, "fast", 1);
  SocketRun::send(slow, "slow", 1);
  SocketRun::send(fast, "fast", 100);
  SocketRun::send(slow, "slow", 5);  // in time: its own connection has only come to 1
  slow.close();
  ::usleep(100'000);
  SocketRun::send(fast, "fast", 101);
  SocketRun::send(fast, "fast", 6);  // late by its own time
  fast.close();
  const RunResult result = run.finish();
  CHECK(result.stats.late == 1);
  CHECK(result.stats.sources[0].summary == "2 connections");
  CHECK(folder.read("out.csv") ==
        "window_start,window_end,n\n"
        "2024-01-31 10:00:00.000,2024-01-31 10:00:10.000,3\n"
        "2024-01-31 10:01:40.000,2024-01-31 10:01:50.000,2\n");
}

TEST_CASE("metrics: what was posted, as Prometheus reads it") {
  MetricsBoard board;
  CHECK(board.is_due());
  RunStats stats;
  stats.records_in = 7;
  SourceStats source;
  source.name = "in \"x\"";
  source.records = 7;
  source.has_event_time = true;
  source.watermark = 1'500'000;
  stats.sources.push_back(source);
  board.post(stats);
  CHECK(!board.is_due());
  const std::string text = board.text();
  CHECK(text.starts_with(
      "# HELP weir_records_in_total Records read.\n# TYPE weir_records_in_total counter\n"
      "weir_records_in_total 7\n"));
  CHECK(text.find("weir_source_watermark_seconds{source=\"in \\\"x\\\"\"} 1.5\n") !=
        std::string::npos);
}

}  // namespace
}  // namespace weir
