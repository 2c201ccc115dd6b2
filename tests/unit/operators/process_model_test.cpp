// process against a model that takes one record at a time, over random inputs cut into random batches.

#include <deque>
#include <map>
#include <optional>
#include <set>

#include "process_machine.h"

namespace weir {

namespace {

// Everything at once: three kinds of state, one of them expiring, two timers that set each other.
const std::string kOptions = R"toml(
key_by = ["k"]
[transform.state.n]
type = "BIGINT"
default = "0"
[transform.state.recent]
kind = "list"
type = "BIGINT"
limit = 3
ttl = "6s"
ttl_clock = "event"
[transform.state.last]
kind = "map"
key_type = "BIGINT"
type = "BIGINT"
[[transform.rules]]
when = "v < 20"
set = { n = "n + 1" }
timer = { slow = { after = "4s" } }
[[transform.rules]]
when = "MOD(v, 3) = 0"
append = { recent = "v" }
cancel = ["slow"]
[[transform.rules]]
when = "v > 70"
put = { last = { key = "MOD(v, 4)", value = "n" } }
timer = { quick = { at = "time + INTERVAL '1' SECOND" } }
[[transform.rules]]
when = "CARDINALITY(recent) = 2"
emit = { k = "k", what = "'two'", n = "n", x = "recent[1]", y = "last[MOD(v, 4)]" }
[[transform.rules]]
when = "v = 50"
clear = ["n", "last"]
emit = { k = "k", what = "'fifty'", n = "n", x = "100 / n", y = "NULL" }
stop = true
[[transform.rules]]
when = "n > 4"
set = { n = "0" }
emit = { k = "k", what = "'five'", n = "n", x = "v", y = "CARDINALITY(last)" }
[transform.on_timer.slow]
set = { n = "n + 10" }
timer = { quick = { after = "500ms" } }
emit = { k = "k", what = "'slow'", n = "n", x = "recent[1]", y = "CARDINALITY(recent)" }
[transform.on_timer.quick]
remove = { last = "1" }
emit = { k = "k", what = "'quick'", n = "n", x = "last[1]", y = "last[2]" }
)toml";

using Cell = std::optional<int64_t>;

class Model {
 public:
  explicit Model(int64_t delay_ms) : delay_(delay_ms + 1) {}

  void record(const Event& e) {
    Key saved = keys_[e.k];
    const size_t rows_before = rows.size();
    if (!rules(e, keys_[e.k])) {
      keys_[e.k] = saved;
      rows.resize(rows_before);
      ++rejected;
    }
    largest_ = std::max(largest_, e.ms);
    watermark_ = std::max(watermark_, largest_ - delay_);
    fire(watermark_);
  }
  void end() {
    std::vector<std::tuple<int64_t, std::string, int, std::string>> pending;
    for (const auto& [k, key] : keys_)
      for (const auto& [name, time] : key.timers)
        pending.emplace_back(time, k, name == "slow" ? 0 : 1, name);
    std::sort(pending.begin(), pending.end());
    for (const auto& [time, k, order, name] : pending) fire_one(time, k, name, false);
  }

  std::vector<std::string> rows;
  size_t rejected = 0;

 private:
  struct Key {
    int64_t n = 0;
    std::deque<std::pair<int64_t, int64_t>> recent;  // stamp, value
    std::map<int64_t, int64_t> last;
    std::map<std::string, int64_t> timers;
  };

  static std::string show(const Cell& c) { return c ? std::to_string(*c) : "NULL"; }
  void emit(const std::string& k, const char* what, int64_t n, Cell x, Cell y) {
    rows.push_back((k.empty() ? "NULL" : k) + "|" + what + "|" + std::to_string(n) + "|" + show(x) +
                   "|" + show(y));
  }
  static std::vector<int64_t> alive(const Key& key, int64_t now) {
    std::vector<int64_t> values;
    for (const auto& [stamp, v] : key.recent)
      if (stamp + 6000 > now) values.push_back(v);
    return values;
  }
  static Cell at(const std::map<int64_t, int64_t>& map, int64_t key) {
    const auto found = map.find(key);
    return found == map.end() ? Cell() : Cell(found->second);
  }

