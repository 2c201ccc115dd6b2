// Blocks from plain files, by position: no thread reads for another.
//
// Files are cut into ranges of block_bytes; one counter gives them out. A record belongs to the range in
// which it begins. The record that starts at `b` or later is found from b - 1 on, because a newline there
// makes `b` a start; the last record of a range is read to its end beyond the range. So neighbours need
// not speak to each other, but for formats with quotes: whether a range begins inside quotes is known
// when all ranges before it have been scanned. Each worker scans its own range without knowing (states
// compose by exclusive or), then waits for its turn in the file's chain, which has been reached long ago
// as a rule, and passes the state on.
//
// A record longer than allowed is dropped from the block in which it begins. It covers the whole next
// range (block_bytes is at most half the limit), where no record begins, and whose place in the order is
// thus free for the error; that range's worker looks back to find out.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/check.h"
#include "io/descriptor_stream.h"
#include "io/held_input.h"
#include "io/sub_feed.h"

namespace weir {
namespace {

constexpr size_t npos = RecordCutter::npos;
using State = RecordCutter::State;

// The states at the ranges' scan starts, handed from each range of a file to the next one.
class StateChain {
 public:
  // The state where the scan of range k starts. Waits for the range before it.
  State wait_for(uint64_t k) const {
    for (int tries = 0;; ++tries) {
      const uint64_t seen = chain_.load(std::memory_order_acquire);
      if (seen >> 32 == k) return static_cast<State>(seen);
      if (tries < 256) {
        __builtin_ia32_pause();
      } else if (tries < 320) {
        ::sched_yield();
      } else {
        chain_.wait(seen, std::memory_order_acquire);
      }
    }
  }
  // Only after wait_for(k).
  void pass_on(uint64_t k, State state_behind) {
    chain_.store((k + 1) << 32 | state_behind, std::memory_order_release);
    chain_.notify_all();
  }

 private:
  std::atomic<uint64_t> chain_{0};  // the number of a range << 32 | the state where its scan starts
};

struct OpenFile {
  PlainFile file;
  uint64_t first_range = 0;  // the file's first range among all
  uint64_t ranges = 0;       // at least 1
  std::mutex mutex;          // guards opening and closing
  Descriptor owner;
  int fd = -1;
  std::atomic<uint64_t> ranges_left{0};
  StateChain chain;
};

// The part of a file that a worker has read.
struct Window {
  Buffer& buffer;
  size_t lead;     // unused bytes before it, for alignment
  uint64_t begin;  // offset of its first byte in the file
  size_t size = 0;

  std::string_view view() const { return {buffer.data() + lead, size}; }
  uint64_t end() const { return begin + size; }
};

// The records that begin in a range, as offsets in the window.
struct RangeCut {
  bool any = false;
  size_t start = 0;
  size_t end = 0;         // behind the last of them that is not too long
  bool too_long = false;  // the one that begins at `end` is
};

class PositionFeed final : public SubFeed {
 public:
  PositionFeed(std::vector<PlainFile> files, const FeedShared& shared) : shared_(shared) {
    for (PlainFile& file : files) {
      auto open = std::make_unique<OpenFile>();
      open->first_range = ranges_;
      open->ranges = std::max<uint64_t>(1, (file.size + block_bytes() - 1) / block_bytes());
      open->ranges_left = open->ranges;
      ranges_ += open->ranges;
      bytes_total_ += file.size;
      open->file = std::move(file);
      files_.push_back(std::move(open));
    }
  }

  bool claim(FeedItem& item) override {
    if (shared_.stop->raised()) return false;
    const uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
    if (number >= ranges_) return false;
    const auto after = std::upper_bound(
        files_.begin(), files_.end(), number,
        [](uint64_t n, const std::unique_ptr<OpenFile>& file) { return n < file->first_range; });
    OpenFile& file = **std::prev(after);
    const uint64_t k = number - file.first_range;
    item.block = Block{};
    item.block.sequence = number;
    item.block.starts_partition = k == 0 && file.file.skipped == 0;
    item.block.ends_partition = k + 1 == file.ranges;
    item.block.origin = {shared_.options.source, file.file.partition,
                         file.file.skipped + range_begin(k), file.file.skipped + range_begin(k)};
    if (auto r = read_range(file, k, item); !r) item.error = r.error();
    bytes_done_.fetch_add(range_end(file, k) - range_begin(k), std::memory_order_relaxed);
    if (file.ranges_left.fetch_sub(1) == 1) {
      const std::lock_guard lock(file.mutex);
      file.owner.close();
      file.fd = -1;
    }
    return true;
  }

