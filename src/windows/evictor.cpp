#include "windows/evictor.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/spelling.h"
#include "windows/time_window.h"
#include "windows/value_expression.h"

namespace weir {

namespace {

class CountEvictor final : public Evictor {
 public:
  CountEvictor(uint64_t keep, bool before) : Evictor(before), keep_(keep) {}
  void evict(std::span<const KeptRow> rows, Vec<uint8_t>& gone) const override {
    for (size_t i = 0; i + keep_ < rows.size(); ++i) gone[i] = 1;
  }
  std::string text() const override { return "all but the last " + format_count(keep_); }

 private:
  uint64_t keep_;
};

class TimeEvictor final : public Evictor {
 public:
  TimeEvictor(int64_t keep_us, bool before) : Evictor(before), keep_us_(keep_us) {}
  void evict(std::span<const KeptRow> rows, Vec<uint8_t>& gone) const override {
    int64_t last = kMinTime;
    for (const auto& row : rows) last = std::max(last, row.time);
    const int64_t cut = saturating_sub(last, keep_us_);
    for (size_t i = 0; i < rows.size(); ++i) gone[i] = rows[i].time <= cut ? 1 : 0;
  }
  std::string text() const override { return "those " + format_duration({keep_us_}) + " old"; }

 private:
  int64_t keep_us_;
};

class DeltaEvictor final : public Evictor {
 public:
  DeltaEvictor(double threshold, bool before) : Evictor(before), threshold_(threshold) {}
  void evict(std::span<const KeptRow> rows, Vec<uint8_t>& gone) const override {
    if (rows.empty() || !rows.back().has_value) return;
    const double last = rows.back().value;
    for (size_t i = 0; i < rows.size(); ++i)
      gone[i] = rows[i].has_value && std::fabs(rows[i].value - last) >= threshold_ ? 1 : 0;
  }
  std::string text() const override { return "those far from the last"; }

 private:
  double threshold_;
};

struct EvictorOptions {
  std::string when = "before";
  int64_t count = 0;
  Duration span;
  double threshold = 0;
  SourceText value;
};
using EvictorTable = OptionTable<EvictorOptions>;

struct EvictorKind {
  std::string_view name;
  EvictorTable options;
  EvictorPtr (*make)(const EvictorOptions& options, bool before);
};

const std::array<EvictorKind, 3>& evictor_kinds() {
  static const std::array<EvictorKind, 3> all = {{
      {"count",
       {{"keep", &EvictorOptions::count, "how many of the last records stay", true}},
       [](const EvictorOptions& o, bool before) {
         return make_count_evictor(static_cast<uint64_t>(std::max<int64_t>(o.count, 0)), before);
       }},
      {"delta",
       {{"threshold", &EvictorOptions::threshold,
         "how far from the last record's value one must be", true},
        {"of", &EvictorOptions::value, "the value: a numeric expression over the record", true}},
       [](const EvictorOptions& o, bool before) {
         return make_delta_evictor(o.threshold, before);
       }},
      {"time",
       {{"keep", &EvictorOptions::span, "how long before the last time records stay", true}},
       [](const EvictorOptions& o, bool before) { return make_time_evictor(o.span.us, before); }},
  }};
  return all;
}

const EvictorKind* find_evictor_kind(const Node& node, Errors& errors) {
  const Node* name = node.find("type");
  if (node.kind != Node::Kind::kTable || name == nullptr || name->kind != Node::Kind::kString) {
    errors.push_back({ErrorKind::kConfig, "an evictor is a table with a type", node.position,
                      "for example { type = \"count\", keep = 10 }", "[window] evict"});
    return nullptr;
  }
  std::vector<std::string> names;
  for (const auto& kind : evictor_kinds()) {
    if (kind.name == name->text) return &kind;
    names.emplace_back(kind.name);
  }
  errors.push_back({ErrorKind::kConfig, "no evictor `" + name->text + "`", name->position,
                    spelling_hint(name->text, names), "[window] evict"});
  return nullptr;
}

}  // namespace

EvictorPtr make_count_evictor(uint64_t keep, bool before) {
  return std::make_unique<CountEvictor>(keep, before);
}
EvictorPtr make_time_evictor(int64_t keep_us, bool before) {
  return std::make_unique<TimeEvictor>(keep_us, before);
}
EvictorPtr make_delta_evictor(double threshold, bool before) {
  return std::make_unique<DeltaEvictor>(threshold, before);
}

BoundEvictor bind_evictor(const Node& node, const Schema& input, const TimeZone* zone,
                          Errors& errors) {
  const size_t before = errors.size();
  const EvictorKind* kind = find_evictor_kind(node, errors);
  if (kind == nullptr) return {};
  EvictorTable table = kind->options;
  table.push_back({"when", &EvictorOptions::when, std::vector<std::string>{"before", "after"},
                   "records go before the result is computed, or after"});
  EvictorOptions options;
  read_options(table, node, options, errors, "the evictor `" + std::string(kind->name) + "`",
               {"type"});
  if (errors.size() != before) return {};
  if (options.count < 0 || options.span.us < 0 || !(options.threshold >= 0)) {
    const Node* value = node.find(kind->name == "delta" ? "threshold" : "keep");
    errors.push_back({ErrorKind::kConfig,
                      "an evictor's limit must not be negative",
                      value->position,
                      {},
                      "[window] evict"});
    return {};
  }
  BoundEvictor bound{kind->make(options, options.when == "before"), nullptr};
  if (!options.value.text.empty()) {
    bound.value = bind_value(options.value, input, zone, errors);
    if (!bound.value) return {};
  }
  return bound;
}

}  // namespace weir
