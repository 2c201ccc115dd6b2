#include <array>

#include "base/vec.h"
#include "expr/aggregates/aggregate_list.h"
#include "state/snapshot.h"

namespace weir {

namespace {

constexpr std::array kAggregates = {
    &kApproxCountDistinct,
    &kApproxPercentile,
    &kArrayAgg,
    &kAvg,
    &kCollect,
    &kCount,
    &kFirstValue,
    &kJsonArrayagg,
    &kJsonObjectagg,
    &kLastValue,
    &kListagg,
    &kMax,
    &kMean,
    &kMedian,
    &kMin,
    &kPercentile,
    &kStddev,
    &kStddevPop,
    &kStddevSamp,
    &kSum,
    &kVariance,
    &kVarPop,
    &kVarSamp,
};

}  // namespace

void Aggregate::retract(StateSlots, const uint32_t*, std::span<const ColumnPtr>, size_t,
                        const Batch&, EvalContext&) const {
  WEIR_CHECK(false);
}

void Aggregate::merge_copies(StateSlots into, const uint32_t* into_groups, StateSlots from,
                             const uint32_t* from_groups, size_t n) const {
  Vec<uint64_t> room(state_size() / sizeof(uint64_t));
  char* const copy = reinterpret_cast<char*>(room.data());
  for (size_t i = 0; i < n; ++i) {
    SnapshotWriter writer;
    snapshot(from.at(from_groups[i]), writer);
    SnapshotReader reader(writer.bytes());
    init(copy);
    restore(copy, reader);
    merge(into.at(into_groups[i]), copy);
    destroy(copy);
  }
}

std::span<const AggregateDescriptor* const> aggregate_functions() { return kAggregates; }

const AggregateDescriptor* find_aggregate(std::string_view upper_case_name) {
  for (const auto* descriptor : kAggregates) {
    if (descriptor->name == upper_case_name) return descriptor;
  }
  return nullptr;
}

}  // namespace weir
