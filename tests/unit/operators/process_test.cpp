// process: timers, time to live and snapshots, with times and clocks told by hand.

#include "process_machine.h"

namespace weir {

namespace {

const std::string kCountThenExpire = R"toml(
key_by = ["k"]
[transform.state.n]
type = "BIGINT"
default = "0"
[[transform.rules]]
set = { n = "n + v" }
timer = { flush = { after = "10s" } }
[transform.on_timer.flush]
emit = { k = "k", n = "n", at = "timer_time" }
clear = ["n"]
)toml";

}  // namespace

TEST_CASE("an event-time timer fires when the watermark has reached it, not before") {
  ProcessMachine m(kCountThenExpire);
  m.feed({{"a", 1, 0}, {"b", 2, 5000}, {"a", 3, 9000}});
  CHECK(m.take().empty());
  m.feed({{"c", 1, 15000}});  // the watermark is 14.999
  CHECK(m.take().empty());
  m.feed({{"c", 1, 15001}});
  CHECK(m.take() == Texts{"b|2|1970-01-01 00:00:15.000"});
  m.watermark(18999);
  CHECK(m.take().empty());
  m.watermark(19000);
  CHECK(m.take() == Texts{"a|4|1970-01-01 00:00:19.000"});
  m.end();
  CHECK(m.take() == Texts{"c|2|1970-01-01 00:00:25.001"});
}

TEST_CASE("a timer fires after the record that moves the watermark past it, before the next") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[transform.state.flag]
type = "BOOLEAN"
default = "FALSE"
[[transform.rules]]
emit = { k = "k", what = "CAST(flag AS STRING)" }
[[transform.rules]]
when = "v = 1"
set = { flag = "TRUE" }
timer = { expire = { at = "time + INTERVAL '1' SECOND" } }
[transform.on_timer.expire]
clear = ["flag"]
emit = { k = "k", what = "'expired'" }
)toml");
  m.feed({{"a", 1, 0}, {"a", 0, 1000}, {"a", 0, 1001}, {"a", 0, 3000}});
  CHECK(m.take() == Texts{"a|FALSE", "a|TRUE", "a|TRUE", "a|expired", "a|FALSE"});
}

TEST_CASE("timers of one time fire in key order, NULL first, then in order of their names") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[[transform.rules]]
timer = { second = { after = "1s" }, first = { after = "1s" } }
[transform.on_timer.first]
emit = { k = "k", what = "'first'" }
[transform.on_timer.second]
emit = { k = "k", what = "'second'" }
)toml");
  m.feed({{"b", 0, 0}, {"a", 0, 0}, {"", 0, 0}, {"c", 0, 1}}).end();
  CHECK(m.take() == Texts{"NULL|second", "NULL|first", "a|second", "a|first", "b|second", "b|first",
                          "c|second", "c|first"});
}

TEST_CASE("setting a timer again replaces it, cancelling removes it") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[[transform.rules]]
when = "v = 1"
timer = { t = { after = "1s" } }
[[transform.rules]]
when = "v = 2"
cancel = ["t"]
[transform.on_timer.t]
emit = { k = "k", at = "timer_time" }
)toml");
  m.feed({{"a", 1, 0}, {"a", 1, 500}, {"b", 1, 0}, {"b", 2, 0}, {"c", 1, 600}}).watermark(60000);
  CHECK(m.take() == Texts{"a|1970-01-01 00:00:01.500", "c|1970-01-01 00:00:01.600"});
}

TEST_CASE("a timer that sets itself again fires for every period, and once at the end") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[[transform.rules]]
timer = { tick = { after = "1s" } }
[transform.on_timer.tick]
timer = { tick = { after = "1s" } }
emit = { k = "k", at = "timer_time" }
)toml");
  m.feed({{"a", 0, 0}, {"b", 0, 3500}});
  CHECK(m.take() == Texts{"a|1970-01-01 00:00:01.000", "a|1970-01-01 00:00:02.000",
                          "a|1970-01-01 00:00:03.000"});
  m.end();
  CHECK(m.take() == Texts{"a|1970-01-01 00:00:04.000", "b|1970-01-01 00:00:04.500"});
}

TEST_CASE("a timer for a time that has passed fires a millisecond later") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[[transform.rules]]
timer = { t = { at = "TIMESTAMP '1970-01-01 00:00:00'" } }
[transform.on_timer.t]
emit = { k = "k", at = "timer_time" }
)toml");
  m.watermark(5000);
  m.feed({{"a", 0, 5000}, {"b", 0, 5001}});  // the watermark is 5.000 still
  CHECK(m.take().empty());
  m.feed({{"c", 0, 5002}});
  CHECK(m.take() == Texts{"a|1970-01-01 00:00:05.001", "b|1970-01-01 00:00:05.001",
                          "c|1970-01-01 00:00:05.001"});
}

