#include "sinks/sink_list.h"

namespace weir {
namespace {

class BlackholeSink final : public Sink {
 public:
  Result<void> write(const Batch&, std::string_view) override { return {}; }
  Result<void> flush() override { return {}; }
  Result<std::string> checkpoint() override { return std::string(); }
  Result<void> commit() override { return {}; }
  void abort() override {}
};

class BlackholePlan final : public SinkPlan {
 public:
  const Format* format() const override { return nullptr; }
  bool needs_columns() const override { return false; }
  bool takes_changelog() const override { return true; }
  std::string explain() const override { return "blackhole"; }
  Result<std::unique_ptr<Sink>> open() const override { return std::make_unique<BlackholeSink>(); }
  Delivery delivery() const override { return Delivery::kExactlyOnce; }
};

struct BlackholeOptions {};

std::vector<OptionDoc> blackhole_docs() { return {}; }

std::unique_ptr<SinkPlan> bind_blackhole(const SinkSpec& spec, const Schema&, const SinkContext&,
                                         Errors& errors) {
  BlackholeOptions none;
  const size_t before = errors.size();
  read_options(OptionTable<BlackholeOptions>{}, spec.options, none, errors, "the blackhole sink",
               {"type"});
  if (errors.size() > before) return nullptr;
  return std::make_unique<BlackholePlan>();
}

}  // namespace

const SinkDescriptor kBlackholeSink = {"blackhole", "counts rows and forgets them", blackhole_docs,
                                       bind_blackhole};

}  // namespace weir
