#include <array>

#include "expr/aggregates/aggregate_list.h"

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

std::span<const AggregateDescriptor* const> aggregate_functions() { return kAggregates; }

const AggregateDescriptor* find_aggregate(std::string_view upper_case_name) {
  for (const auto* descriptor : kAggregates) {
    if (descriptor->name == upper_case_name) return descriptor;
  }
  return nullptr;
}

}  // namespace weir
