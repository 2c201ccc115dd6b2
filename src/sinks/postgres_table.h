// A table of PostgreSQL, for the table sink.
//
// Appends are COPY, upserts one INSERT ... SELECT FROM unnest(...) ON CONFLICT for some thousand rows, of each key
// the last. A row that is refused is found by halving, under savepoints. What may pass (a lost connection, a
// deadlock, a server that starts) is tried again as a whole, with longer and longer pauses, for `timeout`.
#pragma once

#include <memory>

#include "sinks/table_sink.h"

namespace weir {

// Waits for a server that is not there yet; not for one that refuses us.
Result<std::unique_ptr<TableDatabase>> connect_postgres(const TableTarget& target);

}  // namespace weir
