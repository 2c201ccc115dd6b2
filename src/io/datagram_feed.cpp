// Blocks of datagrams: as many as have come, up to a block's size.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/vec.h"
#include "io/buffer_pool.h"
#include "io/socket_feed.h"
#include "io/stop_signal.h"

namespace weir {
namespace {

constexpr size_t kAtOnce = 64;
constexpr size_t kLongest = 65'536;

class DatagramFeed final : public SocketFeed {
 public:
  DatagramFeed(const FeedOptions& feed, Descriptor fd)
      : feed_(feed),
        pool_(BufferPool::make(2 * feed.block_bytes)),
        fd_(std::move(fd)),
        room_(kAtOnce * kLongest) {
    const int on = 1;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  }

  bool claim(SocketItem& item) override {
    const std::lock_guard token(token_);
    item = SocketItem{};
    while (!stop_.raised()) {
      const int n = receive();
      if (n > 0) {
        give(static_cast<size_t>(n), item);
        return true;
      }
      if (n < 0 && errno != EAGAIN && errno != EINTR) {
        item.error = io_error("cannot receive datagrams", errno);
        item.block.sequence = sequence_++;
        stop_.raise();
        return true;
      }
      pollfd waits[2] = {{fd_.get(), POLLIN, 0}, {stop_.descriptor(), POLLIN, 0}};
      ::poll(waits, 2, -1);
    }
    return false;
  }

  void stop() override { stop_.raise(); }
  uint64_t bytes_done() const override { return bytes_.load(std::memory_order_relaxed); }
  SocketCounts counts() const override {
    SocketCounts counts;
    counts.datagrams = datagrams_.load(std::memory_order_relaxed);
    counts.lost = lost_.load(std::memory_order_relaxed);
    return counts;
  }
  uint16_t port() const override { return bound_port(fd_.get()); }

 private:
  int receive() {
    for (size_t i = 0; i < kAtOnce; ++i) {
      parts_[i] = {room_.data() + i * kLongest, kLongest};
      messages_[i] = {};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_control = controls_[i].data();
      messages_[i].msg_hdr.msg_controllen = controls_[i].size();
    }
    return ::recvmmsg(fd_.get(), messages_.data(), kAtOnce, MSG_DONTWAIT, nullptr);
  }

  void note_losses(msghdr& header) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) continue;
      uint32_t dropped = 0;
      std::memcpy(&dropped, CMSG_DATA(c), sizeof dropped);
      lost_.store(dropped, std::memory_order_relaxed);
    }
  }

  void give(size_t n, SocketItem& item) {
    size_t size = 0;
    for (size_t i = 0; i < n; ++i) size += messages_[i].msg_len + 1;
    auto buffer = pool_->acquire(size);
    size_t used = 0;
    for (size_t i = 0; i < n; ++i) {
      const char* from = static_cast<const char*>(parts_[i].iov_base);
      size_t length = messages_[i].msg_len;
      while (length > 0 && (from[length - 1] == '\n' || from[length - 1] == '\0')) --length;
      char* to = buffer->data() + used;
      std::memcpy(to, from, length);
      std::replace(to, to + length, '\n', ' ');
      to[length] = '\n';
      used += length + 1;
    }
    note_losses(messages_[n - 1].msg_hdr);
    datagrams_.fetch_add(n, std::memory_order_relaxed);
    bytes_.fetch_add(used, std::memory_order_relaxed);
    pad_buffer(*buffer, used);
    item.block.sequence = sequence_++;
    item.block.starts_partition = offset_ == 0;
    item.block.origin = {feed_.source, 0, offset_, offset_ + used};
    item.block.bytes = {buffer->data(), used};
    item.block.buffer = std::move(buffer);
    offset_ += used;
  }

  const FeedOptions feed_;
  const std::shared_ptr<BufferPool> pool_;
  const Descriptor fd_;
  StopSignal stop_;
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> datagrams_{0};
  std::atomic<uint64_t> lost_{0};

  std::mutex token_;  // guards all that follows
  Vec<char> room_;
  std::array<iovec, kAtOnce> parts_{};
  std::array<mmsghdr, kAtOnce> messages_{};
  std::array<std::array<char, CMSG_SPACE(sizeof(uint32_t))>, kAtOnce> controls_{};
  uint64_t sequence_ = 0;
  uint64_t offset_ = 0;
};

}  // namespace

Result<std::unique_ptr<SocketFeed>> make_datagram_feed(const SocketFeedOptions& options,
                                                       const FeedOptions& feed) {
  auto fd = listen_at(options.address, 0);
  if (!fd) return fail(fd.error());
  return std::make_unique<DatagramFeed>(feed, std::move(*fd));
}

}  // namespace weir
