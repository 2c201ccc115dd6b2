#include "io/socket_feed.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "base/backoff.h"
#include "io/buffer_pool.h"
#include "io/stop_signal.h"

namespace weir {
namespace {

constexpr size_t kNoEnd = RecordCutter::npos;   // as the string's npos
constexpr size_t kRoom = size_t{64} << 10;      // to read into, behind an unfinished record
constexpr size_t kHeadBytes = 1024;             // shown of a record that is too long
constexpr size_t kMostUnfinished = 64;          // records of the longest kind, of all connections
constexpr size_t kServedBetweenLooks = 32;      // connections read before new ones are looked for
constexpr int64_t kHousekeepingUs = 1'000'000;  // how often the silent are looked for
constexpr int64_t kAcceptPauseUs = 100'000;     // without descriptors
constexpr int64_t kConnectTryUs = 10'000'000;

struct Connection {
  Descriptor fd;
  std::unique_ptr<TlsSession> tls;
  uint32_t partition = 0;
  std::string pending;  // an unfinished record, as a rule
  uint64_t offset = 0;  // of its first byte
  uint64_t line = 1;    // its number
  int64_t active_us = 0;
  bool queued = false;
  bool rescan = false;    // pending holds whole records
  bool started = false;   // it has given a block
  bool skipping = false;  // within a record that is too long
  bool wants_write = false;
  RecordCutter::State skip_state = 0;
};

class ConnectionsFeed final : public SocketFeed {
 public:
  ConnectionsFeed(const SocketFeedOptions& options, std::shared_ptr<const RecordCutter> cutter,
                  const FeedOptions& feed, Descriptor listener)
      : options_(options),
        cutter_(std::move(cutter)),
        feed_(feed),
        pool_(BufferPool::make(2 * std::max(feed.block_bytes, kRoom))),
        listener_(std::move(listener)),
        port_(listener_ ? bound_port(listener_.get()) : 0),
        epoll_(above_standard(::epoll_create1(EPOLL_CLOEXEC))),
        backoff_(options.timeout_us > 0 ? options.timeout_us : INT64_MAX / 4) {
    watch(stop_.descriptor(), EPOLL_CTL_ADD, EPOLLIN);
    if (listener_) watch(listener_.get(), EPOLL_CTL_ADD, EPOLLIN);
  }
  ~ConnectionsFeed() override {
    if (listener_ && options_.address.kind == SocketAddress::Kind::kUnix)
      ::unlink(options_.address.path.c_str());
  }

  bool claim(SocketItem& item) override {
    const std::lock_guard token(token_);
    item = SocketItem{};
    while (!stop_.raised() && !finished_) {
      if (!ended_.empty()) return give_end(item);
      if (ready_.empty()) {
        if (!await(item)) return item.error.has_value();
        continue;
      }
      // However busy some are, others must be able to come.
      if (++served_ % kServedBetweenLooks == 0 && !look(0)) return false;
      const int fd = ready_.front();
      ready_.pop_front();
      const auto found = connections_.find(fd);
      if (found == connections_.end()) continue;
      found->second->queued = false;
      if (serve(*found->second, item)) return true;
    }
    return false;
  }

  void stop() override { stop_.raise(); }
  uint64_t bytes_done() const override { return bytes_.load(std::memory_order_relaxed); }
  SocketCounts counts() const override {
    const std::lock_guard lock(counts_mutex_);
    return counts_;
  }
  uint16_t port() const override { return port_; }

 private:
  enum class End { kNo, kDrained, kClosed, kBroken };

  void watch(int fd, int action, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll_.get(), action, fd, &event);
  }
  void count(uint64_t SocketCounts::* what) {
    const std::lock_guard lock(counts_mutex_);
    ++(counts_.*what);
  }
  void enqueue(Connection& c) {
    if (std::exchange(c.queued, true)) return;
    ready_.push_back(c.fd.get());
  }

  // --- waiting ---

  // False: at the end, or with an error in the item.
  bool await(SocketItem& item) {
    if (options_.until_closed && met_ && connections_.empty()) {
      if (listener_ && paused_until_us_ == 0)
        accept_all(monotonic_us());  // one may have come meanwhile
      finished_ = connections_.empty();
      if (finished_) return false;
    }
    if (options_.connect && connections_.empty() && !reconnect(item)) return false;
    return look(paused_until_us_ > 0 ? kAcceptPauseUs : kHousekeepingUs);
  }

