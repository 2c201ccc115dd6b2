// Binds the source of a pipeline written in a test, and reads it to the end.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "config/spec.h"
#include "data/text.h"
#include "sources/source.h"

namespace weir {

struct BoundSource {
  std::unique_ptr<SourcePlan> plan;
  Errors errors;
};

inline BoundSource bind_source(const std::string& toml, SourceContext context = {}) {
  PipelineText text;
  text.fragments = {toml};
  const auto spec = read_pipeline(text);
  if (!spec) FAIL(spec.error().front().message);
  const SourceSpec& source = spec->sources.front();
  const SourceDescriptor* descriptor = find_source(source.kind);
  REQUIRE(descriptor != nullptr);
  BoundSource bound;
  bound.plan = descriptor->bind(source, context, bound.errors);
  CHECK((bound.plan != nullptr) == bound.errors.empty());
  return bound;
}

// "a|b;c|d;": every row of every batch; errors as "<message>".
inline std::string read_source(const SourcePlan& plan, size_t block_bytes = 1000) {
  auto source = plan.open({block_bytes, size_t{1} << 20, 0});
  if (!source) return "<" + source.error().message + ">";
  std::unique_ptr<Decoder> decoder;
  if (plan.format() != nullptr) {
    DecodeRequest request;
    request.needed.assign(plan.schema().size(), true);
    decoder = plan.format()->make_decoder(request);
  }
  std::string text;
  SourceItem item;
  uint64_t sequence = 0;
  while ((*source)->claim(item)) {
    CHECK(item.block.sequence == sequence++);
    if (item.error) {
      text += "<" + item.error->message + ">";
      continue;
    }
    Batch batch;
    if (item.batch) {
      batch = std::move(*item.batch);
    } else {
      decoder->decode(item.block, batch);
    }
    CHECK(batch.rejects.empty());
    CHECK(batch.columns.size() == plan.schema().size());
    for (size_t row = 0; row < batch.rows; ++row) {
      for (size_t i = 0; i < batch.columns.size(); ++i) {
        if (i > 0) text += '|';
        text += batch.columns[i]->is_null(row) ? "NULL" : text_at(*batch.columns[i], row);
      }
      text += ';';
    }
  }
  return text;
}

}  // namespace weir