  uint64_t items() const override { return ranges_; }
  uint64_t bytes_done() const override { return bytes_done_.load(std::memory_order_relaxed); }
  std::optional<uint64_t> bytes_total() const override { return bytes_total_; }

 private:
  const RecordCutter& cutter() const { return *shared_.cutter; }
  size_t block_bytes() const { return shared_.options.block_bytes; }
  uint64_t range_begin(uint64_t k) const { return k * block_bytes(); }
  uint64_t range_end(const OpenFile& file, uint64_t k) const {
    return std::min<uint64_t>(file.file.size, range_begin(k) + block_bytes());
  }
  // Where the scan of range k starts, and that of range k - 1 ends.
  uint64_t scan_begin(uint64_t k) const { return k == 0 ? 0 : range_begin(k) - 1; }
  uint64_t scan_end(const OpenFile& file, uint64_t k) const {
    const uint64_t end = range_end(file, k);
    return end == 0 ? 0 : end - 1;
  }

  // Passes the state on even when reading failed, for the workers that wait for it.
  struct ChainTurn {
    StateChain& chain;
    uint64_t k;
    bool done;

    State take(State change) {
      const State state = chain.wait_for(k);
      done = true;
      chain.pass_on(k, state ^ change);
      return state;
    }
    ~ChainTurn() {
      if (!done) take(0);
    }
  };

  Result<void> open(OpenFile& file) {
    const std::lock_guard lock(file.mutex);
    if (file.fd >= 0) return {};
    if (file.file.path == "-") {
      file.fd = 0;
      return {};
    }
    auto fd = open_input(file.file.path);
    if (!fd) return fail(fd.error());
    file.owner = std::move(*fd);
    file.fd = file.owner.get();
    ::posix_fadvise(file.fd, 0, 0, POSIX_FADV_SEQUENTIAL);  // reads ahead further
    return {};
  }

  // Reads on until the window ends at `to` (at most the file's end).
  Result<void> extend(OpenFile& file, Window& window, uint64_t to) {
    to = std::min(to, file.file.size);
    if (to <= window.end()) return {};
    const auto wanted = static_cast<size_t>(to - window.end());
    grow_buffer(window.buffer, window.lead + window.size + wanted);
    const ssize_t n = pread_all(file.fd, window.buffer.data() + window.lead + window.size, wanted,
                                file.file.begin + window.end());
    const std::string name = input_name(file.file.path);
    if (n < 0) return fail(io_error("cannot read " + name, errno));
    if (static_cast<size_t>(n) < wanted) {
      return fail(ErrorKind::kIo, name + ": the file became shorter while it was read, from " +
                                      std::to_string(file.file.size) + " to " +
                                      std::to_string(window.end() + static_cast<size_t>(n)) +
                                      " bytes");
    }
    window.size += wanted;
    return {};
  }

  // A window over range k with the look-ahead that any decision on a start inside it needs. Byte
  // range_begin(k) is aligned, which the kernel's copy likes.
  Result<Window> read_window(OpenFile& file, uint64_t k, Buffer& buffer) {
    const uint64_t begin = scan_begin(k);
    const auto ahead = static_cast<size_t>(range_begin(k) - begin);
    const size_t misaligned = (reinterpret_cast<uintptr_t>(buffer.data()) + ahead) % 64;
    Window window{buffer, (64 - misaligned) % 64, begin};
    if (auto r = extend(file, window, range_end(file, k) + RecordCutter::kLookAhead); !r) {
      return fail(r.error());
    }
    return window;
  }

  std::shared_ptr<Buffer> acquire_buffer() {
    return shared_.pool->acquire(64 + 1 + block_bytes() + RecordCutter::kLookAhead);
  }

  State scan(const OpenFile& file, uint64_t k, const Window& window) const {
    return cutter().advance(
        0, window.view().substr(0, static_cast<size_t>(scan_end(file, k) - scan_begin(k))));
  }

