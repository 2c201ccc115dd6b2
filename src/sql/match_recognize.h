// MATCH_RECOGNIZE (PARTITION BY ... ORDER BY ... MEASURES ... PATTERN (...) DEFINE ...)
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// The cursor at MATCH_RECOGNIZE.
MatchRecognize parse_match_recognize(Grammar& g);

}  // namespace weir::sql
