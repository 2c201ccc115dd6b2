// Expressions that look into lists and maps of keyed state where they lie: recent[1], seen['x'],
// CARDINALITY(recent). Only a list or map that is named as a whole is copied into a column.
#pragma once

#include "expr/column_access.h"
#include "operators/process_program.h"

namespace weir {

class ProcessState;

// The context that a step's expressions run in.
struct StateContext : EvalContext {
  ProcessState* state = nullptr;
};

class StateAccess final : public ColumnAccess {
 public:
  explicit StateAccess(const ProcessProgram& program) : program_(program) {}
  ExprPtr element(size_t column, const ExprPtr& key) const override;
  ExprPtr cardinality(size_t column) const override;

 private:
  // The list or map state whose column it is; nullptr if it is none.
  const StateDef* state_of(size_t column) const;
  const ProcessProgram& program_;
};

}  // namespace weir
