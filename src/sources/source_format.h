// The format of a source, made with as little looking at the input as possible.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/input.h"
#include "sources/source.h"

namespace weir {

struct SourceFormat {
  std::unique_ptr<Format> format;  // null after an error; also when the input may not be looked at
                                   // (SourceContext::sample) and no format is named
  std::string name;
};

// `peek` gives the head of the input; it is called at most once, and only if no format is named or the
// named one needs a sample. Problems go to `errors`.
SourceFormat bind_source_format(const SourceSpec& spec, const SourceContext& context,
                                int64_t reference_us, const std::function<Result<Peek>()>& peek,
                                Errors& errors);

// The keys of a source's table that are not its own.
inline const std::vector<std::string> kCommonSourceKeys = {"type", "format", "schema",
                                                           "event_time"};

// The documentation of `format` and `schema`, which every source has.
std::vector<OptionDoc> common_source_docs(std::string standard_format);

}  // namespace weir
