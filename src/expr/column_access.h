// Binding where some ARRAY and MAP columns are not there as a whole: keyed state, which is looked up where it lies.
#pragma once

#include "expr/binder.h"

namespace weir {

// Makes the expressions for what is asked of such a column. nullptr: the column is an ordinary one.
class ColumnAccess {
 public:
  virtual ~ColumnAccess() = default;
  // column[key]; the key is a BIGINT or of the map's key type.
  virtual ExprPtr element(size_t column, const ExprPtr& key) const = 0;
  virtual ExprPtr cardinality(size_t column) const = 0;
};

// Parses and binds as bind_text() and bind_predicate() do.
Result<ExprPtr> bind_text(const SourceText& text, const Schema& schema, const TimeZone* zone,
                          const ColumnAccess& access);
Result<ExprPtr> bind_predicate(const SourceText& text, const Schema& schema, const TimeZone* zone,
                               const ColumnAccess& access);

}  // namespace weir
