// A shared library that is loaded when it is first needed, so that a program that needs it seldom starts as fast as
// without it: libpq and librdkafka bring twenty others along, 4 ms of a start of 8.
//
// Threads: any.
#pragma once

#include <dlfcn.h>

#include <string>

#include "base/check.h"
#include "base/error.h"

namespace weir {

class LazyLibrary {
 public:
  explicit LazyLibrary(const char* name)
      : name_(name), handle_(::dlopen(name, RTLD_LAZY | RTLD_LOCAL)) {}

  // To be asked before any function is called. `package`: where it comes from.
  Result<void> is_there(const std::string& package) const {
    if (handle_ != nullptr) return {};
    return fail(ErrorKind::kIo, std::string(name_) + " is not there",
                "install the package " + package);
  }
  void* find(const char* function) const {
    void* const found = handle_ != nullptr ? ::dlsym(handle_, function) : nullptr;
    WEIR_CHECK(found != nullptr);
    return found;
  }

 private:
  const char* name_;
  void* handle_;
};

}  // namespace weir

// The function of that name of a library that `library()` gives, with the type of its declaration.
#define WEIR_LAZY(library, function)                               \
  (reinterpret_cast<decltype(&::function)>([] {                    \
    static void* const lazy_function_ = library().find(#function); \
    return lazy_function_;                                         \
  }()))
