#include "sources/follow_feed.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/units.h"
#include "io/buffer_pool.h"
#include "io/file_watch.h"
#include "io/held_input.h"
#include "io/input.h"
#include "io/stop_signal.h"
#include "sources/lost_record.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLookUs = 1'000'000;
constexpr size_t kRoom = size_t{64} << 10;
constexpr size_t kTailBytes = 64;
constexpr int64_t kRecentUs = 10'000'000;
constexpr size_t kMostForgotten = 1000;  // positions kept of files that have been given up

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  return slash == 0 ? "/" : path.substr(0, slash);
}

struct FollowedFile {
  std::string path;  // the name it was last seen under
  Descriptor fd;
  std::unique_ptr<ByteStream> stream;  // of a compressed file, which is read once
  FilePosition identity;               // device, inode, birth
  uint32_t partition = 0;
  // --- token ---
  std::string pending;  // an unfinished record
  std::string tail;     // the last bytes read, to know the content again
  uint64_t offset = 0;  // of its first byte
  uint64_t line = 1;
  bool started = false;
  bool skipping = false;  // within a record that is too long
  bool rescan = false;    // pending may hold whole records
  bool gone = false;      // no path of ours names it
  bool ended = false;     // nothing more comes
  bool dirty = true;      // there may be more to read
  bool has_some = false;  // there was when we began with it
  bool behind = false;    // event time waits for it: no block has said yet that it has caught up
  int64_t grown_us = 0;   // when it last gave anything
  // --- table ---
  std::atomic<uint64_t> consumed{0};
};

class FollowSource final : public Source {
 public:
  FollowSource(const FollowOptions& options, std::shared_ptr<const RecordCutter> cutter,
               const Schema& schema, const FeedOptions& feed)
      : options_(options),
        cutter_(std::move(cutter)),
        schema_(schema),
        feed_(feed),
        pool_(BufferPool::make(2 * std::max(feed.block_bytes, kRoom))) {}

  Result<void> start(std::vector<std::string>& warnings) {
    watch_folders();
    started_ns_ = wall_clock().now_us() * 1000;
    std::vector<std::string> there = existing();
    auto work = plan_files(there, options_.saved);
    if (!work) return fail(work.error());
    warnings.insert(warnings.end(), work->warnings.begin(), work->warnings.end());
    forgotten_ = std::move(work->others);
    for (const auto& input : work->inputs) {
      auto file = open_file(input.path);
      if (!file) return fail(file.error());
      if (auto r = follow(std::move(*file), input.offset); !r) return r;
    }
    return {};
  }

  bool claim(SourceItem& item) override {
    const std::lock_guard token(token_);
    item = SourceItem{};
    while (!stop_.raised()) {
      for (size_t i = 0; i < files_.size(); ++i) {
        FollowedFile& file = *files_[i];
        if (file.dirty && !file.ended && read(file, item)) return true;
        if (file.behind && (file.ended || !file.dirty)) {
          give_nothing(file, item);
          return true;
        }
      }
      if (give_up_silent(item)) return true;
      // A block that held nothing but a hole, or a part of a record that is dropped, says nothing of what follows.
      const bool more = std::any_of(files_.begin(), files_.end(),
                                    [](const auto& file) { return file->dirty && !file->ended; });
      if (!more) await();
    }
    return false;
  }

  void stop() override { stop_.raise(); }
  uint64_t bytes_done() const override { return bytes_.load(std::memory_order_relaxed); }

  void consumed(const BlockOrigin& block) override {
    const std::lock_guard lock(table_);
    for (const auto& file : files_)
      if (file->partition == block.partition)
        file->consumed = std::max<uint64_t>(file->consumed, block.end);
    for (auto& [partition, file] : closing_)
      if (partition == block.partition)
        file->consumed = std::max<uint64_t>(file->consumed, block.end);
  }

