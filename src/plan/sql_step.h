// op = "sql": a query over sources and steps. It becomes the steps that it needs (sql/lower.h), so that no
// operator of this name ever runs.
#pragma once

#include <string>
#include <vector>

#include "operators/operator.h"
#include "sql/lower.h"

namespace weir {

inline constexpr std::string_view kSqlStepName = "sql";
extern const OperatorDescriptor kSqlStep;

// The text of the step's query, and what its result is called; empty after an error.
SourceText read_query(const ComponentSpec& spec, sql::ResultColumns& columns, Errors& errors);
// True if records must have their event time for this query: it has windows or joins by time.
bool query_asks_for_time(const ComponentSpec& spec, bool streaming);
// True if the query reads a table of this name.
bool query_names(const ComponentSpec& spec, std::string_view table);

}  // namespace weir
