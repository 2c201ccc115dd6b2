// Values as text: what CAST(x AS STRING) gives, csv and print write.
#pragma once

#include <string>

#include "data/column.h"

namespace weir {

// How nested values, NULLs and times look.
struct TextStyle {
  std::string_view null_text = "NULL";  // inside nested values only; at the top the caller decides
  std::string_view timezone = "UTC";    // session zone, for TIMESTAMP_LTZ
};

// Appends Flink's text form of row i (not NULL): BOOLEAN TRUE/FALSE; integers; DOUBLE as Java prints
// it (1.0E10, 3.0, NaN, Infinity); DECIMAL with all its scale; DATE 2024-01-31; TIME 12:34:56[.123];
// TIMESTAMP(p) `2021-09-24 12:34:56.100` with exactly p digits; intervals +1-00, +0 00:00:03.000;
// arrays [1, NULL]; maps {k=v}; rows (1, abc); BYTES as they are.
void append_text(std::string& out, const Column& column, size_t i, const TextStyle& style = {});
std::string text_at(const Column& column, size_t i, const TextStyle& style = {});

void append_integer(std::string& out, int64_t value);
void append_double(std::string& out, double value);  // Java's Double.toString, shortest digits
void append_float(std::string& out, float value);
void append_decimal(std::string& out, Int128 value, int scale);
// JSON number for a double: 1e+300 forms allowed by JSON; NaN and infinities are not written here.
void append_json_double(std::string& out, double value);

}  // namespace weir
