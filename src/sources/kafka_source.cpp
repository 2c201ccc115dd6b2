#include "sources/kafka_source.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

#include "base/backoff.h"
#include "base/units.h"
#include "sources/kafka_decoder.h"

namespace weir {
namespace {

constexpr int kPollMs = 100;
constexpr size_t kMessagesAtOnce = 4096;

std::vector<KafkaPlace> places_of(const std::string& position) {
  std::vector<KafkaPlace> places;
  for (size_t at = 0; at < position.size();) {
    const size_t end = std::min(position.find('\n', at), position.size());
    const std::string line = position.substr(at, end - at);
    at = end + 1;
    const size_t first = line.find(' ');
    const size_t second = line.find(' ', first + 1);
    if (second == std::string::npos) continue;
    places.push_back({line.substr(0, first), std::atoi(line.c_str() + first + 1),
                      std::atoll(line.c_str() + second + 1)});
  }
  return places;
}

struct ReadPartition {
  KafkaPlace place;       // the next message
  int64_t end = -1;       // bounded: behind the last
  int64_t consumed = 0;   // of the ordered stage
  int64_t first = 0;      // where reading it began
  bool has_some = false;  // messages were there then
  bool at_end() const { return end >= 0 && place.offset >= end; }
};

class KafkaSource final : public Source {
 public:
  KafkaSource(const KafkaSourceSettings& settings, const Format& format,
              std::unique_ptr<KafkaConsumer> consumer, const FeedOptions& feed)
      : settings_(settings),
        feed_(feed),
        decoder_(format, settings.columns, feed.source),
        consumer_(std::move(consumer)) {}

  Result<void> begin(const std::vector<KafkaPlace>& saved, bool first) {
    auto places = consumer_->partitions(settings_.topics);
    if (!places) return fail(places.error());
    // Known ones keep their numbers.
    std::vector<KafkaPlace> all = saved;
    std::vector<KafkaPlace> added;
    for (const auto& place : *places) {
      const bool known = std::any_of(saved.begin(), saved.end(), [&](const KafkaPlace& s) {
        return s.topic == place.topic && s.partition == place.partition;
      });
      if (!known) added.push_back(place);
    }
    for (auto& place : all)
      if (auto r = check_saved(place); !r) return r;
    // Partitions that come later are read from their start.
    if (auto r = set_starts(added, first ? settings_.start : "earliest"); !r) return r;
    all.insert(all.end(), added.begin(), added.end());
    for (const auto& place : all) {
      auto partition = begun(place);
      if (!partition) return fail(partition.error());
      partitions_.push_back(*partition);
    }
    next_discovery_us_ = monotonic_us() + settings_.discover_us;
    return assign();
  }

  bool claim(SourceItem& item) override {
    std::vector<KafkaMessage> messages;
    uint32_t partition = 0;
    uint64_t sequence = 0;
    {
      const std::lock_guard token(token_);
      item = SourceItem{};
      if (!take(messages, partition, item)) return false;
      sequence = sequence_++;
    }
    item.block.sequence = sequence;
    if (item.error) return true;
    item.batch = decoder_.decode(messages, partition, sequence);
    for (const auto& message : messages)
      bytes_.fetch_add(message.value().value_or("").size(), std::memory_order_relaxed);
    return true;
  }

  void stop() override { stopped_ = true; }
  uint64_t bytes_done() const override { return bytes_.load(std::memory_order_relaxed); }

  void consumed(const BlockOrigin& block) override {
    const std::lock_guard lock(table_);
    int64_t& consumed = partitions_[block.partition].consumed;
    consumed = std::max(consumed, static_cast<int64_t>(block.end));
  }
  Result<std::string> position() const override {
    const std::lock_guard lock(table_);
    std::string text;
    std::vector<KafkaPlace> places;
    for (const auto& partition : partitions_) {
      KafkaPlace place{partition.place.topic, partition.place.partition, partition.consumed};
      text += place.topic + " " + std::to_string(place.partition) + " " +
              std::to_string(place.offset) + "\n";
      places.push_back(std::move(place));
    }
    consumer_->commit(places);
    return text;
  }
  std::string summary() const override {
    const std::lock_guard lock(table_);
    return format_count(partitions_.size()) +
           (partitions_.size() == 1 ? " partition" : " partitions");
  }

  std::vector<uint32_t> awaited() const override {
    const std::lock_guard lock(table_);
    std::vector<uint32_t> numbers;
    for (size_t i = 0; i < partitions_.size(); ++i)
      if (partitions_[i].has_some) numbers.push_back(static_cast<uint32_t>(i));
    return numbers;
  }

 private:
  Result<ReadPartition> begun(const KafkaPlace& place) {
    auto bounds = consumer_->bounds(place);
    if (!bounds) return fail(bounds.error());
    return ReadPartition{place, settings_.bounded ? bounds->high : -1, place.offset, place.offset,
                         place.offset < bounds->high};
  }

  // What a checkpoint names must still be there.
  Result<void> check_saved(KafkaPlace& place) {
    auto bounds = consumer_->bounds(place);
    if (!bounds) return fail(bounds.error());
    if (place.offset >= bounds->low && place.offset <= bounds->high) return {};
    if (settings_.on_gap == "fail")
      return fail(
          ErrorKind::kState,
          "Kafka: " + place.topic + " partition " + std::to_string(place.partition) +
              " holds the offsets " + std::to_string(bounds->low) + " to " +
              std::to_string(bounds->high) + ", the checkpoint goes on at " +
              std::to_string(place.offset),
          "messages were removed or the topic made anew; on_gap = \"earliest\" goes on with "
          "what is there");
    place.offset = settings_.on_gap == "earliest" ? bounds->low : bounds->high;
    return {};
  }

