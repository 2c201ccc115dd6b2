#include "operators/hold.h"

#include <algorithm>
#include <atomic>

namespace weir {

namespace {

class HoldCollector final : public Collector {
 public:
  void consume(Batch batch) override { batches_.push_back(std::move(batch)); }
  std::vector<Batch>& batches() { return batches_; }

 private:
  std::vector<Batch> batches_;
};

class HeldRows final : public BatchSource {
 public:
  explicit HeldRows(std::vector<std::unique_ptr<Collector>> collectors) {
    for (auto& collector : collectors)
      for (auto& batch : dynamic_cast<HoldCollector&>(*collector).batches())
        batches_.push_back(std::move(batch));
    std::sort(batches_.begin(), batches_.end(),
              [](const Batch& a, const Batch& b) { return a.ordinal(0) < b.ordinal(0); });
  }

  bool claim(Batch& batch) override {
    const size_t i = next_.fetch_add(1);
    if (i >= batches_.size()) return false;
    batch = std::move(batches_[i]);
    batch.sequence = i;
    batch.ordinals.clear();
    batch.rejects.clear();
    batch.records = 0;
    return true;
  }

 private:
  std::vector<Batch> batches_;
  std::atomic<size_t> next_{0};
};

class HoldPlan final : public OperatorPlan {
 public:
  explicit HoldPlan(const Schema& schema) : OperatorPlan("hold", schema, schema) {}

  Placement placement() const override { return Placement::kCollector; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return output_needed;
  }
  std::string explain() const override { return "hold: all rows, until the other input is read"; }
  bool keeps_event_time() const override { return true; }
  std::unique_ptr<Collector> make_collector(const OperatorContext&) const override {
    return std::make_unique<HoldCollector>();
  }
  std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                      const OperatorContext&) const override {
    return std::make_unique<HeldRows>(std::move(collectors));
  }
};

}  // namespace

std::unique_ptr<OperatorPlan> make_hold(const Schema& schema) {
  return std::make_unique<HoldPlan>(schema);
}

}  // namespace weir
