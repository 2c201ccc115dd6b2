#include <unistd.h>

#include "sinks/sink_list.h"
#include "sinks/stdout_plan.h"

namespace weir {
namespace {

class StdoutPlan final : public SinkPlan {
 public:
  StdoutPlan(std::string kind, SinkFormat format, const SinkContext& context)
      : kind_(std::move(kind)),
        format_(std::move(format)),
        encode_options_(stdout_encode_options(context)) {}

  const Format* format() const override { return format_.format.get(); }
  EncodeOptions encode_options() const override { return encode_options_; }
  std::string explain() const override { return kind_ + ": " + format_.name; }
  Result<std::unique_ptr<Sink>> open() const override { return open_stdout_sink(); }
  Delivery delivery() const override { return Delivery::kAtLeastOnce; }

 private:
  std::string kind_;
  SinkFormat format_;
  EncodeOptions encode_options_;
};

struct StdoutOptions {};

std::vector<OptionDoc> stdout_docs() {
  return {sink_format_doc("table on a terminal, else json; print where rows take others back")};
}

std::unique_ptr<SinkPlan> bind_stdout(const SinkSpec& spec, const Schema&,
                                      const SinkContext& context, Errors& errors) {
  StdoutOptions none;
  const size_t before = errors.size();
  read_options(OptionTable<StdoutOptions>{}, spec.options, none, errors, "the stdout sink",
               {"type", "format"});
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const char* usual = terminal ? "table" : context.changelog ? "print" : "json";
  SinkFormat format = bind_sink_format(spec, usual, context, errors);
  if (errors.size() > before) return nullptr;
  return make_stdout_plan("stdout", std::move(format), context);
}

}  // namespace

std::unique_ptr<SinkPlan> make_stdout_plan(std::string kind, SinkFormat format,
                                           const SinkContext& context) {
  return std::make_unique<StdoutPlan>(std::move(kind), std::move(format), context);
}

const SinkDescriptor kStdoutSink = {"stdout", "writes to standard output", stdout_docs,
                                    bind_stdout};

}  // namespace weir
