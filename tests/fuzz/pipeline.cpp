// Pipeline text: read or refused, never more than errors; a pipeline that is read is read again from what
// --emit-toml prints.
#include "config/spec.h"
#include "fuzz.h"

using namespace weir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4000) return 0;
  PipelineText text;
  text.fragments.emplace_back(as_text(data, size));
  const auto spec = read_pipeline(text);
  if (!spec) {
    require(!spec.error().empty(), "a refusal says why");
    for (const auto& e : spec.error()) require(!format_error(e).empty(), "an error can be shown");
    return 0;
  }
  const auto emitted = emit_pipeline(text);
  require(emitted.has_value(), "what was read can be printed");
  PipelineText again;
  again.fragments.push_back(*emitted);
  const auto second = read_pipeline(again);
  require(second.has_value(), "what was printed can be read");
  require(second->transforms.size() == spec->transforms.size(), "with all its steps");
  return 0;
}
