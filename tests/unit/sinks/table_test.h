// What tests of table sinks need: a sink bound from TOML, and batches.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "sinks/sink.h"

namespace weir {

// Columns id BIGINT, name STRING, price DOUBLE, at TIMESTAMP(3), ok BOOLEAN, raw BYTES.
inline Schema shop_schema() {
  Schema schema;
  schema.add("id", Type::bigint());
  schema.add("name", Type::string());
  schema.add("price", Type::float64());
  schema.add("at", Type::timestamp(3));
  schema.add("ok", Type::boolean());
  schema.add("raw", Type::bytes());
  return schema;
}

struct ShopRow {
  int64_t id = 0;
  std::optional<std::string> name;
  RowKind kind = RowKind::kInsert;
};

// Names are views: the rows must outlive the batch.
inline Batch shop_batch(const std::vector<ShopRow>& rows) {
  Batch batch;
  for (const auto& column : shop_schema()) batch.columns.push_back(make_column(column.type));
  for (const auto& row : rows) {
    batch.columns[0]->push<int64_t>(row.id);
    if (row.name) {
      batch.columns[1]->push<StringRef>(StringRef(*row.name));
    } else {
      batch.columns[1]->push_null();
    }
    batch.columns[2]->push<double>(static_cast<double>(row.id) + 0.5);
    batch.columns[3]->push<int64_t>(1'700'000'000'123'000);
    batch.columns[4]->push<uint8_t>(1);
    batch.columns[5]->push<StringRef>(StringRef("\0\xff", 2));
    batch.kinds.push_back(row.kind);
  }
  batch.rows = rows.size();
  return batch;
}

struct BoundTable {
  std::unique_ptr<SinkPlan> plan;
  Errors errors;
};

inline BoundTable bind_table(const std::string& toml, const Schema& schema,
                             SinkContext context = {}) {
  PipelineText text;
  text.fragments = {toml};
  const auto spec = read_pipeline(text);
  if (!spec) FAIL(spec.error().front().message);
  const SinkSpec& sink = spec->sinks.front();
  const SinkDescriptor* descriptor = find_sink(sink.kind);
  REQUIRE(descriptor != nullptr);
  context.pipeline = "test";
  BoundTable bound;
  bound.plan = descriptor->bind(sink, schema, context, bound.errors);
  CHECK((bound.plan != nullptr) == bound.errors.empty());
  return bound;
}

inline std::unique_ptr<Sink> open_table(const SinkPlan& plan) {
  auto sink = plan.open();
  if (!sink) FAIL(sink.error().message);
  return std::move(*sink);
}

// A run that succeeds.
inline void write_table(const SinkPlan& plan, const std::vector<ShopRow>& rows) {
  const auto sink = open_table(plan);
  const auto written = sink->write(shop_batch(rows), {});
  if (!written) FAIL(written.error().message);
  const auto committed = sink->commit();
  if (!committed) FAIL(committed.error().message);
}

}  // namespace weir
