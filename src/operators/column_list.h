// Columns named in a step's options: key_by, columns, per.
#pragma once

#include <string>
#include <vector>

#include "config/options.h"
#include "data/schema.h"

namespace weir {

// The index of a column written as a bare name or in backquotes; unknown ones go to `errors`, with
// the nearest name, and give no index.
std::vector<size_t> resolve_columns(const std::vector<SourceText>& names, const Schema& schema,
                                    Errors& errors);
// The same for one name; schema.size() when unknown.
size_t resolve_column(const SourceText& name, const Schema& schema, Errors& errors);

// "a, b": for explain.
std::string join_names(const std::vector<size_t>& columns, const Schema& schema);
// "n = a + 1, m = b": for explain.
std::string join_texts(const NamedTexts& texts);

}  // namespace weir