  Result<void> set_starts(std::vector<KafkaPlace>& places, const std::string& start) {
    if (places.empty()) return {};
    if (start == "time") return consumer_->seek_time(places, settings_.start_ms);
    if (start == "group") {
      if (auto r = consumer_->seek_committed(places); !r) return r;
    }
    for (auto& place : places) {
      if (start == "group" && place.offset >= 0) continue;
      auto bounds = consumer_->bounds(place);
      if (!bounds) return fail(bounds.error());
      place.offset = start == "latest" ? bounds->high : bounds->low;
    }
    return {};
  }

  Result<void> assign() {
    std::vector<KafkaPlace> places;
    for (const auto& partition : partitions_)
      if (!partition.at_end()) places.push_back(partition.place);
    return consumer_->assign(places);
  }

  // New topics and partitions.
  Result<void> discover() {
    next_discovery_us_ = monotonic_us() + settings_.discover_us;
    auto places = consumer_->partitions(settings_.topics);
    if (!places) return {};  // later
    std::vector<KafkaPlace> added;
    for (const auto& place : *places)
      if (!find(place.topic, place.partition)) added.push_back(place);
    if (added.empty()) return {};
    if (auto r = set_starts(added, "earliest"); !r) return r;
    for (const auto& place : added) {
      auto partition = begun(place);
      if (!partition) return fail(partition.error());
      const std::lock_guard lock(table_);
      partitions_.push_back(*partition);
    }
    held_.clear();  // it comes again from where the partitions stand
    return assign();
  }

  std::optional<uint32_t> find(const std::string& topic, int32_t number) const {
    for (size_t i = 0; i < partitions_.size(); ++i)
      if (partitions_[i].place.partition == number && partitions_[i].place.topic == topic)
        return static_cast<uint32_t>(i);
    return std::nullopt;
  }

  // Messages of one partition, in order. False at the end; true with an error too.
  bool take(std::vector<KafkaMessage>& messages, uint32_t& partition, SourceItem& item) {
    size_t bytes = 0;
    if (failure_) {
      item.error.swap(failure_);
      return true;
    }
    while (!stopped_ && messages.size() < kMessagesAtOnce && bytes < feed_.block_bytes) {
      if (messages.empty() &&
          std::all_of(partitions_.begin(), partitions_.end(),
                      [](const auto& p) { return p.at_end(); }) &&
          settings_.bounded)
        return false;
      if (held_.empty()) {
        // Nothing is waited for once there is something to give.
        auto polled = consumer_->poll(messages.empty() ? kPollMs : 0);
        if (!polled) {
          (messages.empty() ? item.error : failure_) = polled.error();
          return true;
        }
        if (*polled) {
          held_.push_back(std::move(**polled));
        } else if (!messages.empty()) {
          return true;
        } else if (!still_up(item)) {
          return true;
        }
        continue;
      }
      const auto number = find(held_.front().topic(), held_.front().partition());
      if (!number) {
        held_.pop_front();
        continue;
      }
      if (!messages.empty() && *number != partition) return true;
      ReadPartition& from = partitions_[*number];
      KafkaMessage message = std::move(held_.front());
      held_.pop_front();
      // After an assignment some may come twice.
      if (message.offset() < from.place.offset || from.at_end()) continue;
      partition = *number;
      from.place.offset = message.offset() + 1;
      bytes += message.value().value_or("").size();
      messages.push_back(std::move(message));
    }
    return !messages.empty();
  }

  bool still_up(SourceItem& item) {
    if (consumer_->down_us() > settings_.client.timeout_us) {
      item.error = Error{ErrorKind::kIo,
                         "Kafka: no broker of " + settings_.client.brokers + " answers",
                         {},
                         {},
                         {}};
      return false;
    }
    for (const auto& end : consumer_->take_ends()) {
      const auto number = find(end.topic, end.partition);
      // All that was there belongs to transactions, and nothing comes of it.
      if (number && partitions_[*number].place.offset == partitions_[*number].first) {
        const std::lock_guard lock(table_);
        partitions_[*number].has_some = false;
      }
      if (number && settings_.bounded && end.offset >= partitions_[*number].end)
        partitions_[*number].place.offset = std::max(partitions_[*number].place.offset, end.offset);
    }
    if (settings_.discover_us > 0 && !settings_.bounded && monotonic_us() >= next_discovery_us_) {
      if (auto r = discover(); !r) {
        item.error = r.error();
        return false;
      }
    }
    return true;
  }

  const KafkaSourceSettings& settings_;
  const FeedOptions feed_;
  KafkaDecoder decoder_;
  std::atomic<bool> stopped_{false};
  std::atomic<uint64_t> bytes_{0};

  std::mutex token_;  // guards all that follows
  std::unique_ptr<KafkaConsumer> consumer_;
  std::deque<KafkaMessage> held_;
  uint64_t sequence_ = 0;
  int64_t next_discovery_us_ = 0;
  std::optional<Error> failure_;  // met behind messages that were given
  mutable std::mutex table_;      // guards the list itself, and what is consumed, beside the token
  std::deque<ReadPartition> partitions_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_kafka_source(const KafkaSourceSettings& settings,
                                                  const Format& format, const FeedOptions& feed,
                                                  const std::string* position) {
  auto consumer = KafkaConsumer::open(settings.client);
  if (!consumer) return fail(consumer.error());
  auto source = std::make_unique<KafkaSource>(settings, format, std::move(*consumer), feed);
  const auto saved = position != nullptr ? places_of(*position) : std::vector<KafkaPlace>();
  if (auto r = source->begin(saved, position == nullptr); !r) return fail(r.error());
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace weir
