// What happens to files in some folders: names that come, go and change (inotify).
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "io/descriptor.h"

namespace weir {

class FileWatch {
 public:
  FileWatch();

  // Watches a folder; false if the system does not let us (it is not there, too many watches): then what
  // happens there is only found by looking now and then. "" is the current folder.
  bool add(const std::string& folder);

  struct Changes {
    bool names = false;     // files have come, gone or changed their names
    bool contents = false;  // files have been written
    bool missed = false;    // there were too many events: anything may have happened
    // Renames and new names in order: from (empty: new, or from elsewhere), to (empty: gone).
    std::vector<std::pair<std::string, std::string>> moves;
  };
  // What has happened since the last call; does not wait.
  Changes take();
  int descriptor() const { return fd_.get(); }

 private:
  Descriptor fd_;
  std::map<int, std::string> folders_;  // by watch
  std::set<std::string> watched_;
  std::map<uint32_t, std::string> left_;  // names that files have left, by the move's cookie
};

}  // namespace weir
