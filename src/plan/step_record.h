// What binding has made of a pipeline's steps: for spelling its queries as the steps that they become
// (spell_queries.h). Outputs are numbered as they come: sources, then steps.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "config/spec.h"

namespace weir {

// One thing that a query has asked for.
struct QueryPart {
  std::variant<SourceSpec, ComponentSpec, EventTimeSpec> what;
  std::vector<size_t> inputs;         // outputs that it reads
  std::vector<std::string> shown_as;  // what messages call those that have no name; empty: nothing
  size_t output = 0;                  // of an EventTimeSpec: that of its input, from here on
};

// A step as it was written: [[transform]], then [window], then [[then]].
struct RecordedStep {
  static constexpr size_t kNone = static_cast<size_t>(-1);

  bool is_query = false;
  std::vector<QueryPart> parts;  // of a query
  size_t before = kNone;         // the output that it reads if it says nothing; kNone: none
  size_t after = kNone;          // the same for the step behind it
  size_t result = kNone;         // of a query: the output that `after` is another name of
};

struct StepRecord {
  std::vector<RecordedStep> steps;
  std::vector<QueryPart> open_parts;  // of the query that is being bound
  size_t open_result = RecordedStep::kNone;
  std::vector<std::string> names;  // of all outputs; empty: it has none
  size_t sources = 0;              // of the pipeline itself
  bool asks_for_time = false;      // the times of records were found out
};

}  // namespace weir
