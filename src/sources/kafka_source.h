// A run's partitions of Kafka topics at work.
//
// Whoever claims takes the messages of one partition under a token, and decodes them without it.
//
// The partitions are ours, not a group's: where a run goes on is decided by its checkpoint, or by `start`. A
// group is only told how far we are, for others to look at.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/kafka_client.h"
#include "sources/source.h"

namespace weir {

struct KafkaSourceSettings {
  KafkaOptions client;
  std::vector<std::string> topics;
  std::string start;
  int64_t start_ms = 0;  // of a time
  bool bounded = false;
  std::string on_gap;
  int64_t discover_us = 0;
  std::vector<std::string> columns;  // of the message
};

// Opens the topics where `position` (of an earlier run; nullptr in a first one) or the settings say. Blocks' origins
// are offsets. `settings` and `format` must outlive it.
Result<std::unique_ptr<Source>> make_kafka_source(const KafkaSourceSettings& settings,
                                                  const Format& format, const FeedOptions& feed,
                                                  const std::string* position);

}  // namespace weir