  Result<std::string> position() const override {
    const std::lock_guard lock(table_);
    std::vector<FilePosition> positions = forgotten_;
    const auto add = [&](const FollowedFile& file) -> Result<void> {
      auto position = position_in(file, file.consumed);
      if (!position) return fail(position.error());
      positions.push_back(std::move(*position));
      return {};
    };
    for (const auto& [partition, file] : closing_)
      if (auto r = add(*file); !r) return fail(r.error());
    for (const auto& file : files_)
      if (auto r = add(*file); !r) return fail(r.error());
    return encode_positions(positions);
  }

  std::vector<uint32_t> awaited() const override {
    const std::lock_guard lock(table_);
    std::vector<uint32_t> partitions;
    for (const auto& file : files_)
      if (file->has_some) partitions.push_back(file->partition);
    return partitions;
  }

  std::string summary() const override {
    const std::lock_guard lock(table_);
    std::string text = format_count(opened_) + (opened_ == 1 ? " file" : " files");
    if (truncated_ > 0) text += ", " + format_count(truncated_) + " truncated";
    return text;
  }

 private:
  // Through the descriptor, for the name may be another file's by now.
  static Result<FilePosition> position_in(const FollowedFile& file, uint64_t offset) {
    auto position = position_of("/proc/self/fd/" + std::to_string(file.fd.get()), offset);
    if (position) position->path = file.path;
    return position;
  }

  static bool same(const FilePosition& a, const FilePosition& b) {
    return a.device == b.device && a.inode == b.inode && a.birth_ns == b.birth_ns;
  }

  std::vector<std::string> existing() const {
    std::vector<std::string> found;
    for (const auto& path : options_.paths)
      if (auto some = expand_paths({path}))
        for (auto& one : *some)
          if (std::find(found.begin(), found.end(), one) == found.end())
            found.push_back(std::move(one));
    return found;
  }

  void watch_folders() {
    std::set<std::string> folders;
    for (const auto& path : options_.paths) {
      std::error_code ignored;
      if (fs::is_directory(path, ignored)) folders.insert(path);
      // The part of a glob that is fixed.
      const std::string fixed = path.substr(0, path.find_first_of("*?["));
      folders.insert(folder_of(fixed));
    }
    for (const auto& path : existing()) folders.insert(folder_of(path));
    for (const auto& folder : folders) watch_.add(folder);
  }

  // --- opening ---

  // A file under a name, whatever happens to the name meanwhile.
  static Result<std::unique_ptr<FollowedFile>> open_file(const std::string& path) {
    auto fd = open_input(path);
    if (!fd) return fail(fd.error());
    struct stat info{};
    if (::fstat(fd->get(), &info) != 0 || !S_ISREG(info.st_mode))
      return fail(ErrorKind::kConfig, path + ": only files can be followed");
    auto file = std::make_unique<FollowedFile>();
    file->path = path;
    file->fd = std::move(*fd);
    auto identity = position_in(*file, 0);
    if (!identity) return fail(identity.error());
    file->identity = std::move(*identity);
    file->grown_us = monotonic_us();
    return file;
  }

  Result<void> follow(std::unique_ptr<FollowedFile> file, uint64_t offset) {
    if (is_compressed(*file)) {
      auto stream = open_stream("/proc/self/fd/" + std::to_string(file->fd.get()));
      if (!stream) return fail(stream.error());
      file->stream = std::move(*stream);
      if (auto r = pass_over(*file, offset); !r) return r;
    }
    add(std::move(file), offset);
    return {};
  }

  static bool is_compressed(const FollowedFile& file) {
    char head[16];
    const ssize_t n = ::pread(file.fd.get(), head, sizeof head, 0);
    return n > 0 && detect_compression({head, static_cast<size_t>(n)}) != Compression::kNone;
  }

  static Result<void> pass_over(FollowedFile& file, uint64_t offset) {
    char waste[4096];
    while (offset > 0) {
      const auto n = file.stream->read(waste, std::min<uint64_t>(sizeof waste, offset));
      if (!n) return fail(n.error());
      if (*n == 0) break;
      offset -= *n;
    }
    return {};
  }

