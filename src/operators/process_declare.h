// The declarations of a process step: keys, state, timers.
#pragma once

#include "operators/operator.h"
#include "operators/process_errors.h"
#include "operators/process_options.h"
#include "operators/process_program.h"

namespace weir {

// Fills keys, states and timers of the program, whose input is set. Timers are declared by being set.
void declare_process(const ProcessSpec& spec, const BindContext& context, ProcessProgram& program,
                     ProcessErrors& errors);

// True if a value may be kept as `to` without asking: nothing but digits can get lost, and then it is
// an error of the record.
bool fits_state(const Expr& value, const Type& to);
// A value of the state, or a key of the map, of another type than declared.
Error state_type_error(const StateDef& def, bool is_key, const Expr& expr);

// The number of the timer; ProcessProgram::timers.size() if there is none of that name.
size_t find_timer(const ProcessProgram& program, const std::string& name);
std::vector<std::string> timer_names(const ProcessProgram& program);

}  // namespace weir
