// Kafka, through librdkafka, which only this file's .cpp includes.
//
// Errors: kIo for brokers that do not answer in time, kConfig for what they refuse (unknown topic, wrong
// password) and wrong properties, kState for offsets that are not there and for a producer that another has
// taken the place of.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

struct rd_kafka_s;
struct rd_kafka_message_s;

namespace weir {

struct KafkaOptions {
  std::string brokers;                                          // HOST:PORT, several with commas
  std::vector<std::pair<std::string, std::string>> properties;  // librdkafka's own
  std::string group;
  std::string transactional_id;
  int64_t timeout_us = 60'000'000;
};

struct KafkaPlace {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  bool operator==(const KafkaPlace&) const = default;
};

// A message of a consumer; texts live as long as it.
class KafkaMessage {
 public:
  explicit KafkaMessage(rd_kafka_message_s* message) : message_(message) {}
  KafkaMessage(KafkaMessage&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  KafkaMessage& operator=(KafkaMessage&& other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~KafkaMessage();

  std::string topic() const;
  int32_t partition() const;
  int64_t offset() const;
  int64_t timestamp_ms() const;  // -1: none
  std::optional<std::string_view> key() const;
  std::optional<std::string_view> value() const;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers() const;

 private:
  rd_kafka_message_s* message_;
};

class KafkaConsumer {
 public:
  static Result<std::unique_ptr<KafkaConsumer>> open(const KafkaOptions& options);
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  // The partitions of topics; a name that begins with ^ is a regular expression. Sorted; offsets 0.
  Result<std::vector<KafkaPlace>> partitions(const std::vector<std::string>& topics);
  struct Bounds {
    int64_t low = 0;
    int64_t high = 0;  // behind the last
  };
  Result<Bounds> bounds(const KafkaPlace& place);
  // Sets the offsets to the first at or after a time; the ends where there is none.
  Result<void> seek_time(std::vector<KafkaPlace>& places, int64_t timestamp_ms);
  // Sets the offsets to those that the group has committed; -1 where there is none.
  Result<void> seek_committed(std::vector<KafkaPlace>& places);
  // Reads these partitions from their offsets on.
  Result<void> assign(const std::vector<KafkaPlace>& places);
  // Waits so long at most; nullopt: nothing came.
  Result<std::optional<KafkaMessage>> poll(int timeout_ms);
  // Partitions whose end the polls have met since the last call, and where it is: behind the last message, and
  // behind what transactions leave there, which no message tells of.
  std::vector<KafkaPlace> take_ends();
  // Commits the offsets for the group, without waiting: for others to look at.
  void commit(const std::vector<KafkaPlace>& places);
  // How long no broker has answered; 0 while one does.
  int64_t down_us() const;

 private:
  struct State;
  explicit KafkaConsumer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class KafkaProducer {
 public:
  static Result<std::unique_ptr<KafkaProducer>> open(const KafkaOptions& options);
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  // The topic is made if it is not there and the brokers let us. `compacted`: only the last of a key is kept.
  Result<void> make_topic(const std::string& topic, int partitions, bool compacted);
  // Takes a copy. Waits for room. What the brokers refuse is told by flush(), in order.
  Result<void> produce(const std::string& topic, std::optional<std::string_view> key,
                       std::optional<std::string_view> value, size_t number);
  struct Refused {
    size_t number = 0;
    std::string reason;
  };
  // Waits until all is acknowledged.
  Result<std::vector<Refused>> flush();

  // With a transactional_id. begin_first() fences older producers of the same id, and ends what they left open.
  Result<void> begin_first();
  Result<void> begin();
  Result<void> commit();
  void abort();

 private:
  struct State;
  explicit KafkaProducer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
