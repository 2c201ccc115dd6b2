// WITH ('connector' = ..., 'format' = ...) -> the table of a source or sink in a pipeline.
//
// Flink's `filesystem`, `print` and `blackhole` with their options, and the sources and sinks of weir under
// their own names and keys, dots leading into tables: 'connector' = 'file', 'format.header' = 'false'.
#pragma once

#include "config/node.h"
#include "sql/statement.h"

namespace weir::sql {

struct ConnectorTable {
  Node table;                     // [source] or [sink]
  bool skip_bad_records = false;  // ignore-parse-errors
};

// Problems go to `errors`, at their places in `text`.
ConnectorTable connector_table(const CreateTable& create, bool is_source, const SourceText& text,
                               Errors& errors);

}  // namespace weir::sql
