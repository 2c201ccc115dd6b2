// Binds one step written in TOML and runs it over a hand-made table, cut into batches in several ways.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../expr/expr_tester.h"
#include "config/spec.h"
#include "operators/operator.h"

namespace weir {

inline std::string cell(const Column& column, size_t i) {
  return column.is_null(i) || column.type().id == TypeId::kNull ? "NULL" : text_at(column, i);
}

struct Outcome {
  std::vector<std::string> rows;     // "a|b|c"; absent columns as "-"
  std::vector<std::string> rejects;  // "field: reason"
  bool operator==(const Outcome&) const = default;
};

class CollectingEmitter : public Emitter {
 public:
  explicit CollectingEmitter(Outcome& outcome) : outcome_(outcome) {}
  void emit(Batch batch) override { add(batch); }
  void add(const Batch& batch) {
    for (const auto& reject : batch.rejects)
      outcome_.rejects.push_back(reject.field + ": " + reject.reason);
    for (size_t i = 0; i < batch.rows; ++i) {
      std::string row;
      for (const auto& column : batch.columns) {
        if (column) {
          REQUIRE(column->size() == batch.rows);
          REQUIRE(!column->is_constant());
        }
        row += (row.empty() ? "" : "|") + (column ? cell(*column, i) : "-");
      }
      outcome_.rows.push_back(row);
    }
  }

  void emit_late(Batch) override {}
  void advance(int64_t) override {}

 private:
  Outcome& outcome_;
};

// The table cut into batches of at most `size` rows.
inline std::vector<Batch> cut(const Table& table, size_t size) {
  std::vector<Batch> batches;
  for (size_t begin = 0; begin < table.batch.rows; begin += size) {
    const size_t end = std::min(table.batch.rows, begin + size);
    Batch batch;
    batch.sequence = batches.size();
    batch.rows = end - begin;
    for (const auto& column : table.batch.columns)
      batch.columns.push_back(column->slice(begin, end));
    batches.push_back(std::move(batch));
  }
  return batches;
}

class Step {
 public:
  Step(const std::string& options, const Schema& input, BindContext bind = {}) {
    PipelineText text;
    text.fragments = {"[[transform]]\n" + options};
    auto spec = read_pipeline(text);
    REQUIRE(spec.has_value());
    REQUIRE(spec->transforms.size() == 1);
    const OperatorDescriptor* descriptor = find_operator(spec->transforms[0].kind);
    REQUIRE(descriptor != nullptr);
    plan = descriptor->bind(spec->transforms[0], input, bind, errors);
    CHECK((plan == nullptr) == !errors.empty());
  }
  // Declares which output columns are wanted.
  Step& need(const std::vector<bool>& columns) {
    plan->set_output_needed(columns);
    needed = plan->columns_needed(columns);
    return *this;
  }
  std::string error() const { return errors.empty() ? "" : errors[0].message; }

  Outcome run_batches(std::vector<Batch> batches, int workers, uint64_t seed = 1) const {
    for (auto& batch : batches) {
      for (size_t c = 0; c < needed.size(); ++c) {
        if (!needed[c]) batch.columns[c].reset();
      }
    }
    Outcome outcome;
    CollectingEmitter out(outcome);
    if (plan->placement() == Placement::kTransform) {
      auto transform = plan->make_transform(context);
      for (auto& batch : batches) {
        transform->apply(batch);
        out.emit(std::move(batch));
      }
    } else if (plan->placement() == Placement::kOrdered) {
      auto ordered = plan->make_ordered(context);
      for (auto& batch : batches) {
        if (ordered->done()) break;
        ordered->process(std::move(batch), out);
        // Through a snapshot after every batch.
        SnapshotWriter writer;
        ordered->snapshot(writer);
        ordered = plan->make_ordered(context);
        SnapshotReader reader(writer.bytes());
        ordered->restore(reader);
        CHECK(reader.ok());
        CHECK(reader.at_end());
      }
      ordered->end(out);
    } else {
      std::mt19937_64 random(seed);
      std::vector<std::unique_ptr<Collector>> collectors;
      std::vector<std::unique_ptr<Transform>> preparations;
      for (int w = 0; w < workers; ++w) {
        collectors.push_back(plan->make_collector(context));
        preparations.push_back(plan->make_transform(context));
      }
      std::vector<Outcome> refused(batches.size());
      std::vector<size_t> order;
      for (size_t b = 0; b < batches.size(); ++b) order.push_back(b);
      std::shuffle(order.begin(), order.end(), random);
      for (const size_t b : order) {
        const size_t w = random() % static_cast<uint64_t>(workers);
        if (preparations[w]) preparations[w]->apply(batches[b]);
        for (const auto& r : batches[b].rejects)
          refused[b].rejects.push_back(r.field + ": " + r.reason);
        batches[b].rejects.clear();
        collectors[w]->consume(std::move(batches[b]));
      }
      for (const auto& r : refused)
        outcome.rejects.insert(outcome.rejects.end(), r.rejects.begin(), r.rejects.end());
      auto source = plan->finish(std::move(collectors), context);
      Batch batch;
      uint64_t sequence = 0;
      while (source->claim(batch)) {
        CHECK(batch.sequence == sequence++);
        out.add(batch);
      }
      CHECK(!source->claim(batch));
    }
    return outcome;
  }

  // Runs it whole, in batches of 1, 2, 7 rows, with 1 and 3 workers: all must agree.
  Outcome run(const Table& table) const {
    const Outcome whole = run_batches(cut(table, 1 << 20), 1);
    for (const size_t size : {1, 2, 7}) {
      for (const int workers : {1, 3}) {
        const Outcome other = run_batches(cut(table, size), workers, size);
        INFO("batches of " << size << ", workers " << workers);
        CHECK(other.rows == whole.rows);
        CHECK(other.rejects == whole.rejects);
      }
    }
    return whole;
  }

  std::unique_ptr<OperatorPlan> plan;
  Errors errors;
  std::vector<bool> needed;
  OperatorContext context = [] {
    OperatorContext c;
    c.fail_fast = false;
    return c;
  }();
};

}  // namespace weir
