// Blocks from a stream: whoever holds the token (a mutex) reads and cuts one block and goes away with it.
#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>

#include "base/check.h"
#include "io/decoding_stream.h"
#include "io/descriptor_stream.h"
#include "io/sub_feed.h"

namespace weir {
namespace {

class StreamFeed final : public SubFeed {
 public:
  StreamFeed(std::string path, std::unique_ptr<ByteStream> stream, std::string name,
             uint32_t partition, std::optional<uint64_t> bytes_total, uint64_t offset,
             const FeedShared& shared)
      : shared_(shared),
        path_(std::move(path)),
        name_(std::move(name)),
        partition_(partition),
        bytes_total_(bytes_total),
        to_pass_over_(offset),
        stream_(std::move(stream)) {}

  bool claim(FeedItem& item) override {
    const std::lock_guard token(token_);
    if (stopped() || finished_) return false;
    if (!stream_) {
      auto opened = open_stream(path_, shared_.stop);
      if (!opened) return give_last_error(item, opened.error());
      stream_ = std::move(*opened);
    }
    if (!buffer_) buffer_ = shared_.pool->acquire(shared_.options.block_bytes);
    if (cutter().sequential() && !read_head()) return failure_ && give_last_error(item, *failure_);
    while (to_pass_over_ > 0 && (used_ > 0 || !at_end_) && !failure_ && !stopped()) pass_over();
    size_t target = shared_.options.block_bytes;
    for (;; target = next_target(target)) {
      if (!may_hold_end_) fill(target);
      may_hold_end_ = false;
      if (stopped()) return false;
      if (skipping_ && !skip()) {
        if (failure_) return give_last_error(item, *failure_);
        continue;
      }
      if (at_end_ && shared_.options.hold_partial) drop_partial();
      const size_t end = cutter().sequential() ? find_sequential_cut() : find_cut();
      if (end == kTooLong) {
        if (!started_) return give_block(item, 0, false);  // a partition begins with a block
        const Error error = record_too_long(offset_, shared_);
        if (cutter().sequential())
          return give_last_error(item, error);  // what follows is not found
        give_error(item, error);
        item.lost_record = true;
        item.block.first_line = line_;
        drop_record();
        return true;
      }
      if (end != npos) return give_block(item, end, at_end_ && end == used_);
      if (failure_) return give_last_error(item, *failure_);
    }
  }

  uint64_t items() const override { return items_.load(std::memory_order_acquire); }
  uint64_t bytes_done() const override { return consumed_.load(std::memory_order_relaxed); }
  std::optional<uint64_t> bytes_total() const override { return bytes_total_; }
  std::string note() const override {
    const std::lock_guard lock(note_mutex_);
    return note_;
  }

 private:
  static constexpr size_t npos = RecordCutter::npos;
  static constexpr size_t kTooLong = npos - 1;

  static uint64_t newlines(std::string_view text) {
    return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  }
  bool stopped() const { return shared_.stop->raised(); }
  const RecordCutter& cutter() const { return *shared_.cutter; }
  std::string_view bytes() const { return {buffer_->data(), used_}; }

  // Bytes to collect when so many held no record end: a record, and what it takes to see its end.
  size_t next_target(size_t target) const {
    const size_t limit = shared_.options.max_record_bytes + RecordCutter::kLookAhead;
    return std::min(2 * std::max(target, used_), limit);
  }

  // Reads up to `target` bytes in all: waits for the first ones, and takes more while there are any.
  void fill(size_t target) {
    if (at_end_ || failure_ || used_ >= target) return;
    grow_buffer(*buffer_, target);
    do {
      const auto n = stream_->read(buffer_->data() + used_, target - used_);
      if (!n && shared_.options.hold_partial && stream_->cut_off()) {
        at_end_ = true;
        const std::lock_guard lock(note_mutex_);
        note_ = name_ + " ends within its compressed data, the rest is left to the next run";
      } else if (!n) {
        failure_ = n.error();
      } else {
        used_ += *n;
        at_end_ = *n == 0 && !stopped();
      }
      if (!n || *n == 0) break;
    } while (used_ < target && stream_->ready());
    consumed_.store(stream_->bytes_consumed(), std::memory_order_relaxed);
  }

