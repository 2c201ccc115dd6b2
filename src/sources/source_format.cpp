#include "sources/source_format.h"

#include "base/spelling.h"

namespace weir {
namespace {

void add_placed(Error error, const Position& position, Errors& errors) {
  if (error.position.line == 0) error.position = position;
  errors.push_back(std::move(error));
}

const FormatDescriptor* find_input_format(const FormatSpec& spec, Errors& errors) {
  const FormatDescriptor* found = find_format(spec.name);
  if (found != nullptr && found->reads) return found;
  std::vector<std::string> names;
  for (const FormatDescriptor* format : formats()) {
    if (format->reads) names.emplace_back(format->name);
  }
  Error error{ErrorKind::kConfig, "no format `" + spec.name + "`", spec.position,
              spelling_hint(spec.name, names), "source"};
  if (found != nullptr) {
    error.message = "the format `" + spec.name + "` can only be written";
    error.hint.clear();
  }
  errors.push_back(std::move(error));
  return nullptr;
}

std::unique_ptr<Format> make_format(const SourceSpec& spec, const SourceContext& context,
                                    int64_t reference_us, Errors& errors) {
  const FormatDescriptor* descriptor = find_input_format(spec.format, errors);
  if (descriptor == nullptr) return nullptr;
  const FormatContext format_context{spec.schema, context.zone, reference_us, false,
                                     context.connections};
  return descriptor->make(spec.format, format_context, errors);
}

}  // namespace

SourceFormat bind_source_format(const SourceSpec& spec, const SourceContext& context,
                                int64_t reference_us, const std::function<Result<Peek>()>& peek,
                                Errors& errors) {
  std::optional<Peek> sample;
  const auto take_sample = [&] {
    auto taken = context.sample ? peek() : Result<Peek>(Peek{});
    if (taken) {
      sample = std::move(*taken);
    } else {
      add_placed(taken.error(), spec.position, errors);
    }
    return sample.has_value();
  };
  SourceSpec named = spec;
  if (named.format.name.empty()) {
    if (!context.sample || !take_sample()) return {};
    named.format.name = sniff_format(sample->head);
  }
  SourceFormat bound{make_format(named, context, reference_us, errors), named.format.name};
  if (!bound.format || !bound.format->needs_sample()) return bound;
  if (!sample && !take_sample()) return {};
  if (auto r = bound.format->infer(sample->head, sample->whole); !r) {
    const bool has_place = named.format.position.line != 0;
    add_placed(r.error(), has_place ? named.format.position : spec.position, errors);
    return {};
  }
  return bound;
}

std::unique_ptr<Format> make_source_format(const SourceSpec& spec, const SourceContext& context,
                                           std::string_view sample, bool whole,
                                           int64_t reference_us, Errors& errors) {
  const auto peek = [&]() -> Result<Peek> { return Peek{std::string(sample), whole}; };
  return bind_source_format(spec, context, reference_us, peek, errors).format;
}

std::vector<OptionDoc> common_source_docs(std::string standard_format) {
  return {{"format",
           "string or table",
           std::move(standard_format),
           "how records are decoded: a name, or a table with the name and its options",
           false,
           {}},
          {"schema",
           "table",
           "",
           "names and types of the columns, where a sample shall not decide",
           false,
           {}},
          {"event_time",
           "table",
           "",
           "the column that holds the time, and how late records may be",
           false,
           {}}};
}

}  // namespace weir
