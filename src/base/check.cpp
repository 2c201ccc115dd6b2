#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace weir {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "weir: internal error: %s does not hold (%s:%d); please report it\n",
               expression, file, line);
  std::abort();
}

}  // namespace weir