  // Reads on towards the place where an earlier run stopped.
  void pass_over() {
    fill(shared_.options.block_bytes);
    const size_t n = std::min<uint64_t>(used_, to_pass_over_);
    discard(n);
    to_pass_over_ -= n;
    started_ = true;  // the head was an earlier run's
  }

  // Reads what stands before the first record, once. False: stopped, or it is damaged and failure_ is set.
  bool read_head() {
    if (head_read_) return true;
    for (size_t target = shared_.options.block_bytes;; target = next_target(target)) {
      fill(target);
      if (stopped() || failure_) return false;
      const auto seen = cutter().head_size(bytes());
      if (!seen) return damaged(seen.error());
      const size_t size = *seen;
      if (size == npos) {
        if (used_ == 0 && at_end_) break;  // an empty file
        if (at_end_) return damaged("the input ends within its header");
        if (used_ > shared_.options.max_record_bytes) return damaged("the header is too long");
        continue;
      }
      if (size > 0) head_ = std::make_shared<const std::string>(bytes().substr(0, size));
      discard(size);
      to_pass_over_ -= std::min<uint64_t>(to_pass_over_, size);
      may_hold_end_ = used_ > 0;
      break;
    }
    head_read_ = true;
    return true;
  }

  bool damaged(const std::string& what) {
    failure_ = Error{ErrorKind::kData,
                     name_ + ": byte " + std::to_string(offset_) + ": " + what,
                     {},
                     "the records before it are whole",
                     {}};
    return false;
  }

  // As find_cut, where records say their lengths. npos and failure_: the bytes are damaged.
  size_t find_sequential_cut() {
    const size_t limit = shared_.options.max_record_bytes;
    const size_t last = cutter().last_end(bytes().substr(0, limit), 0);
    if (last != npos) return last;
    if (used_ == 0) return at_end_ ? 0 : npos;
    if (const auto what = cutter().damage(bytes())) {
      damaged(*what);
    } else if (used_ >= limit) {
      return kTooLong;
    } else if (at_end_) {
      if (cutter().first_end(bytes(), 0, 0, true) != npos) return used_;
      damaged("the input ends within a record");
    }
    return npos;
  }

  // The last record has no end yet: a later run takes it.
  void drop_partial() {
    if (cutter().sequential()) {
      const size_t last = cutter().last_end(bytes(), 0);
      const size_t behind = last == npos ? 0 : last;
      if (cutter().damage(bytes().substr(behind))) return;  // no later run will like it better
      used_ = behind;
      return;
    }
    const size_t end = cutter().last_end(bytes(), 0);
    used_ = end == npos ? 0 : end;
  }

  // Where the block ends: behind the last whole record, so that none in it is too long. kTooLong: the
  // first record is; npos: no end yet.
  size_t find_cut() const {
    const size_t limit = shared_.options.max_record_bytes;
    if (used_ <= limit) return at_end_ ? used_ : cutter().last_end(bytes(), 0);
    const size_t first = cutter().first_end(bytes(), 0, 0, at_end_);
    if (first == npos) return used_ < limit + RecordCutter::kLookAhead ? npos : kTooLong;
    if (first > limit) return kTooLong;
    const size_t last = cutter().last_end(bytes().substr(0, limit), 0);
    return last == npos ? first : std::max(first, last);
  }

  // Drops the first record, or what is there of it.
  void drop_record() {
    const size_t end = cutter().first_end(bytes(), 0, 0, at_end_);
    skip_state_ = 0;
    skipping_ = end == npos;
    if (skipping_) {
      drop_searched();
    } else {
      discard(end);
      may_hold_end_ = true;
    }
  }

  // Goes on looking for the end of a record that is being dropped. True when it was found.
  bool skip() {
    const size_t end = cutter().first_end(bytes(), 0, skip_state_, at_end_);
    if (end == npos && !at_end_) {
      drop_searched();
      return false;
    }
    discard(end == npos ? used_ : end);
    skipping_ = false;
    return true;
  }

