// Which records some rule may match, as far as the records alone tell: the others need not reach the ordered stage.
#pragma once

#include "data/civil.h"
#include "operators/process_options.h"
#include "operators/process_program.h"

namespace weir {

// The condition over the input's columns; nullptr if every record may match. It never fails.
ExprPtr candidate_condition(const std::vector<RuleSpec>& rules, const Schema& input,
                            const TimeZone* zone);

// True if the condition reads the record alone and cannot fail.
bool is_of_record(const SourceText& when, const Schema& input, const TimeZone* zone);

}  // namespace weir