  void add(std::unique_ptr<FollowedFile> file, uint64_t offset) {
    const std::lock_guard lock(table_);
    file->offset = offset;
    file->consumed = offset;
    file->started = offset > 0;
    if (offset > 0) file->line = 0;
    file->partition = next_partition_++;
    struct stat info{};
    file->has_some = file->stream != nullptr || (::fstat(file->fd.get(), &info) == 0 &&
                                                 static_cast<uint64_t>(info.st_size) > offset);
    file->behind = file->has_some;
    ++opened_;
    files_.push_back(std::move(file));
  }

  // The file if it is being read, or has been and all of it is not through yet.
  FollowedFile* find(const FilePosition& identity) {
    for (const auto& file : files_)
      if (!worthless_.contains(file->partition) && same(file->identity, identity))
        return file.get();
    for (const auto& [partition, file] : closing_)
      if (!worthless_.contains(partition) && same(file->identity, identity)) return file.get();
    return nullptr;
  }

  // Looks at what our paths name now, and at what was ours under a name before.
  void look(const std::vector<std::string>& others) {
    std::vector<std::string> ours = existing();
    for (const auto& file : files_) file->gone = true;
    for (const auto& path : others)
      if (std::find(ours.begin(), ours.end(), path) == ours.end()) see(path, false);
    for (const auto& path : ours) see(path, true);
  }

  void see(const std::string& path, bool ours) {
    auto opened = open_file(path);
    if (!opened) return;  // gone again
    FollowedFile& file = **opened;
    if (FollowedFile* known = find(file.identity)) {
      const std::lock_guard lock(table_);
      known->path = path;
      known->gone = known->gone && !ours;
      return;
    }
    const auto offset = place_of(file);
    if (offset && follow(std::move(*opened), *offset)) files_.back()->gone = !ours;
  }

  // Where a file that is not being read is to be read from; nullopt: it has been.
  std::optional<uint64_t> place_of(const FollowedFile& file) {
    for (auto old = forgotten_.begin(); old != forgotten_.end(); ++old) {
      if (!same(*old, file.identity) || old->birth_ns == 0) continue;
      // Given up before: perhaps it has grown since.
      struct stat info{};
      const uint64_t offset = old->offset;
      if (::fstat(file.fd.get(), &info) != 0 || static_cast<uint64_t>(info.st_size) <= offset)
        return std::nullopt;
      const std::lock_guard lock(table_);
      forgotten_.erase(old);
      return offset;
    }
    if (!is_compressed(file)) return 0;
    // A compressed copy of what has been read goes on where that ended: as a rule at its end.
    std::vector<FilePosition> known = forgotten_;
    for (const auto& other : files_)
      if (auto position = position_in(*other, other->offset)) known.push_back(std::move(*position));
    const std::string name = "/proc/self/fd/" + std::to_string(file.fd.get());
    if (auto work = plan_files({name}, known))
      for (const auto& input : work->inputs)
        if (input.path == name) return input.offset;
    return 0;
  }

  // --- waiting ---

  void await() {
    const int64_t now = monotonic_us();
    const int64_t wait_us = std::max<int64_t>(0, std::min(next_look_us_ - now, next_give_up(now)));
    pollfd waits[2] = {{watch_.descriptor(), POLLIN, 0}, {stop_.descriptor(), POLLIN, 0}};
    ::poll(waits, 2, static_cast<int>(wait_us / 1000 + 1));
    if (stop_.raised()) return;
    const FileWatch::Changes changes = watch_.take();
    const bool due = monotonic_us() >= next_look_us_;
    if (due) {
      next_look_us_ = monotonic_us() + kLookUs;
      watch_folders();
    }
    if (changes.names || changes.missed || due)
      look(changes.missed ? neighbours_of_ours() : follow_moves(changes));
    if (changes.names || changes.contents || changes.missed || due)
      for (const auto& file : files_) file->dirty = true;
  }

  // The names that files have now which had one of ours a short while ago.
  std::vector<std::string> follow_moves(const FileWatch::Changes& changes) {
    const int64_t now = monotonic_us();
    std::vector<std::string> names;
    for (const auto& [from, to] : changes.moves) {
      const bool was_ours = !from.empty() && (recent_.erase(from) > 0 || is_ours(from));
      if (was_ours && !to.empty()) {
        recent_[to] = now;
        names.push_back(to);
      }
    }
    std::erase_if(recent_, [&](const auto& name) { return now - name.second > kRecentUs; });
    return names;
  }

