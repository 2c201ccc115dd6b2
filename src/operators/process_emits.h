// What the rules of a process step emit: all of them the same columns.
#pragma once

#include <functional>

#include "operators/operator.h"
#include "operators/process_errors.h"
#include "operators/process_options.h"
#include "operators/process_program.h"

namespace weir {

// The names that the expressions of rules may use: those of records, and those of on_timer rules.
struct ProcessScopes {
  Schema record;
  Schema timer;
};

// Binds an expression of a rule; nullptr after an error.
using BindValue = std::function<ExprPtr(const SourceText& text, const Schema& scope)>;

// Fills ProcessRule::emit of all rules and the program's output. `step`: where the step stands.
void bind_emits(const ProcessSpec& spec, const Position& step, const ProcessScopes& scopes,
                const BindValue& bind_value, ProcessProgram& program, ProcessErrors& errors);

}  // namespace weir
