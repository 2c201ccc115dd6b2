// Assertions. WEIR_CHECK holds in every build, WEIR_DCHECK only without NDEBUG.
#pragma once

namespace weir {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}

#define WEIR_CHECK(cond)                           \
  (__builtin_expect(static_cast<bool>(cond), true) \
       ? static_cast<void>(0)                      \
       : ::weir::check_failed(#cond, __FILE__, __LINE__))
#ifdef NDEBUG
#define WEIR_DCHECK(cond) static_cast<void>(0)
#else
#define WEIR_DCHECK(cond) WEIR_CHECK(cond)
#endif
