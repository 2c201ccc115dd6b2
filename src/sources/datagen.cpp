// Made-up rows, as Flink's datagen has them. A value follows from the seed, its column and its row's number
// alone, so that batches can be made in any order by any worker.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>

#include "base/backoff.h"
#include "base/spelling.h"
#include "base/units.h"
#include "io/stop_signal.h"
#include "sources/source_format.h"
#include "sources/source_list.h"

namespace weir {
namespace {

constexpr uint64_t kBatchRows = 4096;
constexpr int64_t kTickUs = 10'000;  // with a rate: rows of so much time at once

struct DatagenOptions {
  int64_t rows = -1;
  double rows_per_second = 0;
  int64_t seed = 1;
  Node fields;
};

const OptionTable<DatagenOptions>& datagen_options() {
  static const OptionTable<DatagenOptions> table = {
      {"rows", &DatagenOptions::rows, "how many; -1: no end"},
      {"rows_per_second", &DatagenOptions::rows_per_second, "how fast; 0: as fast as it goes"},
      {"seed", &DatagenOptions::seed, "other values for another seed, the same for the same"},
      {"fields", &DatagenOptions::fields,
       "how a column's values are made: { id = { kind = \"sequence\", start = 1 }, price = { min = "
       "1, max = 9 }, name = { length = 8 }, at = { max_past = \"1h\" } }"},
  };
  return table;
}

struct FieldOptions {
  std::string kind = "random";
  std::optional<double> min;
  std::optional<double> max;
  int64_t length = 10;
  double null_rate = 0;
  Node start;
  std::optional<int64_t> end;
  Duration step{1'000'000};
  Duration max_past;
};

const OptionTable<FieldOptions>& datagen_field_options() {
  static const OptionTable<FieldOptions> table = {
      {"kind", &FieldOptions::kind, {"random", "sequence"}, "sequence: one more each row"},
      {"min", &FieldOptions::min, "the smallest number"},
      {"max", &FieldOptions::max, "the largest"},
      {"length", &FieldOptions::length, "of a text"},
      {"null_rate", &FieldOptions::null_rate, "how often it is NULL, 0 to 1"},
      {"start", &FieldOptions::start, "sequence: the first number or time"},
      {"end", &FieldOptions::end, "sequence: the last number, which ends the rows"},
      {"step", &FieldOptions::step, "sequence of times: between two rows"},
      {"max_past", &FieldOptions::max_past, "random times: from so long before the run on"},
  };
  return table;
}

struct Field {
  std::string name;
  Type type;
  bool sequence = false;
  int64_t first = 0;  // of a sequence, in the column's units
  int64_t step = 1;
  double min = 0;
  double max = 0;
  size_t length = 10;
  double null_rate = 0;
  int64_t end_rows = -1;  // the sequence ends behind so many
};

// SplitMix64 (Steele, Lea, Flood 2014): a good number for every number.
uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}
double as_fraction(uint64_t x) { return static_cast<double>(x >> 11) * 0x1.0p-53; }

template <class T>
T whole_number(const Field& field, uint64_t random) {
  const double span = field.max - field.min + 1;
  const double value = std::floor(field.min + as_fraction(random) * span);
  return static_cast<T>(std::min(value, field.max));
}

void push_value(const Field& field, uint64_t row, uint64_t random, Arena& arena, Column& column) {
  if (field.null_rate > 0 && as_fraction(mixed(random ^ 1)) < field.null_rate)
    return column.push_null();
  const int64_t next = field.first + static_cast<int64_t>(row) * field.step;
  switch (field.type.id) {
    case TypeId::kBoolean: return column.push<uint8_t>(static_cast<uint8_t>(random & 1));
    case TypeId::kTinyInt:
      return column.push<int8_t>(field.sequence ? static_cast<int8_t>(next)
                                                : whole_number<int8_t>(field, random));
    case TypeId::kSmallInt:
      return column.push<int16_t>(field.sequence ? static_cast<int16_t>(next)
                                                 : whole_number<int16_t>(field, random));
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime:
      return column.push<int32_t>(field.sequence ? static_cast<int32_t>(next)
                                                 : whole_number<int32_t>(field, random));
    case TypeId::kFloat:
      return column.push<float>(
          field.sequence
              ? static_cast<float>(next)
              : static_cast<float>(field.min + as_fraction(random) * (field.max - field.min)));
    case TypeId::kDouble:
      return column.push<double>(field.sequence
                                     ? static_cast<double>(next)
                                     : field.min + as_fraction(random) * (field.max - field.min));
    case TypeId::kDecimal: {
      Int128 scale = 1;
      for (int i = 0; i < field.type.scale; ++i) scale *= 10;
      if (field.sequence) return column.push<Int128>(static_cast<Int128>(next) * scale);
      const double value = (field.min + as_fraction(random) * (field.max - field.min));
      return column.push<Int128>(static_cast<Int128>(value * static_cast<double>(scale)));
    }
    case TypeId::kString:
    case TypeId::kBytes: {
      if (field.sequence) {
        const std::string text = std::to_string(next);
        return column.push<StringRef>(StringRef(arena.copy(text)));
      }
      char* text = arena.allocate(field.length);
      for (size_t i = 0; i < field.length; ++i) {
        if (i % 16 == 0) random = mixed(random);
        text[i] = "0123456789abcdef"[(random >> (i % 16 * 4)) & 15];
      }
      return column.push<StringRef>(StringRef(text, field.length));
    }
    default:
      return column.push<int64_t>(field.sequence ? next : whole_number<int64_t>(field, random));
  }
}

class DatagenSource final : public Source {
 public:
  DatagenSource(const std::vector<Field>& fields, int64_t rows, double rate, uint64_t seed,
                const FeedOptions& feed)
      : fields_(fields),
        rows_(rows),
        rate_(rate),
        seed_(seed),
        batch_rows_(rate > 0 ? std::clamp<uint64_t>(
                                   static_cast<uint64_t>(rate * kTickUs / 1'000'000), 1, kBatchRows)
                             : std::clamp<uint64_t>(feed.block_bytes / 64, 1, kBatchRows)),
        source_(feed.source) {}