  bool rules(const Event& e, Key& key) {
    const int64_t now = std::max(e.ms, watermark_);
    if (e.v < 20) {
      ++key.n;
      key.timers["slow"] = std::max(e.ms + 4000, watermark_ + 1);
    }
    if (e.v % 3 == 0) {
      std::erase_if(key.recent, [&](const auto& x) { return x.first + 6000 <= now; });
      key.recent.emplace_back(now, e.v);
      if (key.recent.size() > 3) key.recent.pop_front();
      key.timers.erase("slow");
    }
    if (e.v > 70) {
      key.last[e.v % 4] = key.n;
      key.timers["quick"] = std::max(e.ms + 1000, watermark_ + 1);
    }
    if (const auto recent = alive(key, now); recent.size() == 2)
      emit(e.k, "two", key.n, recent[0], at(key.last, e.v % 4));
    if (e.v == 50) {
      if (key.n == 0) return false;  // 100 / 0
      emit(e.k, "fifty", key.n, 100 / key.n, {});
      key.n = 0;
      key.last.clear();
      return true;  // and stops
    }
    if (key.n > 4) {
      key.n = 0;
      emit(e.k, "five", key.n, e.v, static_cast<int64_t>(key.last.size()));
    }
    return true;
  }

  // All timers up to the watermark, in order of time, key and name.
  void fire(int64_t until) {
    while (true) {
      std::optional<std::tuple<int64_t, std::string, int, std::string>> first;
      for (const auto& [k, key] : keys_)
        for (const auto& [name, time] : key.timers) {
          std::tuple<int64_t, std::string, int, std::string> t{time, k, name == "slow" ? 0 : 1,
                                                               name};
          if (time <= until && (!first || t < *first)) first = t;
        }
      if (!first) return;
      fire_one(std::get<0>(*first), std::get<1>(*first), std::get<3>(*first), true);
    }
  }
  void fire_one(int64_t time, const std::string& k, const std::string& name, bool may_set) {
    Key& key = keys_[k];
    key.timers.erase(name);
    const auto recent = alive(key, time);
    if (name == "slow") {
      key.n += 10;
      if (may_set) key.timers["quick"] = time + 500;
      emit(k, "slow", key.n, recent.empty() ? Cell() : Cell(recent[0]),
           static_cast<int64_t>(recent.size()));
    } else {
      key.last.erase(1);
      emit(k, "quick", key.n, at(key.last, 1), at(key.last, 2));
    }
  }

  const int64_t delay_;
  std::map<std::string, Key> keys_;
  int64_t largest_ = INT64_MIN / 2;
  int64_t watermark_ = INT64_MIN / 2;
};

std::vector<Event> random_events(std::mt19937_64& random, size_t n) {
  const size_t keys = 1 + random() % 8;
  const int64_t jump = random() % 5 == 0 ? 4000 : 300;
  std::vector<Event> events;
  int64_t ms = 0;
  for (size_t i = 0; i < n; ++i) {
    ms += static_cast<int64_t>(random() % static_cast<uint64_t>(jump));
    const size_t key = random() % keys;
    events.push_back({key == 0 ? "" : std::string(1, static_cast<char>('a' + key)),
                      static_cast<int64_t>(random() % 100),
                      ms - static_cast<int64_t>(random() % 2000)});
  }
  return events;
}

}  // namespace

TEST_CASE("process gives what one record at a time gives") {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    const int64_t delay = static_cast<int64_t>(random() % 1500);
    const auto events = random_events(random, 200 + random() % 200);
    Model model(delay);
    for (const Event& e : events) model.record(e);

    ProcessMachine machine(kOptions, delay);
    const size_t most = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 7 : 400;
    for (size_t begin = 0; begin < events.size();) {
      const size_t end = std::min(events.size(), begin + 1 + random() % most);
      machine.feed({events.begin() + static_cast<std::ptrdiff_t>(begin),
                    events.begin() + static_cast<std::ptrdiff_t>(end)});
      if (random() % 4 == 0) REQUIRE(machine.restore(machine.snapshot()));
      begin = end;
    }
    INFO("seed " << seed);
    REQUIRE(machine.outcome.rejects.size() == model.rejected);
    REQUIRE(machine.outcome.rows == model.rows);
    CHECK(model.rows.size() > 10);
    machine.take();
    model.rows.clear();
    model.end();
    machine.end();
    REQUIRE(machine.outcome.rows == model.rows);
  }
}

