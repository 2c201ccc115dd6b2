// limit: passes some rows and ends the input early.

#include <algorithm>

#include "operators/operator_list.h"

namespace weir {

namespace {

struct LimitOptions {
  int64_t limit = 0;
  int64_t offset = 0;
};

const OptionTable<LimitOptions>& limit_options() {
  static const OptionTable<LimitOptions> table = {
      {"limit", &LimitOptions::limit, "how many rows pass", true},
      {"offset", &LimitOptions::offset, "how many rows are left out before them"},
  };
  return table;
}

class Limit final : public Ordered {
 public:
  explicit Limit(const LimitOptions& options)
      : to_skip_(static_cast<uint64_t>(options.offset)),
        to_pass_(static_cast<uint64_t>(options.limit)) {}

  void process(Batch batch, Emitter& out) override {
    const uint64_t skip = std::min<uint64_t>(to_skip_, batch.rows);
    const uint64_t pass = std::min<uint64_t>(to_pass_, batch.rows - skip);
    to_skip_ -= skip;
    to_pass_ -= pass;
    if (skip > 0 && pass > 0) {
      rows_.resize(pass);
      for (uint64_t i = 0; i < pass; ++i) rows_[i] = static_cast<uint32_t>(skip + i);
      batch.select({rows_.data(), rows_.size()});
    } else {
      batch.truncate(pass);
    }
    if (to_pass_ == 0) {
      // Rows refused beyond the last one that passes were never asked for.
      std::erase_if(batch.rejects, [&](const Reject& r) { return r.row >= batch.rows; });
    }
    out.emit(std::move(batch));
  }
  bool done() const override { return to_pass_ == 0; }
  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u64(to_skip_);
    writer.put_u64(to_pass_);
  }
  void restore(SnapshotReader& reader) override {
    to_skip_ = reader.get_u64();
    to_pass_ = reader.get_u64();
  }

 private:
  uint64_t to_skip_;
  uint64_t to_pass_;
  Vec<uint32_t> rows_;
};

class LimitPlan final : public OperatorPlan {
 public:
  LimitPlan(const Schema& schema, LimitOptions options)
      : OperatorPlan("limit", schema, schema), options_(options) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return output_needed;
  }
  std::string explain() const override {
    return "limit: " + std::to_string(options_.limit) +
           (options_.offset > 0 ? " after " + std::to_string(options_.offset) : std::string());
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext&) const override {
    return std::make_unique<Limit>(options_);
  }

 private:
  LimitOptions options_;
};

std::unique_ptr<OperatorPlan> bind_limit(const ComponentSpec& spec, const Schema& input,
                                         const BindContext&, Errors& errors) {
  LimitOptions options;
  const size_t before = errors.size();
  read_options(limit_options(), spec.options, options, errors, "the limit operator", {"op"});
  for (const char* key : {"limit", "offset"}) {
    const Node* node = spec.options.find(key);
    if (node != nullptr && node->kind == Node::Kind::kInteger && node->integer < 0) {
      errors.push_back(
          {ErrorKind::kConfig, std::string(key) + " must not be negative", node->position, {}, {}});
    }
  }
  if (errors.size() != before) return nullptr;
  return std::make_unique<LimitPlan>(input, options);
}

}  // namespace

const OperatorDescriptor kLimitOperator = {
    "limit",
    "Passes a number of rows, in input order, and ends the input when it has them.",
    [] { return option_docs(limit_options()); },
    bind_limit,
};

}  // namespace weir