  bool claim(SourceItem& item) override {
    uint64_t number = 0;
    if (rate_ > 0) {
      // One waits for the next rows' time, the others for him.
      const std::lock_guard turn(turn_);
      number = next_++;
      if (!wait_for(number)) return false;
    } else {
      number = next_++;
    }
    const uint64_t begin = number * batch_rows_;
    const uint64_t end = rows_ < 0 ? begin + batch_rows_
                                   : std::min(begin + batch_rows_, static_cast<uint64_t>(rows_));
    if (stop_.raised() || begin >= end) return false;
    Batch batch;
    for (size_t c = 0; c < fields_.size(); ++c) {
      ColumnPtr column = make_column(fields_[c].type);
      column->reserve(end - begin);
      for (uint64_t row = begin; row < end; ++row)
        push_value(fields_[c], row, mixed(mixed(seed_ * 1009 + c) ^ row), batch.arena(), *column);
      batch.columns.push_back(std::move(column));
    }
    batch.rows = end - begin;
    batch.records = batch.rows;
    batch.sequence = number;
    batch.origin = {source_, 0, begin, end};
    item.block = Block{};
    item.block.sequence = number;
    item.batch = std::move(batch);
    item.error.reset();
    return true;
  }
  void stop() override { stop_.raise(); }

 private:
  bool wait_for(uint64_t number) {
    if (started_us_ == 0) started_us_ = monotonic_us();
    const double at = static_cast<double>(number * batch_rows_) / rate_ * 1e6;
    for (;;) {
      if (stop_.raised()) return false;
      const int64_t left = started_us_ + static_cast<int64_t>(at) - monotonic_us();
      if (left <= 0) return true;
      pollfd stop = {stop_.descriptor(), POLLIN, 0};
      ::poll(&stop, 1, static_cast<int>(std::min<int64_t>(left / 1000 + 1, 1000)));
    }
  }

  const std::vector<Field>& fields_;
  const int64_t rows_;
  const double rate_;
  const uint64_t seed_;
  const uint64_t batch_rows_;
  const uint32_t source_;
  StopSignal stop_;
  std::atomic<uint64_t> next_{0};
  std::mutex turn_;
  int64_t started_us_ = 0;
};

class DatagenPlan final : public SourcePlan {
 public:
  DatagenPlan(std::vector<Field> fields, int64_t rows, double rate, int64_t seed)
      : fields_(std::move(fields)), rows_(rows), rate_(rate), seed_(seed) {
    for (const auto& field : fields_) schema_.add(field.name, field.type);
  }

  const Schema& schema() const override { return schema_; }
  bool bounded() const override { return rows_ >= 0; }
  const Format* format() const override { return nullptr; }
  std::string explain() const override {
    std::string text =
        "datagen: " + (rows_ < 0 ? "rows" : format_count(static_cast<uint64_t>(rows_)) + " rows");
    return rate_ > 0 ? text + fmt::format(", {} a second", rate_) : text;
  }
  std::string partition_name(uint32_t) const override { return "datagen"; }
  Result<std::unique_ptr<Source>> open(const FeedOptions& feed) const override {
    return std::make_unique<DatagenSource>(fields_, rows_, rate_, static_cast<uint64_t>(seed_),
                                           feed);
  }

