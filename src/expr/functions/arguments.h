// Checks of a call's arguments at binding: how many, of which types, which are literals.
//
// All errors are kConfig without a place; the binder adds the place of the call.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expr/expr.h"
#include "expr/function.h"

namespace weir {

// Error unless least <= args.size() <= most (most < 0: no limit).
Result<void> check_count(std::string_view function, std::span<const ExprPtr> args, int least,
                         int most);

// Error unless argument i has the wanted type, is a bare NULL or is a number that widens to it.
Result<void> check_type(std::string_view function, std::span<const ExprPtr> args, size_t i,
                        const Type& wanted);
// The same for all arguments; args.size() <= wanted.size().
Result<void> check_types(std::string_view function, std::span<const ExprPtr> args,
                         std::span<const Type> wanted);

// The literal text of argument i, or nullopt when it is not a literal or is NULL.
std::optional<std::string> literal_text(std::span<const ExprPtr> args, size_t i);
// The same for an integer literal.
std::optional<int64_t> literal_integer(std::span<const ExprPtr> args, size_t i);

// The type all arguments convert to (expr/coercion.h). Error: there is none.
Result<Type> common_argument_type(std::string_view function, std::span<const ExprPtr> args);

// Makes a fixed function polymorphic: its types are as before, and `check` sees the arguments (for
// literals that must be right).
FunctionDescriptor checked(FunctionDescriptor descriptor,
                           Result<void> (*check)(std::span<const ExprPtr> args));

}  // namespace weir
