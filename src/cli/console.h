// The process's stdout and stderr as people see them.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace weir {

// Whether to colour what goes to `fd`: `choice` is auto, always or never; NO_COLOR, CLICOLOR_FORCE
// and TERM are honoured in auto.
bool wants_color(std::string_view choice, int fd);

class Console {
 public:
  // `color`: auto, always or never.
  explicit Console(std::string_view color = "auto");

  void error(const Error& error);
  void errors(const Errors& errors);
  // A line for stderr, "weir: " put before it by the caller.
  void line(std::string_view text);

  // Writes all of `text` to stdout. 0, or the exit code after a failed write (reported; quietly 141
  // when the reader has gone).
  int print(std::string_view text);

  bool output_color() const { return output_color_; }

 private:
  bool error_color_;
  bool output_color_;
};

}  // namespace weir