 private:
  std::vector<Field> fields_;
  Schema schema_;
  int64_t rows_;
  double rate_;
  int64_t seed_;
};

// The bounds of random numbers where none are given.
void set_standard_bounds(Field& field, int64_t now_us) {
  switch (field.type.id) {
    case TypeId::kTinyInt: field.min = -128, field.max = 127; break;
    case TypeId::kSmallInt: field.min = -32768, field.max = 32767; break;
    case TypeId::kInt:
      field.min = std::numeric_limits<int32_t>::min();
      field.max = std::numeric_limits<int32_t>::max();
      break;
    case TypeId::kBigInt: field.min = -9e15, field.max = 9e15; break;
    case TypeId::kDate:
      field.max = static_cast<double>(floor_div(now_us, kMicrosPerDay));
      field.min = field.max - 365;
      break;
    case TypeId::kTime: field.min = 0, field.max = 86'399'999; break;
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: field.min = field.max = static_cast<double>(now_us); break;
    default: field.min = 0, field.max = 1; break;
  }
}

// Reads how a column is made. Problems go to `errors`.
void read_field(const Node& node, const SourceContext& context, Field& field, Errors& errors) {
  FieldOptions options;
  const size_t before = errors.size();
  read_options(datagen_field_options(), node, options, errors, "the field `" + field.name + "`");
  if (errors.size() > before) return;
  const auto wrong = [&](const char* key, std::string message, std::string hint = {}) {
    const Node* at = node.find(key);
    errors.push_back({ErrorKind::kConfig,
                      std::move(message),
                      at != nullptr ? at->position : node.position,
                      std::move(hint),
                      {}});
  };
  const bool time = field.type.is_timestamp();
  const int64_t unit = field.type.in_nanos() ? 1000 : 1;
  field.sequence = options.kind == "sequence";
  field.length = static_cast<size_t>(std::clamp<int64_t>(options.length, 0, 1 << 20));
  field.null_rate = options.null_rate;
  if (options.min) field.min = *options.min;
  if (options.max) field.max = *options.max;
  if (time) field.min = field.max - static_cast<double>(options.max_past.us);
  if (field.min > field.max) wrong("min", "`min` is larger than `max`");
  if (!field.sequence) return;
  if (time) {
    field.first = context.now_us * unit;
    field.step = options.step.us * unit;
    if (node.find("start") != nullptr) {
      const auto start = parse_instant(options.start.text, *utc());
      if (!start) return wrong("start", "expected a time such as \"2024-01-31T10:00:00Z\"");
      field.first = *start * unit;
    }
    return;
  }
  if (field.type.id == TypeId::kBoolean) wrong("kind", "a BOOLEAN has no sequence");
  if (node.find("start") != nullptr && options.start.kind != Node::Kind::kInteger)
    return wrong("start", "expected an integer");
  field.first = options.start.integer;
  if (!options.end) return;
  if (*options.end < field.first) wrong("end", "`end` is smaller than `start`");
  field.end_rows = *options.end - field.first + 1;
}

std::unique_ptr<SourcePlan> bind_datagen(const SourceSpec& spec, const SourceContext& context,
                                         Errors& errors) {
  DatagenOptions options;
  const size_t before = errors.size();
  read_options(datagen_options(), spec.options, options, errors, "the datagen source",
               {"type", "schema", "event_time"});
  const FormatContext format_context{spec.schema, context.zone, context.now_us, false};
  const auto declared = declared_columns(format_context, errors);
  if (errors.size() > before) return nullptr;
  if (declared.empty())
    errors.push_back({ErrorKind::kConfig,
                      "the columns to be made are not declared",
                      spec.position,
                      "schema = { id = \"BIGINT\", name = \"STRING\" }",
                      {}});
  std::vector<Field> fields;
  std::vector<std::string> names;
  for (size_t i = 0; i < declared.size(); ++i) {
    Field field;
    field.name = declared[i].name;
    field.type = declared[i].type;
    names.push_back(field.name);
    if (field.type.is_nested() || field.type.is_interval())
      errors.push_back({ErrorKind::kConfig,
                        "no values are made of type " + field.type.to_string(),
                        spec.schema[i].position,
                        "a step `map` can build them",
                        {}});
    set_standard_bounds(field, context.now_us);
    if (field.type.in_nanos()) field.min *= 1000, field.max *= 1000;
    if (const Node* node = options.fields.find(field.name))
      read_field(*node, context, field, errors);
    if (field.end_rows >= 0)
      options.rows = options.rows < 0 ? field.end_rows : std::min(options.rows, field.end_rows);
    fields.push_back(std::move(field));
  }
  for (size_t i = 0; i < options.fields.entries.size(); ++i) {
    const std::string& name = options.fields.entries[i].first;
    if (std::find(names.begin(), names.end(), name) == names.end())
      errors.push_back({ErrorKind::kConfig,
                        "no column `" + name + "`",
                        options.fields.key_positions[i],
                        spelling_hint(name, names),
                        {}});
  }
  if (errors.size() > before) return nullptr;
  return std::make_unique<DatagenPlan>(std::move(fields), options.rows, options.rows_per_second,
                                       options.seed);
}

std::vector<OptionDoc> datagen_docs() {
  std::vector<OptionDoc> all = option_docs(datagen_options());
  all.push_back({"schema", "table", "", "names and types of the columns", true, {}});
  all.push_back({"event_time",
                 "table",
                 "",
                 "the column that holds the time, and how late records may be",
                 false,
                 {}});
  return all;
}

}  // namespace

const SourceDescriptor kDatagenSource = {"datagen", "makes up rows, the same for the same seed",
                                         datagen_docs, bind_datagen};

}  // namespace weir
