// What sources that ask a database share: rows of a query as batches.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sources/source.h"

namespace weir {

struct QueryCell {
  enum class Kind : uint8_t { kNull, kInteger, kReal, kText, kBytes };
  Kind kind = Kind::kNull;
  int64_t integer = 0;
  double real = 0;
  std::string_view text;
};

// A query that runs.
class QueryRows {
 public:
  virtual ~QueryRows() = default;
  // What the database says of its columns; STRING where it says nothing.
  virtual const Schema& columns() const = 0;
  // The next row; false at the end. Cells are valid until the next call.
  virtual Result<bool> next(std::vector<QueryCell>& cells) = 0;
  virtual void interrupt() = 0;  // any thread: next() ends soon
};

using QueryStart = std::function<Result<std::unique_ptr<QueryRows>>()>;

// Binds a source that gives what the query gives. Types of [source.schema] go before the database's own.
// `explain`: "sqlite: data.db".
std::unique_ptr<SourcePlan> bind_query(std::string explain, QueryStart start,
                                       const SourceSpec& spec, const SourceContext& context,
                                       Errors& errors);

// The documentation of what such a source has besides its own options.
std::vector<OptionDoc> query_source_docs(std::vector<OptionDoc> own);

}  // namespace weir
