// The descriptors that aggregates.cpp lists, by the file that defines them.
#pragma once

#include "expr/aggregate.h"

namespace weir {

extern const AggregateDescriptor kCount;  // count.cpp
extern const AggregateDescriptor kSum;    // sum.cpp
extern const AggregateDescriptor kAvg;    // average.cpp
extern const AggregateDescriptor kMean;
extern const AggregateDescriptor kMin;  // min_max.cpp
extern const AggregateDescriptor kMax;
extern const AggregateDescriptor kFirstValue;  // first_last.cpp
extern const AggregateDescriptor kLastValue;
extern const AggregateDescriptor kStddev;  // variance.cpp
extern const AggregateDescriptor kStddevPop;
extern const AggregateDescriptor kStddevSamp;
extern const AggregateDescriptor kVarPop;
extern const AggregateDescriptor kVarSamp;
extern const AggregateDescriptor kVariance;
extern const AggregateDescriptor kPercentile;  // percentile.cpp
extern const AggregateDescriptor kMedian;
extern const AggregateDescriptor kApproxPercentile;     // approx_percentile.cpp
extern const AggregateDescriptor kApproxCountDistinct;  // approx_count_distinct.cpp
extern const AggregateDescriptor kListagg;              // listagg.cpp
extern const AggregateDescriptor kArrayAgg;             // array_agg.cpp
extern const AggregateDescriptor kCollect;              // collect.cpp
extern const AggregateDescriptor kJsonArrayagg;         // json_agg.cpp
extern const AggregateDescriptor kJsonObjectagg;

}  // namespace weir
