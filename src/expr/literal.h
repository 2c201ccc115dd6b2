// Literals of the grammar: texts -> values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "data/value.h"

namespace weir {

// "12" INT, BIGINT or DECIMAL by size; "1.50" DECIMAL(3, 2); "1e3" DOUBLE. nullopt: more than 38
// digits or out of DOUBLE's range.
std::optional<Value> integer_literal(std::string_view digits, bool negative);
std::optional<Value> decimal_literal(std::string_view text, bool negative);
std::optional<Value> double_literal(std::string_view text, bool negative);

// DATE '…', TIME '…', TIMESTAMP '…': the precision is the number of fraction digits written.
std::optional<Value> date_literal(std::string_view text);
std::optional<Value> time_literal(std::string_view text);
std::optional<Value> timestamp_literal(std::string_view text);

// Interval units, upper case and singular, from coarse to fine: YEAR QUARTER MONTH | WEEK DAY HOUR
// MINUTE SECOND MILLISECOND.
bool is_interval_unit(std::string_view unit);
// '10' MINUTE; '1 02:03' DAY TO MINUTE; '1-2' YEAR TO MONTH; '1.5' SECOND. `to` is empty for a
// single unit. nullopt: the text does not fit the units.
std::optional<Value> interval_literal(std::string_view text, std::string_view from,
                                      std::string_view to, bool negative);

// U&'\263A': undoes the escapes. nullopt: a wrong escape.
std::optional<std::string> unescape_unicode(std::string_view text, char escape);

// The value as a literal of the grammar, e.g. DATE '2024-01-31', INTERVAL '10' MINUTE.
std::string literal_sql(const Value& value);
// 'it''s'
std::string quote_string(std::string_view text);

}  // namespace weir