  // Sees who has come and who has something to read; waits for so long. False: stopped.
  bool look(int64_t wait_us) {
    epoll_event events[64];
    const int n = ::epoll_wait(epoll_.get(), events, 64, static_cast<int>(wait_us / 1000));
    const int64_t now = monotonic_us();
    for (int i = 0; i < n; ++i) {
      const int fd = events[i].data.fd;
      if (fd == stop_.descriptor()) return false;
      if (listener_ && fd == listener_.get()) {
        accept_all(now);
      } else if (const auto found = connections_.find(fd); found != connections_.end()) {
        enqueue(*found->second);
      }
    }
    if (paused_until_us_ > 0 && now >= paused_until_us_) {
      paused_until_us_ = 0;
      watch(listener_.get(), EPOLL_CTL_ADD, EPOLLIN);
    }
    if (now >= housekeeping_us_) close_silent(now);
    return true;
  }

  bool reconnect(SocketItem& item) {
    while (!stop_.raised()) {
      auto fd = connect_to(options_.address, kConnectTryUs, stop_.descriptor());
      if (fd) {
        backoff_.reset();
        add(std::move(*fd), monotonic_us());
        return true;
      }
      if (stop_.raised()) return false;
      if (fd.error().kind == ErrorKind::kConfig || !backoff_.wait(stop_.descriptor())) {
        if (stop_.raised()) return false;
        item.error = fd.error();
        item.block.sequence = sequence_++;
        finished_ = true;
        return false;
      }
    }
    return false;
  }

  void accept_all(int64_t now) {
    for (int i = 0; i < 256; ++i) {
      const int raw = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (raw < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        // No descriptors or memory: others may give some back.
        watch(listener_.get(), EPOLL_CTL_DEL, 0);
        paused_until_us_ = now + kAcceptPauseUs;
        return;
      }
      Descriptor fd = above_standard(raw);
      if (connections_.size() >= static_cast<size_t>(options_.max_connections) && !make_place()) {
        count(&SocketCounts::refused);
        continue;
      }
      const int on = 1;
      ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      count(&SocketCounts::accepted);
      add(std::move(fd), now);
    }
  }

  void add(Descriptor fd, int64_t now) {
    met_ = true;
    auto c = std::make_unique<Connection>();
    c->fd = std::move(fd);
    c->partition = next_partition_++;
    c->active_us = now;
    if (options_.tls)
      c->tls = std::make_unique<TlsSession>(*options_.tls, c->fd.get(),
                                            options_.connect ? options_.address.host : "");
    const int key = c->fd.get();
    Connection& added = *c;
    connections_[key] = std::move(c);
    watch(key, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP);
    if (options_.connect) enqueue(added);  // a TLS client speaks first
  }

  // Closes the connection that has been silent for longest of those that never finished a record.
  bool make_place() {
    Connection* longest = nullptr;
    for (auto& [fd, c] : connections_)
      if (!c->started && (longest == nullptr || c->active_us < longest->active_us))
        longest = c.get();
    if (longest == nullptr) return false;
    count(&SocketCounts::refused);
    drop(*longest);
    return true;
  }

  void close_silent(int64_t now) {
    housekeeping_us_ = now + kHousekeepingUs;
    if (options_.close_idle_us <= 0) return;
    std::vector<Connection*> silent;
    for (auto& [fd, c] : connections_)
      if (!c->queued && now - c->active_us > options_.close_idle_us) silent.push_back(c.get());
    for (Connection* c : silent) {
      count(&SocketCounts::idle);
      drop(*c);
    }
  }

  // The connection is over; what is unfinished is dropped.
  void drop(Connection& c) {
    if (!c.pending.empty()) count(&SocketCounts::broken);
    unfinished_bytes_ -= c.pending.size();
    if (c.started) ended_.push_back({c.partition, c.offset});
    const int fd = c.fd.get();
    if (c.tls) c.tls->shutdown();
    watch(fd, EPOLL_CTL_DEL, 0);
    connections_.erase(fd);
  }

  // --- reading ---

  // Reads what the connection has. True if that gave an item.
  bool serve(Connection& c, SocketItem& item) {
    const size_t kept = c.pending.size();
    const size_t room = std::max(feed_.block_bytes, kept + kRoom);
    auto buffer = pool_->acquire(room);
    std::memcpy(buffer->data(), c.pending.data(), kept);
    size_t used = kept;
    End end = End::kNo;
    if (!std::exchange(c.rescan, false)) {
      end = read_into(c, *buffer, used, room);
      if (used > kept) c.active_us = monotonic_us();
      bytes_.fetch_add(used - kept, std::memory_order_relaxed);
    } else {
      enqueue(c);  // there may be more to read
    }
    if (end == End::kNo) enqueue(c);
    unfinished_bytes_ -= kept;
    c.pending.clear();
    const bool gives = cut(c, std::move(buffer), kept, used, end, item);
    unfinished_bytes_ += c.pending.size();
    if ((end == End::kClosed || end == End::kBroken) && c.pending.empty() && !c.rescan)
      drop(c);
    else if (end == End::kBroken)
      drop(c);
    else if (end == End::kClosed)
      enqueue(c);  // its records first, then the end is seen again
    return gives;
  }

