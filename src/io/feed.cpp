#include "io/feed.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/units.h"
#include "io/decoding_stream.h"
#include "io/descriptor_stream.h"
#include "io/held_input.h"
#include "io/sub_feed.h"

namespace weir {
namespace {

// Parts one after another under one numbering: the next one is claimed from when the one before it has
// given its last item, so that its count is known.
class ChainFeed final : public Feed {
 public:
  ChainFeed(std::vector<std::unique_ptr<SubFeed>> parts, std::shared_ptr<StopSignal> stop)
      : parts_(std::move(parts)), bases_(parts_.size() + 1), stop_(std::move(stop)) {}

  bool claim(FeedItem& item) override {
    for (;;) {
      const size_t part = current_.load(std::memory_order_acquire);
      if (part == parts_.size() || stop_->raised()) return false;
      item.error.reset();
      item.lost_record = false;
      if (parts_[part]->claim(item)) {
        item.block.sequence += bases_[part];
        return true;
      }
      if (stop_->raised()) return false;
      const std::lock_guard lock(mutex_);
      if (current_.load(std::memory_order_relaxed) != part) continue;  // another worker moved on
      bases_[part + 1] = bases_[part] + parts_[part]->items();
      current_.store(part + 1, std::memory_order_release);
    }
  }

  void stop() override { stop_->raise(); }

  uint64_t bytes_done() const override {
    uint64_t sum = 0;
    for (const auto& part : parts_) sum += part->bytes_done();
    return sum;
  }
  uint64_t bytes_total() const override {
    uint64_t sum = 0;
    for (const auto& part : parts_) {
      const auto total = part->bytes_total();
      if (!total) return 0;
      sum += *total;
    }
    return sum;
  }
  std::string note() const override {
    std::string notes;
    for (const auto& part : parts_) {
      const std::string note = part->note();
      if (!note.empty()) notes += (notes.empty() ? "" : "; ") + note;
    }
    return notes;
  }

 private:
  std::vector<std::unique_ptr<SubFeed>> parts_;
  std::vector<uint64_t> bases_;  // the number of each part's first item; known up to current_
  std::atomic<size_t> current_{0};
  std::mutex mutex_;
  std::shared_ptr<StopSignal> stop_;
};

class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<size_t> read(char* to, size_t size) override {
    const size_t n = std::min(size, bytes_.size() - at_);
    std::memcpy(to, bytes_.data() + at_, n);
    at_ += n;
    return n;
  }
  uint64_t bytes_consumed() const override { return at_; }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

// What an input is, found out without taking bytes from it that could not be read again.
struct InputKind {
  bool regular = false;
  bool plain = false;  // a regular file, not compressed
  uint64_t begin = 0;
  std::optional<uint64_t> size;  // nullopt: not known
};

Result<InputKind> inspect(const std::string& path) {
  Descriptor own;
  int fd = 0;
  struct stat info{};
  if (path == "-") {
    if (::fstat(0, &info) != 0) return fail(io_error("cannot read stdin", errno));
  } else {
    if (::stat(path.c_str(), &info) != 0) return fail(io_error("cannot open " + path, errno));
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return InputKind{};
    auto opened = open_input(path);
    if (!opened) return fail(opened.error());
    own = std::move(*opened);
    fd = own.get();
  }
  if (!S_ISREG(info.st_mode)) return InputKind{};
  InputKind kind;
  kind.regular = true;
  if (path == "-") kind.begin = static_cast<uint64_t>(std::max<off_t>(0, ::lseek(fd, 0, SEEK_CUR)));
  const auto size = static_cast<uint64_t>(info.st_size);
  kind.size = size > kind.begin ? size - kind.begin : 0;
  char head[16];
  const ssize_t n = pread_all(fd, head, sizeof head, kind.begin);
  if (n < 0) return fail(io_error("cannot read " + input_name(path), errno));
  const std::string_view seen(head, static_cast<size_t>(n));
  // Files of /proc say that they are empty.
  kind.plain = detect_compression(seen) == Compression::kNone && (*kind.size > 0 || seen.empty());
  return kind;
}

}  // namespace

FeedShared make_feed_shared(std::shared_ptr<const RecordCutter> cutter, FeedOptions options) {
  options.max_record_bytes = std::max<size_t>(options.max_record_bytes, 2);
  options.block_bytes = std::clamp<size_t>(options.block_bytes, 1, options.max_record_bytes / 2);
  // Room for the look-ahead and some growth; what had to grow further holds a giant and is not kept.
  const size_t keep_bytes = 4 * options.block_bytes + (size_t{64} << 10);
  return {std::move(cutter), options, std::make_shared<StopSignal>(), BufferPool::make(keep_bytes)};
}

Error record_too_long(uint64_t offset, const FeedShared& shared) {
  std::string hint;
  if (!shared.cutter->stateless() && !shared.cutter->sequential())
    hint = "a quote that is never closed makes one record of all that follows";
  return Error{ErrorKind::kData,
               "the record at byte " + std::to_string(offset) + " is longer than " +
                   format_byte_size(shared.options.max_record_bytes),
               {},
               std::move(hint),
               {}};
}

Result<std::unique_ptr<Feed>> make_file_feed(const std::vector<std::string>& paths,
                                             std::shared_ptr<const RecordCutter> cutter,
                                             const FeedOptions& options) {
  std::vector<FeedInput> inputs;
  for (const auto& path : paths) inputs.push_back({path, 0, UINT32_MAX});
  return resume_file_feed(inputs, std::move(cutter), options);
}

Result<std::unique_ptr<Feed>> resume_file_feed(const std::vector<FeedInput>& inputs,
                                               std::shared_ptr<const RecordCutter> cutter,
                                               const FeedOptions& options) {
  const FeedShared shared = make_feed_shared(std::move(cutter), options);
  std::vector<std::unique_ptr<SubFeed>> parts;
  std::vector<PlainFile> plain;  // a run of neighbours, read as one part
  const auto end_run = [&] {
    if (!plain.empty()) parts.push_back(make_position_feed(std::move(plain), shared));
    plain.clear();
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& [path, offset, given_partition] = inputs[i];
    const auto kind = inspect(path);
    if (!kind) return fail(kind.error());
    const uint32_t partition =
        given_partition == UINT32_MAX ? static_cast<uint32_t>(i) : given_partition;
    if (kind->plain && !shared.cutter->sequential()) {
      const uint64_t skipped = std::min(offset, *kind->size);
      plain.push_back({path, partition, kind->begin + skipped, *kind->size - skipped, skipped});
    } else {
      end_run();
      FeedShared own = shared;
      own.options.hold_partial = own.options.hold_partial && kind->regular;
      parts.push_back(make_stream_feed(path, partition, kind->size, offset, own));
    }
  }
  end_run();
  return std::make_unique<ChainFeed>(std::move(parts), shared.stop);
}

std::unique_ptr<Feed> make_memory_feed(std::string bytes,
                                       std::shared_ptr<const RecordCutter> cutter,
                                       const FeedOptions& options) {
  const FeedShared shared = make_feed_shared(std::move(cutter), options);
  std::vector<std::unique_ptr<SubFeed>> parts;
  const uint64_t size = bytes.size();
  parts.push_back(make_stream_feed(std::make_unique<MemoryStream>(std::move(bytes)), "memory", 0,
                                   size, shared));
  return std::make_unique<ChainFeed>(std::move(parts), shared.stop);
}

}  // namespace weir
