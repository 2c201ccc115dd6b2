// Errors as values: what went wrong, where, and what to do about it.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace weir {

// A place in a text a person wrote. Lines and columns count from 1; 0 means "not known".
struct Position {
  std::string file;  // path, or a name in angle brackets such as <-e 1>
  int line = 0;
  int column = 0;
  std::string line_text;  // the line itself, for the caret; empty when not known
  int length = 1;         // how many characters the caret underlines
};

enum class ErrorKind {
  kUsage,     // wrong command line: exit 2
  kConfig,    // wrong pipeline, expression or option: exit 2
  kData,      // damaged input or a bad record: exit 3
  kIo,        // reading or writing failed: exit 1
  kDiskFull,  // no space left, or the memory budget is used up: exit 6
  kState,     // checkpoint unusable: exit 4
  kBusy,      // another run holds the lock: exit 5
  kInternal,  // our bug: exit 1
};

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;  // one sentence, lower case, no full stop
  Position position;    // of the text that is wrong
  std::string hint;     // what to do: "did you mean `status`?"
  std::string context;  // where in the pipeline: "[[transform]] 2 (filter)"
};

template <class T>
using Result = std::expected<T, Error>;

using Errors = std::vector<Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message, std::string hint = {}) {
  return std::unexpected(Error{kind, std::move(message), {}, std::move(hint), {}});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

// Formats an error as a person reads it, several lines, ends with a newline:
//   FILE:LINE:COLUMN: error: MESSAGE
//     LINE TEXT
//       ^~~~
//     hint: HINT
std::string format_error(const Error& error, bool color = false);

// The process's exit code for an error of this kind (DESIGN: exit codes).
int exit_code(ErrorKind kind);

// "message: strerror(errno_value)"; ENOSPC, EDQUOT and EFBIG give kDiskFull, the rest kIo.
Error io_error(std::string message, int errno_value);

}  // namespace weir