  End read_into(Connection& c, Buffer& buffer, size_t& used, size_t room) {
    while (used < room) {
      if (!c.tls) {
        const ssize_t n = ::recv(c.fd.get(), buffer.data() + used, room - used, 0);
        if (n > 0) {
          used += static_cast<size_t>(n);
          continue;
        }
        if (n == 0) return End::kClosed;
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK ? End::kDrained : End::kBroken;
      }
      size_t n = 0;
      const auto status = c.tls->read(buffer.data() + used, room - used, n);
      used += n;
      if (status == TlsSession::Status::kDone) continue;
      set_wants_write(c, status == TlsSession::Status::kWantWrite);
      if (status == TlsSession::Status::kEnd) return End::kClosed;
      if (status != TlsSession::Status::kError) return End::kDrained;
      if (!c.tls->established()) count(&SocketCounts::refused);
      return End::kBroken;
    }
    return End::kNo;
  }

  void set_wants_write(Connection& c, bool wants) {
    if (c.wants_write == wants) return;
    c.wants_write = wants;
    watch(c.fd.get(), EPOLL_CTL_MOD,
          wants ? EPOLLIN | EPOLLRDHUP | EPOLLOUT : EPOLLIN | EPOLLRDHUP);
  }

  // Takes whole records out of the buffer; what is behind them stays with the connection.
  bool cut(Connection& c, std::shared_ptr<Buffer> buffer, size_t kept, size_t used, End& end,
           SocketItem& item) {
    if (cutter_->sequential()) return cut_sequential(c, std::move(buffer), used, end, item);
    std::string_view bytes(buffer->data(), used);
    const bool complete = end == End::kClosed;
    if (c.skipping) {
      const size_t behind = cutter_->first_end(bytes, 0, c.skip_state, complete);
      const size_t dropped = behind == kNoEnd ? used : behind;
      if (behind == kNoEnd) c.skip_state = cutter_->advance(c.skip_state, bytes);
      c.skipping = behind == kNoEnd && !complete;
      c.offset += dropped;
      c.pending = bytes.substr(dropped);
      c.rescan = !c.pending.empty();
      if (c.rescan) enqueue(c);
      return false;
    }
    const size_t limit = options_.max_record_bytes;
    // Records end at line ends.
    const bool may_end = complete || bytes.find('\n', kept == used ? 0 : kept) != kNoEnd;
    size_t behind = kNoEnd;
    if (used <= limit) {
      if (may_end) behind = complete ? used : cutter_->last_end(bytes, 0);
    } else {
      const size_t first = may_end ? cutter_->first_end(bytes, 0, 0, complete) : kNoEnd;
      if (first == kNoEnd || first > limit) return too_long(c, bytes, first, item);
      const size_t last = cutter_->last_end(bytes.substr(0, limit), 0);
      behind = last == kNoEnd ? first : std::max(first, last);
    }
    const bool crowded =
        unfinished_bytes_ + used > kMostUnfinished * std::max(limit, kRoom) && used > kRoom;
    if (behind == kNoEnd && crowded) return too_long(c, bytes, kNoEnd, item);
    if (behind == kNoEnd || behind == 0) {
      c.pending = bytes;
      return false;
    }
    c.pending = bytes.substr(behind);
    c.rescan = used > limit && !c.pending.empty();
    if (c.rescan) enqueue(c);
    give(c, std::move(buffer), behind, item);
    return true;
  }

  // As cut(), where records say their lengths.
  bool cut_sequential(Connection& c, std::shared_ptr<Buffer> buffer, size_t used, End& end,
                      SocketItem& item) {
    const std::string_view bytes(buffer->data(), used);
    const size_t limit = options_.max_record_bytes;
    size_t behind = cutter_->last_end(bytes.substr(0, limit), 0);
    if (behind == kNoEnd && end == End::kClosed) behind = cutter_->first_end(bytes, 0, 0, true);
    if (behind == kNoEnd) {
      const bool crowded =
          unfinished_bytes_ + used > kMostUnfinished * std::max(limit, kRoom) && used > kRoom;
      const auto damage = cutter_->damage(bytes);
      if (damage || used >= limit || crowded) return refuse(c, bytes, damage, end, item);
      c.pending = bytes;
      if (end == End::kClosed) end = End::kBroken;  // within a record
      return false;
    }
    c.pending = bytes.substr(behind);
    c.rescan = used > limit && !c.pending.empty();
    if (c.rescan) enqueue(c);
    give(c, std::move(buffer), behind, item);
    return true;
  }