  // Forgets bytes in which no record ends, but for those whose decision needs what follows.
  void drop_searched() {
    const size_t kept = std::min(used_, RecordCutter::kLookAhead);
    const size_t dropped = used_ - kept;
    skip_state_ = cutter().advance(skip_state_, bytes().substr(0, dropped));
    discard(dropped);
  }

  void discard(size_t n) {
    line_ += newlines({buffer_->data(), n});
    std::memmove(buffer_->data(), buffer_->data() + n, used_ - n);
    used_ -= n;
    offset_ += n;
  }

  void number(FeedItem& item) {
    item.block = Block{};
    item.block.sequence = items_.fetch_add(1, std::memory_order_release);
    item.block.origin = {shared_.options.source, partition_, offset_, offset_};
  }

  bool give_error(FeedItem& item, Error error) {
    number(item);
    item.error = std::move(error);
    return true;
  }

  bool give_last_error(FeedItem& item, Error error) {
    finish();
    return give_error(item, std::move(error));
  }

  bool give_block(FeedItem& item, size_t end, bool last) {
    number(item);
    Block& block = item.block;
    block.starts_partition = !std::exchange(started_, true);
    block.ends_partition = last;
    block.origin.end += end;
    if (!cutter().sequential()) {
      block.first_line = line_;
      line_ += newlines({buffer_->data(), end});
    }
    block.head = head_;
    // The bytes behind the block move into the next buffer: the first ones of a record, as a rule.
    const size_t rest = used_ - end;
    std::shared_ptr<Buffer> next;
    if (!last) {
      next = shared_.pool->acquire(std::max(rest, shared_.options.block_bytes));
      std::memcpy(next->data(), buffer_->data() + end, rest);
      may_hold_end_ = may_hold_end_ || used_ > shared_.options.max_record_bytes || at_end_;
    }
    pad_buffer(*buffer_, used_);
    block.bytes = {buffer_->data(), end};
    block.buffer = std::exchange(buffer_, std::move(next));
    used_ = rest;
    offset_ += end;
    if (last) finish();
    return true;
  }

  void finish() {
    finished_ = true;
    buffer_.reset();
    stream_.reset();
  }

  const FeedShared shared_;
  const std::string path_;
  const std::string name_;
  const uint32_t partition_;
  const std::optional<uint64_t> bytes_total_;
  std::atomic<uint64_t> items_{0};
  std::atomic<uint64_t> consumed_{0};

  mutable std::mutex note_mutex_;
  std::string note_;

  std::mutex token_;  // guards all that follows
  uint64_t to_pass_over_;
  std::unique_ptr<ByteStream> stream_;
  uint64_t line_ = 1;                        // of the buffer's first byte
  std::shared_ptr<const std::string> head_;  // of the partition, for each block
  bool head_read_ = false;
  std::shared_ptr<Buffer> buffer_;  // being filled; begins at a record's start
  size_t used_ = 0;
  uint64_t offset_ = 0;        // of its first byte in the stream
  bool may_hold_end_ = false;  // it was cut before its last record end
  bool at_end_ = false;        // nothing follows
  bool started_ = false;
  bool finished_ = false;
  bool skipping_ = false;  // within a record that is too long
  RecordCutter::State skip_state_ = 0;
  std::optional<Error> failure_;  // of the stream, to be told after the records before it
};

}  // namespace

std::unique_ptr<SubFeed> make_stream_feed(std::string path, uint32_t partition,
                                          std::optional<uint64_t> bytes_total, uint64_t offset,
                                          const FeedShared& shared) {
  std::string name = input_name(path);
  return std::make_unique<StreamFeed>(std::move(path), nullptr, std::move(name), partition,
                                      bytes_total, offset, shared);
}

std::unique_ptr<SubFeed> make_stream_feed(std::unique_ptr<ByteStream> stream, std::string name,
                                          uint32_t partition, std::optional<uint64_t> bytes_total,
                                          const FeedShared& shared) {
  return std::make_unique<StreamFeed>(std::string(), std::move(stream), std::move(name), partition,
                                      bytes_total, 0, shared);
}

}  // namespace weir
