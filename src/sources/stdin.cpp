#include "sources/file_plan.h"
#include "sources/source_format.h"
#include "sources/source_list.h"

namespace weir {
namespace {

struct StdinOptions {};

std::vector<OptionDoc> stdin_docs() { return common_source_docs("found by looking"); }

std::unique_ptr<SourcePlan> bind_stdin(const SourceSpec& spec, const SourceContext& context,
                                       Errors& errors) {
  StdinOptions none;
  const size_t before = errors.size();
  read_options(OptionTable<StdinOptions>{}, spec.options, none, errors, "the stdin source",
               kCommonSourceKeys);
  if (errors.size() > before) return nullptr;
  return bind_files("stdin", {"-"}, spec, context, errors);
}

}  // namespace

const SourceDescriptor kStdinSource = {
    "stdin", "reads standard input; a line that arrives comes out at once", stdin_docs, bind_stdin};

}  // namespace weir