  // Tells of bytes in which nothing can be found, and has the connection closed.
  bool refuse(Connection& c, std::string_view bytes, const std::optional<std::string>& damage,
              End& end, SocketItem& item) {
    count(damage ? &SocketCounts::damaged : &SocketCounts::too_long);
    if (damage) item.damage = *damage;
    item.too_long = !damage;
    item.head = bytes.substr(0, kHeadBytes);
    item.block.sequence = sequence_++;
    item.block.origin = {feed_.source, c.partition, c.offset, c.offset};
    end = End::kBroken;
    return true;
  }

  bool too_long(Connection& c, std::string_view bytes, size_t behind, SocketItem& item) {
    count(&SocketCounts::too_long);
    item.too_long = true;
    item.head = bytes.substr(0, std::min(kHeadBytes, behind));
    item.block.sequence = sequence_++;
    item.block.origin = {feed_.source, c.partition, c.offset, c.offset};
    item.block.first_line = c.line++;
    const size_t dropped = std::min(behind, bytes.size());
    c.skipping = behind == kNoEnd;
    c.skip_state = c.skipping ? cutter_->advance(0, bytes) : 0;
    c.offset += dropped;
    c.pending = bytes.substr(dropped);
    c.rescan = !c.pending.empty();
    if (c.rescan) enqueue(c);
    return true;
  }

  void give(Connection& c, std::shared_ptr<Buffer> buffer, size_t size, SocketItem& item) {
    Block& block = item.block;
    block.sequence = sequence_++;
    block.starts_partition = !std::exchange(c.started, true);
    block.origin = {feed_.source, c.partition, c.offset, c.offset + size};
    block.first_line = c.line;
    c.line += static_cast<uint64_t>(std::count(buffer->data(), buffer->data() + size, '\n'));
    c.offset += size;
    // The decoder may read behind the block's end.
    grow_buffer(*buffer, size);
    pad_buffer(*buffer, size);
    block.bytes = {buffer->data(), size};
    block.buffer = std::move(buffer);
  }

  // A block without records that says that a partition has ended.
  bool give_end(SocketItem& item) {
    const auto [partition, offset] = ended_.front();
    ended_.pop_front();
    auto buffer = pool_->acquire(0);
    pad_buffer(*buffer, 0);
    item.block.sequence = sequence_++;
    item.block.origin = {feed_.source, partition, offset, offset};
    item.block.ends_partition = true;
    item.block.bytes = {buffer->data(), 0};
    item.block.buffer = std::move(buffer);
    return true;
  }

  const SocketFeedOptions options_;
  const std::shared_ptr<const RecordCutter> cutter_;
  const FeedOptions feed_;
  const std::shared_ptr<BufferPool> pool_;
  StopSignal stop_;
  std::atomic<uint64_t> bytes_{0};
  mutable std::mutex counts_mutex_;
  SocketCounts counts_;

  std::mutex token_;  // guards all that follows
  Descriptor listener_;
  const uint16_t port_;
  Descriptor epoll_;
  Backoff backoff_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;  // by descriptor
  std::deque<int> ready_;                            // descriptors with something to read, in turn
  std::deque<std::pair<uint32_t, uint64_t>> ended_;  // partitions to be told of, and their lengths
  size_t unfinished_bytes_ = 0;
  uint64_t sequence_ = 0;
  size_t served_ = 0;
  uint32_t next_partition_ = 0;
  int64_t housekeeping_us_ = 0;
  int64_t paused_until_us_ = 0;  // 0: accepting
  bool met_ = false;             // there was a connection
  bool finished_ = false;
};

}  // namespace

Result<std::unique_ptr<SocketFeed>> make_socket_feed(const SocketFeedOptions& options,
                                                     std::shared_ptr<const RecordCutter> cutter,
                                                     const FeedOptions& feed) {
  Descriptor listener;
  if (!options.connect) {
    auto fd = listen_at(options.address, std::min(options.max_connections, 4096));
    if (!fd) return fail(fd.error());
    listener = std::move(*fd);
  }
  return std::make_unique<ConnectionsFeed>(options, std::move(cutter), feed, std::move(listener));
}

}  // namespace weir
