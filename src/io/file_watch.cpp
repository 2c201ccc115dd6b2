#include "io/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace weir {
namespace {

std::string path_in(const std::string& folder, const char* name) {
  if (folder.empty()) return name;
  return folder.back() == '/' ? folder + name : folder + "/" + name;
}

}  // namespace

FileWatch::FileWatch() : fd_(above_standard(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC))) {}

bool FileWatch::add(const std::string& folder) {
  if (watched_.contains(folder)) return true;
  const int watch = ::inotify_add_watch(
      fd_.get(), folder.empty() ? "." : folder.c_str(),
      IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE);
  if (watch < 0) return false;
  folders_[watch] = folder;
  watched_.insert(folder);
  return true;
}

FileWatch::Changes FileWatch::take() {
  Changes changes;
  // The two halves of a move may come in two calls.
  std::map<uint32_t, std::string> old = std::exchange(left_, {});
  alignas(inotify_event) char buffer[size_t{16} << 10];
  for (;;) {
    const ssize_t n = ::read(fd_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    for (size_t at = 0; at < static_cast<size_t>(n);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += sizeof(inotify_event) + event->len;
      if ((event->mask & IN_Q_OVERFLOW) != 0) changes.missed = true;
      const auto folder = folders_.find(event->wd);
      if (folder == folders_.end()) continue;
      if ((event->mask & IN_IGNORED) != 0) {  // the folder has gone
        watched_.erase(folder->second);
        folders_.erase(folder);
        changes.names = true;
        continue;
      }
      if (event->len == 0) continue;
      const std::string path = path_in(folder->second, event->name);
      if ((event->mask & (IN_MODIFY | IN_CLOSE_WRITE)) != 0) changes.contents = true;
      if ((event->mask & (IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE)) == 0) continue;
      changes.names = true;
      if ((event->mask & IN_MOVED_FROM) != 0) {
        left_[event->cookie] = path;
      } else if ((event->mask & IN_MOVED_TO) != 0) {
        std::string from;
        for (auto* names : {&left_, &old}) {
          const auto found = names->find(event->cookie);
          if (found == names->end()) continue;
          from = found->second;
          names->erase(found);
        }
        changes.moves.emplace_back(from, path);
      } else if ((event->mask & IN_CREATE) != 0) {
        changes.moves.emplace_back("", path);
      } else {
        changes.moves.emplace_back(path, "");
      }
    }
  }
  // Moves that led out of our folders.
  for (const auto& [cookie, from] : old) changes.moves.emplace_back(from, "");
  return changes;
}

}  // namespace weir
