#include "sinks/sink_list.h"
#include "sinks/stdout_plan.h"

namespace weir {
namespace {

struct PrintOptions {};

std::vector<OptionDoc> print_docs() { return {}; }

std::unique_ptr<SinkPlan> bind_print(const SinkSpec& spec, const Schema&,
                                     const SinkContext& context, Errors& errors) {
  PrintOptions none;
  const size_t before = errors.size();
  read_options(OptionTable<PrintOptions>{}, spec.options, none, errors, "the print sink", {"type"});
  if (errors.size() > before) return nullptr;
  SinkFormat format = bind_sink_format(spec, "print", context, errors);
  if (errors.size() > before) return nullptr;
  return make_stdout_plan("print", std::move(format), context);
}

}  // namespace

const SinkDescriptor kPrintSink = {"print",
                                   "writes rows to standard output as Flink prints them: +I[a, b]",
                                   print_docs, bind_print};

}  // namespace weir
