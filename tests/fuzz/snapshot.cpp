// Snapshots of grouped aggregation: rows saved and restored go on as if they had not been saved; a cut or damaged
// snapshot, or any bytes, are restored or refused without reading beyond them. (That it is whole, its checksum says.)
#include "state/snapshot.h"

#include <utility>
#include <vector>

#include "data/text.h"
#include "expr/binder.h"
#include "fuzz.h"
#include "operators/aggregation.h"

using namespace weir;

namespace {

const Schema& schema() {
  static const Schema s({{"k", Type::string()},
                         {"n", Type::bigint()},
                         {"x", Type::float64()},
                         {"s", Type::string()},
                         {"t", Type::timestamp(3)}});
  return s;
}

struct Job {
  Job(std::vector<std::string> keys, std::vector<const char*> wanted) {
    NamedTexts texts;
    for (const char* text : wanted)
      texts.push_back({"c" + std::to_string(texts.size()), {}, SourceText(std::string(text))});
    auto bound = bind_aggregates(texts, schema(), keys);
    require(bound.has_value(), "the aggregates bind");
    binding = *bound;
    for (const auto& key : keys) {
      key_columns.push_back(*schema().find(key));
      key_types.push_back(schema()[key_columns.back()].type);
    }
    program = std::make_unique<AggregateProgram>(binding, keys.size(), schema().size());
  }

  AggregateBinding binding;
  std::vector<size_t> key_columns;
  std::vector<Type> key_types;
  std::unique_ptr<AggregateProgram> program;
};

// One aggregate a job where states have inner structure, so that the fuzzer reaches each at once.
const std::vector<Job>& jobs() {
  static const std::vector<Job> all = [] {
    std::vector<Job> list;
    list.emplace_back(std::vector<std::string>{"k"},
                      std::vector<const char*>{"COUNT(*)", "SUM(n)", "AVG(x)", "MIN(n)", "MAX(t)"});
    list.emplace_back(std::vector<std::string>{"n"},
                      std::vector<const char*>{"SUM(x)", "STDDEV_POP(n)"});
    for (const char* text :
         {"MIN(s)", "FIRST_VALUE(s)", "LISTAGG(s)", "COUNT(DISTINCT s)", "SUM(DISTINCT n)",
          "COLLECT(s)", "ARRAY_AGG(n)", "PERCENTILE(n, 0.5)", "APPROX_PERCENTILE(x, 0.5)",
          "APPROX_COUNT_DISTINCT(s)", "VAR_SAMP(x)", "JSON_ARRAYAGG(s)", "LAST_VALUE(t)"})
      list.emplace_back(std::vector<std::string>{}, std::vector<const char*>{text});
    return list;
  }();
  return all;
}

// Rows out of bytes: few different keys, NULLs among all values.
Batch make_batch(std::string_view bytes, uint64_t sequence) {
  static const char* kTexts[] = {"", "a", "bc", "a\xc3\xa9", "longer than twelve bytes"};
  Batch batch;
  batch.sequence = sequence;
  for (const auto& c : schema()) batch.columns.push_back(make_column(c.type));
  for (const char c : bytes) {
    const auto b = static_cast<uint8_t>(c);
    if (b % 11 == 0) {
      for (auto& column : batch.columns) column->push_null();
    } else {
      batch.columns[0]->push<StringRef>(StringRef(std::string_view(kTexts[b % 4])));
      batch.columns[1]->push<int64_t>(b % 7 == 0 ? INT64_MAX / 1000 : b - 128);
      batch.columns[2]->push<double>(b % 13 == 0 ? 1e300 : (b - 128) / 8.0);
      batch.columns[3]->push<StringRef>(StringRef(std::string_view(kTexts[b % 5])));
      batch.columns[4]->push<int64_t>(int64_t{1706695200000000} + b * 1000);
    }
    ++batch.rows;
  }
  return batch;
}

struct Table {
  Table(const Job& of, uint64_t seed) : job(of), groups(*of.program, of.key_types, seed) {}

  void add(Batch batch) {
    EvalContext context;
    context.arena = &batch.arena();
    std::vector<ColumnPtr> keys;
    for (const size_t column : job.key_columns) keys.push_back(batch.columns[column]);
    groups.update(batch, keys, context);
  }
  std::string saved() const {
    SnapshotWriter writer;
    groups.snapshot(writer);
    return writer.take();
  }
  // True if the reader took it for good and whole.
  bool restore(std::string_view bytes) {
    SnapshotReader reader(bytes);
    groups.restore(reader);
    return reader.ok() && reader.at_end();
  }
  std::string rows() const {
    EvalContext context;
    const auto order = groups.order(GroupOrder::kKey);
    const Batch batch = groups.result({order.data(), order.size()}, context);
    std::string out;
    for (size_t r = 0; r < batch.rows; ++r) {
      for (const auto& c : batch.columns) out += (c->is_null(r) ? "NULL" : text_at(*c, r)) + "|";
      out += '\n';
    }
    return out;
  }

  const Job& job;
  GroupedAggregation groups;
};

// Half of the rows saved and restored, then merged with the other half, is as if nothing had been saved.
std::string check_round_trip(const Job& job, std::string_view bytes) {
  const Batch first = make_batch(bytes.substr(0, bytes.size() / 2), 0);
  const Batch second = make_batch(bytes.substr(bytes.size() / 2), 1);
  Table whole(job, 1), saved(job, 2), restored(job, 3), rest(job, 4);
  whole.add(first);
  whole.add(second);
  saved.add(first);
  rest.add(second);
  const std::string snapshot = saved.saved();
  require(restored.restore(snapshot), "what was saved can be restored");
  require(restored.rows() == saved.rows(), "to the same rows");
  restored.groups.merge_from(rest.groups);
  require(restored.rows() == whole.rows(), "and goes on as if it had not been saved");
  return snapshot;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 2000) return 0;
  const Job& job = jobs()[data[0] % jobs().size()];
  const std::string_view bytes = as_text(data + 2, size - 2);
  std::string snapshot = check_round_trip(job, bytes.substr(0, 100));

  // Damage ends in a refusal or in other groups, never beyond the bytes.
  Table damaged(job, 5);
  const size_t cut = data[1] % (snapshot.size() + 1);
  require(cut == snapshot.size() || !damaged.restore(std::string_view(snapshot).substr(0, cut)),
          "a snapshot that is cut off is refused");
  for (size_t k = 0; k < bytes.size(); k += 3)
    snapshot[static_cast<uint8_t>(bytes[k]) % snapshot.size()] ^= static_cast<char>(1 << (k % 8));
  damaged.restore(snapshot);
  damaged.restore(bytes);
  return 0;
}