  Result<void> read_range(OpenFile& file, uint64_t k, FeedItem& item) {
    ChainTurn turn{file.chain, k, cutter().stateless()};
    if (auto r = open(file); !r) return r;
    std::shared_ptr<Buffer> buffer = acquire_buffer();
    auto window = read_window(file, k, *buffer);
    if (!window) return fail(window.error());
    const State change = scan(file, k, *window);
    const State state = cutter().stateless() ? 0 : turn.take(change);
    const auto cut = find_cut(file, k, *window, state, state ^ change);
    if (!cut) return fail(cut.error());
    if (cut->any) {
      pad_buffer(*buffer, window->lead + window->size);
      item.block.bytes = window->view().substr(cut->start, cut->end - cut->start);
      item.block.origin.begin = file.file.skipped + window->begin + cut->start;
      item.block.origin.end = file.file.skipped + window->begin + cut->end;
    } else {
      item.block.bytes = {buffer->data(), 0};
      // A record that is held back may reach into this range: nothing behind its start is done with.
      if (shared_.options.hold_partial)
        item.block.origin.begin = item.block.origin.end = file.file.skipped;
      if (k > 0) {
        if (auto r = look_back(file, k - 1, state, item); !r) return r;
      }
    }
    item.block.buffer = std::move(buffer);
    return {};
  }

  // Puts the error of range k's last record, if that is too long, into the item. `state_behind`: where its scan ends.
  Result<void> look_back(OpenFile& file, uint64_t k, State state_behind, FeedItem& item) {
    const std::shared_ptr<Buffer> buffer = acquire_buffer();
    auto window = read_window(file, k, *buffer);
    if (!window) return fail(window.error());
    const State state = state_behind ^ scan(file, k, *window);
    const auto cut = find_cut(file, k, *window, state, state_behind);
    if (!cut) return fail(cut.error());
    if (!cut->too_long) return {};
    const uint64_t at = file.file.skipped + window->begin + cut->end;
    item.error = record_too_long(at, shared_);
    item.lost_record = true;
    item.block.origin.begin = item.block.origin.end = at;
    return {};
  }

  // `state`: where the window begins; `state_behind`: one byte before the range's end. Extends the
  // window until the last record's end is in it.
  Result<RangeCut> find_cut(OpenFile& file, uint64_t k, Window& window, State state,
                            State state_behind) {
    const auto range_stop = static_cast<size_t>(range_end(file, k) - window.begin);
    const size_t limit = shared_.options.max_record_bytes;
    // With hold_partial more may follow behind the file's end.
    const bool ends = !shared_.options.hold_partial;
    const auto at_file_end = [&] { return ends && window.end() == file.file.size; };
    RangeCut cut;
    if (k > 0) cut.start = cutter().first_end(window.view(), 0, state, at_file_end());
    if (cut.start >= range_stop) return RangeCut{};  // npos too
    cut.any = true;
    size_t end = range_stop;
    if (range_end(file, k) < file.file.size) {
      for (size_t ahead = RecordCutter::kLookAhead;; ahead *= 2) {
        end = cutter().first_end(window.view(), range_stop - 1, state_behind, at_file_end());
        if (end != npos || window.size >= range_stop + limit + RecordCutter::kLookAhead) break;
        if (window.end() == file.file.size) break;  // unfinished, and held
        const size_t most = std::min(2 * ahead, limit + RecordCutter::kLookAhead);
        if (auto r = extend(file, window, window.begin + range_stop + most); !r) {
          return fail(r.error());
        }
      }
    }
    if (!ends && range_end(file, k) == file.file.size) {
      const size_t last = cutter().last_end(window.view().substr(cut.start), 0);
      end = last == npos ? cut.start : cut.start + last;
    }
    cut.end = end;
    if (end != npos && end - cut.start <= limit) return cut;
    const bool held =
        !ends && end == npos && window.end() == file.file.size && window.size < range_stop + limit;
    size_t last_start = cut.start;
    for (;;) {
      const size_t next = cutter().first_end(window.view(), last_start, 0, at_file_end());
      if (next >= range_stop) break;
      last_start = next;
    }
    cut.too_long = !held && (end == npos || end - last_start > limit);
    if (cut.too_long || held) cut.end = last_start;
    return cut;
  }

  const FeedShared shared_;
  std::vector<std::unique_ptr<OpenFile>> files_;
  uint64_t ranges_ = 0;
  uint64_t bytes_total_ = 0;
  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> bytes_done_{0};
};

}  // namespace

std::unique_ptr<SubFeed> make_position_feed(std::vector<PlainFile> files,
                                            const FeedShared& shared) {
  return std::make_unique<PositionFeed>(std::move(files), shared);
}

}  // namespace weir
