// The line on a terminal's stderr that says how far a run is, rewritten in place.
//
// Threads: update and message come from different threads of the run; both are serialised here.
#pragma once

#include <mutex>
#include <string>

#include "cli/console.h"
#include "run/run.h"

namespace weir {

// "1.2 GB of 10 GB (12%), 5,000,000 records, 800 MB/s, 11 s left"
std::string progress_text(const RunProgress& progress);

class ProgressLine {
 public:
  explicit ProgressLine(Console& console) : console_(console) {}
  void update(const RunProgress& progress);
  // Prints a line of its own above the progress.
  void message(const std::string& text);
  // Takes the line away.
  void clear();

 private:
  void erase();

  Console& console_;
  std::mutex mutex_;
  bool shown_ = false;
};

}  // namespace weir