  bool is_ours(const std::string& path) const {
    return std::any_of(options_.paths.begin(), options_.paths.end(), [&](const auto& ours) {
      return ours == path || ours == folder_of(path) ||
             ::fnmatch(ours.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
    });
  }

  // After events were lost: whatever stands beside our paths and begins with their names, oldest first.
  std::vector<std::string> neighbours_of_ours() const {
    std::vector<std::pair<int64_t, std::string>> found;
    for (const auto& path : options_.paths) {
      const std::string folder = folder_of(path);
      const std::string name = fs::path(path).filename().string();
      std::error_code ignored;
      for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, ignored)) {
        const std::string other = entry.path().filename().string();
        if (other == name || !other.starts_with(name)) continue;
        const std::string full = folder.empty() ? other : (fs::path(folder) / other).string();
        if (auto identity = position_of(full, 0); identity && identity->birth_ns >= started_ns_)
          found.emplace_back(identity->birth_ns, full);
      }
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> names;
    for (auto& [birth, name] : found) names.push_back(std::move(name));
    return names;
  }

  int64_t next_give_up(int64_t now) const {
    int64_t next = INT64_MAX;
    for (const auto& file : files_)
      if (file->gone || file->ended)
        next = std::min(next, file->ended ? 0 : file->grown_us + options_.rotate_wait_us - now);
    return next;
  }

  // --- reading ---

  bool read(FollowedFile& file, SourceItem& item) {
    const size_t kept = file.pending.size();
    const size_t room = std::max(feed_.block_bytes, kept + kRoom);
    auto buffer = pool_->acquire(room);
    std::memcpy(buffer->data(), file.pending.data(), kept);
    size_t used = kept;
    const bool again = std::exchange(file.rescan, false);
    if (!fill(file, *buffer, used, room, item) && !again) return item.error.has_value();
    if (item.error) return true;
    bytes_.fetch_add(used - kept, std::memory_order_relaxed);
    if (used > kept) file.grown_us = monotonic_us();
    file.dirty = used == room;
    const bool complete = file.stream && used < room;
    if (complete) end(file);
    return cut(file, std::move(buffer), used, complete, item);
  }

