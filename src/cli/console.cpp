#include "cli/console.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace weir {
namespace {

// 0, or the errno of the write that failed.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

bool wants_color(std::string_view choice, int fd) {
  if (choice == "always") return true;
  if (choice == "never" || is_set("NO_COLOR")) return false;
  const char* force = std::getenv("CLICOLOR_FORCE");
  if (force != nullptr && *force != '\0' && std::string_view(force) != "0") return true;
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

Console::Console(std::string_view color)
    : error_color_(wants_color(color, STDERR_FILENO)),
      output_color_(wants_color(color, STDOUT_FILENO)) {}

// A stderr that cannot be written to leaves nobody to tell.
void Console::error(const Error& error) {
  write_all(STDERR_FILENO, format_error(error, error_color_));
}

void Console::errors(const Errors& errors) {
  for (const auto& e : errors) error(e);
}

void Console::line(std::string_view text) { write_all(STDERR_FILENO, std::string(text) + "\n"); }

int Console::print(std::string_view text) {
  const int failed = write_all(STDOUT_FILENO, text);
  if (failed == 0) return 0;
  if (failed == EPIPE) return 141;
  // main puts a descriptor that cannot be written in the place of a closed one.
  const Error e = failed == EBADF ? Error{ErrorKind::kIo, "standard output is closed", {}, {}, {}}
                                  : io_error("cannot write to standard output", failed);
  error(e);
  return exit_code(e.kind);
}

}  // namespace weir
