#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include "io/input.h"

namespace weir {
namespace {

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

struct Entry {
  std::string name;
  bool is_directory = false;  // itself, not through a symbolic link
};

// The entries of a folder without "." and ".."; none if it cannot be read.
std::vector<Entry> list_folder(const std::string& path) {
  std::vector<Entry> entries;
  const auto closer = [](DIR* folder) { ::closedir(folder); };
  const std::unique_ptr<DIR, decltype(closer)> folder(::opendir(path.empty() ? "." : path.c_str()),
                                                      closer);
  if (!folder) return entries;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    bool is_directory = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat info{};
      const std::string full = path.empty() ? name : path + "/" + name;
      is_directory = ::lstat(full.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
    }
    entries.push_back({name, is_directory});
  }
  return entries;
}

std::string joined(const std::string& folder, const std::string& name) {
  if (folder.empty()) return name;
  return folder.back() == '/' ? folder + name : folder + "/" + name;
}

bool is_plain_file(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// Splits "logs/**/a*.gz" into its components; the root is a component "/" of its own.
std::vector<std::string> components(std::string_view pattern) {
  std::vector<std::string> parts;
  if (pattern.starts_with('/')) parts.emplace_back("/");
  while (!pattern.empty()) {
    const size_t slash = pattern.find('/');
    if (slash != 0) parts.emplace_back(pattern.substr(0, slash));
    if (slash == std::string_view::npos) break;
    pattern.remove_prefix(slash + 1);
  }
  return parts;
}

// Adds the plain files below `folder` that match the components from `index` on. Names that begin with
// a dot match only patterns that do; `**` stands for any number of folders, itself not hidden.
void match(const std::string& folder, const std::vector<std::string>& parts, size_t index,
           std::vector<std::string>& found) {
  if (index == parts.size()) {
    if (is_plain_file(folder)) found.push_back(folder);
    return;
  }
  const std::string& part = parts[index];
  if (!is_pattern(part)) return match(joined(folder, part), parts, index + 1, found);
  const bool recursive = part == "**";
  const bool last = index + 1 == parts.size();
  if (recursive && !last) match(folder, parts, index + 1, found);
  for (const Entry& entry : list_folder(folder)) {
    const std::string path = joined(folder, entry.name);
    if (recursive) {
      if (entry.name.front() == '.') continue;
      if (entry.is_directory) match(path, parts, index, found);
      if (last && is_plain_file(path)) found.push_back(path);
    } else if (::fnmatch(part.c_str(), entry.name.c_str(), FNM_PERIOD) == 0) {
      match(path, parts, index + 1, found);
    }
  }
}

// Sorts by name and keeps one name of each file, also where links give it several.
std::vector<std::string> sorted_unique(std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end());
  std::set<std::pair<dev_t, ino_t>> seen;
  std::set<std::string> names;
  std::vector<std::string> kept;
  for (std::string& path : paths) {
    struct stat info{};
    const bool regular = ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
    const bool fresh =
        regular ? seen.emplace(info.st_dev, info.st_ino).second : names.insert(path).second;
    if (fresh) kept.push_back(std::move(path));
  }
  return kept;
}

}  // namespace

Result<std::vector<std::string>> expand_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> found;
  for (const std::string& path : paths) {
    struct stat info{};
    if (path == "-") {
      found.push_back(path);
    } else if (::stat(path.c_str(), &info) == 0) {  // also a name that happens to hold a `*`
      if (!S_ISDIR(info.st_mode)) {
        found.push_back(path);
        continue;
      }
      const size_t before = found.size();
      for (const Entry& entry : list_folder(path)) {
        const std::string file = joined(path, entry.name);
        if (entry.name.front() != '.' && is_plain_file(file)) found.push_back(file);
      }
      if (found.size() == before) {
        return fail(ErrorKind::kIo, "no files in the folder `" + path + "`",
                    "folders inside it are read with `" + joined(path, "**") + "`");
      }
    } else if (is_pattern(path)) {
      const size_t before = found.size();
      match({}, components(path), 0, found);
      if (found.size() == before) return fail(ErrorKind::kIo, "no file matches `" + path + "`");
    } else if (errno == ENOENT) {
      return fail(ErrorKind::kIo, "no such file: `" + path + "`");
    } else {
      return fail(io_error("cannot open " + path, errno));
    }
  }
  return sorted_unique(std::move(found));
}

}  // namespace weir