  // False: nothing to be read, or an error in the item.
  bool fill(FollowedFile& file, Buffer& buffer, size_t& used, size_t room, SourceItem& item) {
    if (!file.stream && is_another(file)) {
      begin_anew(file);
      return false;
    }
    while (used < room) {
      ssize_t n;
      if (file.stream) {
        auto got = file.stream->read(buffer.data() + used, room - used);
        if (!got) {
          end(file);
          give_error(file, got.error(), item);
          return false;
        }
        n = static_cast<ssize_t>(*got);
      } else {
        n = ::pread(file.fd.get(), buffer.data() + used, room - used,
                    static_cast<off_t>(file.offset + used));
      }
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        end(file);
        give_error(file, io_error("cannot read " + file.path, errno), item);
        return false;
      }
      if (n == 0) break;
      used += static_cast<size_t>(n);
    }
    if (!file.stream && used == file.pending.size()) {
      file.dirty = false;
      return false;
    }
    if (!file.stream) {
      const size_t n = std::min(used, kTailBytes);
      file.tail.assign(buffer.data() + used - n, n);
    }
    return true;
  }

  // True if the file is shorter than what was read of it, or holds something else there now.
  static bool is_another(const FollowedFile& file) {
    const uint64_t read = file.offset + file.pending.size();
    char bytes[kTailBytes];
    const size_t n = file.tail.size();
    if (n == 0) {
      struct stat info{};
      return ::fstat(file.fd.get(), &info) == 0 && static_cast<uint64_t>(info.st_size) < read;
    }
    return ::pread(file.fd.get(), bytes, n, static_cast<off_t>(read - n)) !=
               static_cast<ssize_t>(n) ||
           file.tail != std::string_view(bytes, n);
  }

  // The file was truncated: what it holds now is another partition.
  void begin_anew(FollowedFile& file) {
    auto next = std::make_unique<FollowedFile>();
    next->path = file.path;
    next->fd = Descriptor(::fcntl(file.fd.get(), F_DUPFD_CLOEXEC, 3));
    next->identity = file.identity;
    next->grown_us = monotonic_us();
    {
      const std::lock_guard lock(table_);
      ++truncated_;
    }
    file.pending.clear();
    // Its position is worth nothing any more.
    file.ended = true;
    worthless_.insert(file.partition);
    add(std::move(next), 0);
  }

  void give_error(FollowedFile& file, Error error, SourceItem& item) {
    item.error = std::move(error);
    item.block = Block{};
    item.block.sequence = sequence_++;
    item.block.origin = {feed_.source, file.partition, file.offset, file.offset};
  }

  bool cut(FollowedFile& file, std::shared_ptr<Buffer> buffer, size_t used, bool complete,
           SourceItem& item) {
    std::string_view bytes(buffer->data(), used);
    // A writer that did not know of a truncation leaves a hole: NULs at a record's start are none of it.
    if (const size_t holes = bytes.find_first_not_of('\0'); holes > 0 && used > 0) {
      const size_t skipped = std::min(holes, used);
      file.offset += skipped;
      bytes.remove_prefix(skipped);
    }
    if (file.skipping) return skip(file, bytes, complete);
    const size_t limit = feed_.max_record_bytes;
    size_t behind = complete && !cutter_->sequential() ? bytes.size() : cutter_->last_end(bytes, 0);
    if (cutter_->sequential() && behind == RecordCutter::npos && !bytes.empty()) {
      if (complete) behind = cutter_->first_end(bytes, 0, 0, true);
      if (const auto what = damage_in(bytes, behind, complete)) {
        give_error(file,
                   Error{ErrorKind::kData,
                         file.path + ": byte " + std::to_string(file.offset) + ": " + *what,
                         {},
                         "the records before it are whole",
                         {}},
                   item);
        file.pending.clear();
        end(file);
        return true;
      }
    }
    if (behind == RecordCutter::npos || behind == 0) {
      if (bytes.size() <= limit) {
        file.pending = bytes;
        return false;
      }
      give_error(file,
                 Error{ErrorKind::kData,
                       "the record at byte " + std::to_string(file.offset) + " is longer than " +
                           format_byte_size(limit),
                       {},
                       {},
                       {}},
                 item);
      refuse_lost_record(item, schema_);
      file.skipping = true;
      skip(file, bytes, complete);
      return true;
    }
    file.pending = bytes.substr(behind);
    if (!file.pending.empty() && file.pending.size() >= kRoom) file.dirty = true;
    give(file, std::move(buffer), bytes.substr(0, behind), item);
    return true;
  }

  // Why no record will ever end in the bytes, where records say their own lengths.
  std::optional<std::string> damage_in(std::string_view bytes, size_t behind, bool complete) const {
    if (behind != RecordCutter::npos) return std::nullopt;
    if (auto what = cutter_->damage(bytes)) return what;
    if (bytes.size() > feed_.max_record_bytes)
      return "the record is longer than " + format_byte_size(feed_.max_record_bytes);
    return complete ? std::optional<std::string>("the file ends within a record") : std::nullopt;
  }

  bool skip(FollowedFile& file, std::string_view bytes, bool complete) {
    const size_t behind = cutter_->first_end(bytes, 0, 0, complete);
    const size_t dropped = behind == RecordCutter::npos ? bytes.size() : behind;
    file.skipping = behind == RecordCutter::npos;
    file.offset += dropped;
    file.pending = bytes.substr(dropped);
    file.rescan = !file.pending.empty();
    file.dirty = true;
    return false;
  }

  void give(FollowedFile& file, std::shared_ptr<Buffer> buffer, std::string_view bytes,
            SourceItem& item) {
    Block& block = item.block;
    block.sequence = sequence_++;
    block.starts_partition = !std::exchange(file.started, true);
    block.origin = {feed_.source, file.partition, file.offset, file.offset + bytes.size()};
    block.first_line = file.line;
    if (file.line > 0)
      file.line += static_cast<uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    file.offset += bytes.size();
    pad_buffer(*buffer, static_cast<size_t>(bytes.data() - buffer->data()) + bytes.size());
    block.bytes = bytes;
    block.buffer = std::move(buffer);
    file.behind = file.dirty && !file.ended;
    block.catches_up = !file.behind;
  }

  // A block that only says that the file has caught up.
  void give_nothing(FollowedFile& file, SourceItem& item) {
    item.block = Block{};
    item.block.sequence = sequence_++;
    item.block.origin = {feed_.source, file.partition, file.offset, file.offset};
    item.block.buffer = pool_->acquire(0);
    item.block.bytes = {item.block.buffer->data(), 0};
    item.block.catches_up = true;
    file.behind = false;
  }

  // --- giving up ---

  void end(FollowedFile& file) { file.ended = true; }

  // Files that nothing names, or that are read to their end. True if that gave a last record without its end.
  bool give_up_silent(SourceItem& item) {
    const int64_t now = monotonic_us();
    for (const auto& file : files_) {
      if (file->ended || !file->gone || file->dirty ||
          now - file->grown_us <= options_.rotate_wait_us)
        continue;
      end(*file);
      if (file->pending.empty()) continue;
      auto buffer = pool_->acquire(file->pending.size());
      std::memcpy(buffer->data(), file->pending.data(), file->pending.size());
      if (cut(*file, std::move(buffer), file->pending.size(), true, item)) return true;
    }
    const std::lock_guard lock(table_);
    for (auto at = files_.begin(); at != files_.end();) {
      if (!(*at)->ended) {
        ++at;
        continue;
      }
      closing_.emplace_back((*at)->partition, std::move(*at));
      at = files_.erase(at);
    }
    // Closed when all of it has gone through.
    for (auto at = closing_.begin(); at != closing_.end();) {
      FollowedFile& file = *at->second;
      const bool worthless = worthless_.contains(at->first);
      if (!worthless && file.consumed < file.offset && options_.keeps_positions) {
        ++at;
        continue;
      }
      if (auto position = position_in(file, file.offset); position && !worthless)
        forgotten_.push_back(std::move(*position));
      worthless_.erase(at->first);
      at = closing_.erase(at);
    }
    if (forgotten_.size() > kMostForgotten)
      forgotten_.erase(forgotten_.begin(),
                       forgotten_.end() - static_cast<ptrdiff_t>(kMostForgotten));
    return false;
  }

  const FollowOptions options_;
  const std::shared_ptr<const RecordCutter> cutter_;
  const Schema& schema_;  // the plan's
  const FeedOptions feed_;
  const std::shared_ptr<BufferPool> pool_;
  StopSignal stop_;
  std::atomic<uint64_t> bytes_{0};

  std::mutex token_;  // guards all that follows
  FileWatch watch_;
  int64_t next_look_us_ = 0;
  int64_t started_ns_ = 0;
  std::map<std::string, int64_t> recent_;  // names that ours got, and when
  uint64_t sequence_ = 0;
  uint32_t next_partition_ = 0;

  mutable std::mutex table_;  // guards the lists themselves, beside the token, and `consumed`
  std::vector<std::unique_ptr<FollowedFile>> files_;
  std::vector<std::pair<uint32_t, std::unique_ptr<FollowedFile>>> closing_;
  std::set<uint32_t> worthless_;  // partitions of files that were truncated
  std::vector<FilePosition> forgotten_;
  uint64_t opened_ = 0;
  uint64_t truncated_ = 0;
};

}  // namespace

Result<std::unique_ptr<Source>> make_follow_source(const FollowOptions& options,
                                                   std::shared_ptr<const RecordCutter> cutter,
                                                   const Schema& schema, const FeedOptions& feed,
                                                   std::vector<std::string>& warnings) {
  auto source = std::make_unique<FollowSource>(options, std::move(cutter), schema, feed);
  if (auto r = source->start(warnings); !r) return fail(r.error());
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace weir
