// Strings that kernels make: allocated in the batch's arena, bounded in size.
#pragma once

#include <cstring>
#include <string_view>

#include "expr/expr.h"
#include "expr/function.h"

namespace weir {

// The longest string a function may make. A wrong count (REPEAT('x', 2000000000)) is a data error
// of its row and does not take the machine's memory.
inline constexpr size_t kMaxTextBytes = size_t{64} << 20;

inline bool too_long(EvalContext& context, size_t bytes) {
  if (bytes <= kMaxTextBytes) return false;
  fail_row(context, "result is longer than 64 MiB");
  return true;
}

inline StringRef copy_text(EvalContext& context, std::string_view text) {
  return StringRef(context.arena->copy(text));
}

inline char* copy_bytes(char* to, StringRef from) {
  if (from.len != 0) std::memcpy(to, from.ptr, from.len);
  return to + from.len;
}

}  // namespace weir