namespace {

// Simple enough to run row by row.
const std::string kSimple = R"toml(
key_by = ["k"]
[transform.state.total]
type = "BIGINT"
default = "0"
[transform.state.n]
type = "TINYINT"
[transform.state.mean]
type = "DOUBLE"
[transform.state.flag]
type = "BOOLEAN"
default = "FALSE"
[transform.state.since]
type = "TIMESTAMP(3)"
[[transform.rules]]
when = "flag AND v > 50 AND time <= since + INTERVAL '2' SECOND"
emit = { k = "k", what = "'flagged'", a = "total", b = "mean", c = "since" }
clear = ["flag"]
[[transform.rules]]
set = { total = "total + v * 2 - 7", n = "COALESCE(n, CAST(0 AS TINYINT)) + CAST(1 AS TINYINT)", mean = "CASE WHEN mean IS NULL THEN v * 1.0E0 ELSE mean * 0.5E0 + v END" }
[[transform.rules]]
when = "v < 5 OR (n = 3 AND NOT flag)"
set = { flag = "TRUE", since = "time" }
timer = { forget = { after = "1s" }, later = { at = "since + INTERVAL '3' SECOND" } }
[[transform.rules]]
when = "v = 99"
cancel = ["later"]
[[transform.rules]]
when = "total > 500"
set = { total = "v" }
emit = { k = "k", what = "'large'", a = "total", b = "mean", c = "time" }
stop = true
[[transform.rules]]
when = "v BETWEEN 10 AND 40"
emit = { k = "k", what = "'row'", a = "n", b = "mean", c = "since" }
[transform.on_timer.forget]
clear = ["flag"]
emit = { k = "k", what = "'forget'", a = "n", b = "mean", c = "timer_time" }
[transform.on_timer.later]
emit = { k = "k", what = "'later'", a = "total", b = "mean", c = "since" }
)toml";

// A state that nothing uses, and with which the rules run in rounds.
const std::string kNotSimple = R"toml(
[transform.state.unused]
kind = "list"
type = "INT"
limit = 1
)toml";

}  // namespace

TEST_CASE("simple rules give the same row by row as in rounds, failing records included") {
  size_t rejects = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    // Enough records for a TINYINT to overflow.
    const auto events = random_events(random, seed % 4 == 0 ? 2000 : 300);
    ProcessMachine simple(kSimple, 500);
    const size_t rules = kSimple.find("[[transform.rules]]");
    ProcessMachine rounds(kSimple.substr(0, rules) + kNotSimple + kSimple.substr(rules), 500);
    REQUIRE(simple.explain().ends_with("row by row"));
    REQUIRE(rounds.explain().ends_with("in rounds"));
    const size_t most = seed % 3 == 0 ? 3 : 300;
    for (size_t begin = 0; begin < events.size();) {
      const size_t end = std::min(events.size(), begin + 1 + random() % most);
      const std::vector<Event> part(events.begin() + static_cast<std::ptrdiff_t>(begin),
                                    events.begin() + static_cast<std::ptrdiff_t>(end));
      simple.feed(part);
      rounds.feed(part);
      begin = end;
    }
    simple.end();
    rounds.end();
    INFO("seed " << seed);
    REQUIRE(simple.outcome.rejects == rounds.outcome.rejects);
    REQUIRE(simple.outcome.rows == rounds.outcome.rows);
    CHECK(simple.outcome.rows.size() > 20);
    rejects += simple.outcome.rejects.size();
  }
  CHECK(rejects > 0);
}

}  // namespace weir
