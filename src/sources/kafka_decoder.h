// Messages of a Kafka partition -> a batch: their values by a format, and columns of what is beside them.
//
// Threads: any, at once.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "formats/format.h"
#include "io/kafka_client.h"

namespace weir {

// What of a message may be a column: key, topic, partition, offset, timestamp, headers.
const Schema& kafka_message_columns();

class KafkaDecoder {
 public:
  // `columns`: of kafka_message_columns(); they come behind the format's.
  KafkaDecoder(const Format& format, const std::vector<std::string>& columns, uint32_t source)
      : format_(format), columns_(columns), source_(source) {}

  // Messages of one partition, in order, at least one. One without a value is a bad record. Origins and the offsets
  // of rejects are those of the messages.
  Batch decode(const std::vector<KafkaMessage>& messages, uint32_t partition, uint64_t sequence);

 private:
  std::unique_ptr<Decoder> borrow_decoder();
  void give_back(std::unique_ptr<Decoder> decoder);

  const Format& format_;
  const std::vector<std::string>& columns_;
  const uint32_t source_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Decoder>> decoders_;  // that nobody uses
};

}  // namespace weir