TEST_CASE("processing-time timers go by the clock") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[[transform.rules]]
timer = { t = { after = "10s", clock = "processing" } }
[transform.on_timer.t]
emit = { k = "k" }
)toml");
  CHECK(m.ordered().next_clock() == kMaxTime);
  m.clock(1000).feed({{"a", 0, 0}});
  CHECK(m.ordered().next_clock() == 11'000'000);
  m.clock(5000).feed({{"b", 0, 99'000'000}});
  m.clock(10'999);
  CHECK(m.take().empty());
  m.clock(11'000);
  CHECK(m.take() == Texts{"a"});
  CHECK(m.ordered().next_clock() == 15'000'000);
  m.end();
  CHECK(m.take() == Texts{"b"});
}

TEST_CASE("a value lives for its time to live after it was written, by the clock") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[transform.state.n]
type = "BIGINT"
default = "0"
ttl = "10s"
[[transform.rules]]
when = "v > 0"
set = { n = "v" }
stop = true
[[transform.rules]]
emit = { k = "k", n = "n" }
)toml");
  m.clock(0).feed({{"a", 5, 0}});
  m.clock(9'999).feed({{"a", 0, 0}});
  CHECK(m.take() == Texts{"a|5"});
  m.clock(10'000).feed({{"a", 0, 0}});
  CHECK(m.take() == Texts{"a|0"});
  m.feed({{"a", 6, 0}});
  m.clock(15'000).feed({{"a", 7, 0}});
  m.clock(24'000).feed({{"a", 0, 0}});
  CHECK(m.take() == Texts{"a|7"});
  m.clock(20'000).feed({{"a", 0, 0}});  // a clock that goes back does not
  CHECK(m.take() == Texts{"a|7"});
  m.clock(25'000).feed({{"a", 0, 0}});
  CHECK(m.take() == Texts{"a|0"});
}

TEST_CASE("reading makes state live longer where it is asked for") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[transform.state.n]
type = "STRING"
ttl = "10s"
ttl_refresh = "read_write"
[[transform.rules]]
when = "v > 0"
set = { n = "'long enough not to be inline'" }
stop = true
[[transform.rules]]
emit = { k = "k", n = "n" }
)toml");
  m.clock(0).feed({{"a", 1, 0}});
  for (int64_t s = 8; s <= 40; s += 8) m.clock(s * 1000).feed({{"a", 0, 0}});
  CHECK(m.take() == Texts(5, "a|long enough not to be inline"));
  m.clock(50'000).feed({{"a", 0, 0}});
  CHECK(m.take() == Texts{"a|NULL"});
}

TEST_CASE("elements of a list and entries of a map expire one by one, by event time too") {
  ProcessMachine m(
      R"toml(
key_by = ["k"]
[transform.state.recent]
kind = "list"
type = "BIGINT"
limit = 10
ttl = "10s"
ttl_clock = "event"
[transform.state.last]
kind = "map"
key_type = "BIGINT"
type = "TIMESTAMP(3)"
ttl = "10s"
ttl_clock = "event"
[[transform.rules]]
when = "v > 0"
append = { recent = "v" }
put = { last = { key = "MOD(v, 2)", value = "time" } }
[[transform.rules]]
emit = { k = "k", n = "CARDINALITY(recent)", first = "recent[1]", even = "last[0] IS NOT NULL", m = "CARDINALITY(last)" }
)toml");
  m.feed({{"a", 1, 0}, {"a", 2, 4000}, {"a", 3, 8000}});
  CHECK(m.take() == Texts{"a|1|1|FALSE|1", "a|2|1|TRUE|2", "a|3|1|TRUE|2"});
  m.feed({{"a", 0, 9999}, {"a", 0, 10'000}, {"a", 0, 14'000}, {"a", 0, 18'000}});
  CHECK(m.take() == Texts{"a|3|1|TRUE|2", "a|2|2|TRUE|2", "a|1|3|FALSE|1", "a|0|NULL|FALSE|0"});
}

TEST_CASE("expired state and keys without state are forgotten") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[transform.state.seen]
type = "BOOLEAN"
ttl = "1s"
ttl_clock = "event"
[[transform.rules]]
when = "seen IS NULL"
set = { seen = "TRUE" }
emit = { k = "k" }
)toml");
  // Memory goes up and down as the dead are counted now and then, but no further up.
  size_t early = 0;
  size_t late = 0;
  for (int64_t i = 0; i < 200; ++i) {
    std::vector<Event> events;
    for (int64_t k = 0; k < 1000; ++k)
      events.push_back({std::to_string(i * 1000 + k), 1, i * 5000});
    m.feed(events);
    CHECK(m.take().size() == 1000);
    size_t& most = i < 100 ? early : late;
    most = std::max(most, m.state_bytes());
  }
  CHECK(early > 0);
  CHECK(late <= early);
}

TEST_CASE("a failing timer rule is refused and takes its writes back") {
  ProcessMachine m(R"toml(
key_by = ["k"]
[transform.state.n]
type = "BIGINT"
default = "0"
[[transform.rules]]
set = { n = "v" }
timer = { t = { after = "1s" } }
emit = { k = "k", n = "n" }
[[transform.on_timer.t]]
set = { n = "n + 100" }
emit = { k = "k", n = "n" }
[[transform.on_timer.t]]
set = { n = "100 / (n - 105)" }
timer = { t = { after = "1s" } }
[[transform.on_timer.t]]
emit = { k = "k", n = "n" }
)toml");
  m.feed({{"a", 5, 0}, {"b", 6, 0}, {"c", 0, 1002}});
  CHECK(m.take() == Texts{"a|5", "b|6", "c|0", "b|106", "b|100"});
  CHECK(m.outcome.rejects == Texts{"on_timer.t.set: division by zero (key a)"});
}

TEST_CASE("a snapshot holds state, timers and times to live, and equal state gives equal bytes") {
  const std::string options = R"toml(
key_by = ["k"]
[transform.state.n]
type = "BIGINT"
default = "0"
ttl = "1h"
ttl_clock = "event"
[transform.state.text]
type = "STRING"
[transform.state.row]
type = "ROW<a BIGINT, b STRING>"
[transform.state.recent]
kind = "list"
type = "BIGINT"
limit = 3
[transform.state.last]
kind = "map"
key_type = "BIGINT"
type = "STRING"
ttl = "1h"
[[transform.rules]]
when = "v >= 0"
set = { n = "n + v", text = "COALESCE(text, '') || k", row = "ROW(v, k)" }
append = { recent = "v" }
put = { last = { key = "v", value = "k" } }
timer = { t = { after = "10s" }, c = { after = "10s", clock = "processing" } }
[[transform.rules]]
when = "v = -1"
clear = ["n", "text", "row", "recent", "last"]
cancel = ["t", "c"]
[transform.on_timer.t]
emit = { k = "k", n = "n", text = "text", row = "CAST(`row` AS STRING)", recent = "CAST(recent AS STRING)", last = "CAST(MAP_KEYS(last) AS STRING)" }
[transform.on_timer.c]
emit = { k = "k", n = "n", text = "'clock'", row = "NULL", recent = "NULL", last = "NULL" }
)toml";
  const std::vector<Event> events = {{"a", 1, 0},    {"b", 2, 10}, {"a", 3, 20}, {"", 4, 30},
                                     {"gone", 5, 0}, {"a", 6, 40}, {"a", 7, 50}, {"gone", -1, 60}};
  ProcessMachine whole(options);
  whole.clock(1000).feed(events);
  ProcessMachine pieces(options);
  pieces.clock(1000);
  for (const Event& e : {events[1], events[0]}) pieces.feed({e});  // other group numbers
  for (size_t i = 2; i < events.size(); ++i) {
    if (events[i].k == "gone") continue;
    pieces.feed({events[i]});
    const std::string bytes = pieces.snapshot();
    REQUIRE(pieces.restore(bytes));
    CHECK(pieces.snapshot() == bytes);
  }
  whole.watermark(100);
  pieces.watermark(100);
  CHECK(whole.snapshot() == pieces.snapshot());

  whole.watermark(60'000).end();
  pieces.watermark(60'000).end();
  const auto rows = whole.take();
  CHECK(rows == pieces.take());
  CHECK(rows == Texts{"b|2|b|(2, b)|[2]|[2]", "NULL|4|NULL|(4, NULL)|[4]|[4]",
                      "a|17|aaaa|(7, a)|[3, 6, 7]|[1, 3, 6, 7]", "NULL|4|clock|NULL|NULL|NULL",
                      "a|17|clock|NULL|NULL|NULL", "b|2|clock|NULL|NULL|NULL"});
}

TEST_CASE("damaged snapshots are refused") {
  ProcessMachine m(kCountThenExpire);
  m.feed({{"a", 1, 0}, {"b", 2, 0}});
  const std::string good = m.snapshot();
  for (size_t n = 0; n < good.size(); ++n) {
    INFO("cut to " << n);
    CHECK_FALSE(m.restore(good.substr(0, n)));
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    if (m.restore(bytes)) m.feed({{"a", 1, 0}}).end();  // whatever it says, it can be used
    m.take();
  }
}

}  // namespace weir
