// CREATE TABLE name (columns, WATERMARK, PRIMARY KEY) PARTITIONED BY ... WITH ... LIKE ... AS ...
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// Behind CREATE TABLE [IF NOT EXISTS].
CreateTable parse_create_table(Grammar& g);

}  // namespace weir::sql
