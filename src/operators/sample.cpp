// sample: passes a fraction of the records, chosen by a hash of each record's place in its source, so that
// the same ones are chosen however the input is split.

#include "operators/key_hash.h"
#include "operators/operator_list.h"

namespace weir {

namespace {

struct SampleOptions {
  double fraction = 0;
  int64_t seed = 0;
};

const OptionTable<SampleOptions>& sample_options() {
  static const OptionTable<SampleOptions> table = {
      {"fraction", &SampleOptions::fraction, "the part of the records that passes, 0 to 1", true},
      {"seed", &SampleOptions::seed, "another seed chooses other records"},
  };
  return table;
}

class Sample final : public Transform {
 public:
  Sample(double fraction, int64_t seed)
      : fraction_(fraction), seed_(HashSecret::mix(static_cast<uint64_t>(seed) + 1)) {}

  void apply(Batch& batch) override {
    rows_.clear();
    const char* last = nullptr;  // rows of one record (made by flat_map) are told apart by number
    uint64_t repeat = 0;
    for (size_t i = 0; i < batch.rows; ++i) {
      uint64_t place = batch.ordinal(i);
      if (!batch.raw.empty()) {
        repeat = batch.raw[i].ptr == last ? repeat + 1 : 0;
        last = batch.raw[i].ptr;
        const uint64_t offset =
            batch.block_begin == nullptr
                ? batch.ordinal(i)
                : batch.origin.begin + static_cast<uint64_t>(last - batch.block_begin);
        place = HashSecret::mix(offset + (uint64_t{batch.origin.partition} << 40)) + repeat;
      }
      const uint64_t hash = HashSecret::mix(HashSecret::mix(place + seed_) ^ seed_);
      if (static_cast<double>(hash >> 11) * 0x1p-53 < fraction_)
        rows_.push_back(static_cast<uint32_t>(i));
    }
    if (rows_.size() < batch.rows) batch.select({rows_.data(), rows_.size()});
  }

 private:
  double fraction_;
  uint64_t seed_;
  Vec<uint32_t> rows_;
};

class SamplePlan final : public OperatorPlan {
 public:
  SamplePlan(const Schema& schema, SampleOptions options)
      : OperatorPlan("sample", schema, schema), options_(options) {}

  Placement placement() const override { return Placement::kTransform; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return output_needed;
  }
  std::string explain() const override {
    std::string fraction = std::to_string(options_.fraction);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    if (fraction.back() == '.') fraction.pop_back();
    return "sample: " + fraction + ", seed " + std::to_string(options_.seed);
  }
  bool needs_raw() const override { return true; }
  int passes_column(size_t output_column) const override { return static_cast<int>(output_column); }
  std::unique_ptr<Transform> make_transform(const OperatorContext&) const override {
    return std::make_unique<Sample>(options_.fraction, options_.seed);
  }

 private:
  SampleOptions options_;
};

std::unique_ptr<OperatorPlan> bind_sample(const ComponentSpec& spec, const Schema& input,
                                          const BindContext&, Errors& errors) {
  SampleOptions options;
  const size_t before = errors.size();
  read_options(sample_options(), spec.options, options, errors, "the sample operator", {"op"});
  if (errors.size() != before) return nullptr;
  if (!(options.fraction >= 0 && options.fraction <= 1)) {
    errors.push_back({ErrorKind::kConfig,
                      "fraction must be from 0 to 1",
                      spec.options.find("fraction")->position,
                      "a tenth of the records is 0.1",
                      {}});
    return nullptr;
  }
  return std::make_unique<SamplePlan>(input, options);
}

}  // namespace

const OperatorDescriptor kSampleOperator = {
    "sample",
    "Passes a fraction of the records, the same ones in every run.",
    [] { return option_docs(sample_options()); },
    bind_sample,
};

}  // namespace weir
