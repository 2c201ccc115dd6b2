#include "sources/kafka_decoder.h"

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

void refuse_empty(const KafkaMessage& message, Batch& batch) {
  Reject reject;
  reject.offset = static_cast<uint64_t>(message.offset());
  reject.row = static_cast<uint32_t>(batch.rows);
  reject.raw = message.key().value_or("");
  reject.reason = "the message has a key and no value";
  batch.rejects.push_back(std::move(reject));
}

void push_message_part(const std::string& name, const KafkaMessage& message, Arena& arena,
                       Column& column) {
  if (name == "key") {
    if (const auto key = message.key()) {
      column.push<StringRef>(StringRef(arena.copy(*key)));
    } else {
      column.push_null();
    }
  } else if (name == "topic") {
    column.push<StringRef>(StringRef(arena.copy(message.topic())));
  } else if (name == "partition") {
    column.push<int32_t>(message.partition());
  } else if (name == "offset") {
    column.push<int64_t>(message.offset());
  } else if (name == "timestamp") {
    if (message.timestamp_ms() < 0) {
      column.push_null();
    } else {
      column.push<int64_t>(message.timestamp_ms() * 1000);
    }
  } else {
    // A map has a name once: the last one counts, as in Flink.
    auto headers = message.headers();
    for (size_t i = headers.size(); i-- > 0;) {
      const auto again = [&](const auto& h) { return h.first == headers[i].first; };
      const auto behind = headers.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      if (std::any_of(behind, headers.end(), again)) headers.erase(behind - 1);
    }
    const auto begin = static_cast<uint32_t>(column.child(0).size());
    for (const auto& [key, value] : headers) {
      column.child(0).push<StringRef>(StringRef(arena.copy(key)));
      if (value) {
        column.child(1).push<StringRef>(StringRef(arena.copy(*value)));
      } else {
        column.child(1).push_null();
      }
    }
    column.push<ListRef>({begin, static_cast<uint32_t>(headers.size())});
  }
}

}  // namespace

const Schema& kafka_message_columns() {
  static const Schema columns({{"key", Type::string()},
                               {"topic", Type::string()},
                               {"partition", Type::integer()},
                               {"offset", Type::bigint()},
                               {"timestamp", Type::timestamp_ltz(3)},
                               {"headers", Type::map(Type::string(), Type::string())}});
  return columns;
}

std::unique_ptr<Decoder> KafkaDecoder::borrow_decoder() {
  const std::lock_guard lock(mutex_);
  if (decoders_.empty()) {
    DecodeRequest request;
    request.needed.assign(format_.schema().size(), true);
    request.want_raw = true;
    return format_.make_decoder(request);
  }
  auto decoder = std::move(decoders_.back());
  decoders_.pop_back();
  return decoder;
}
void KafkaDecoder::give_back(std::unique_ptr<Decoder> decoder) {
  const std::lock_guard lock(mutex_);
  decoders_.push_back(std::move(decoder));
}

Batch KafkaDecoder::decode(const std::vector<KafkaMessage>& messages, uint32_t partition,
                           uint64_t sequence) {
  // The values as lines, where a format reads lines: what is decoded points into them and so tells its message.
  const bool lines = !format_.is_binary();
  auto buffer = std::make_shared<Buffer>();
  std::vector<size_t> starts;
  std::vector<size_t> numbers;  // of the messages that have a value
  std::vector<size_t> empty;
  for (size_t i = 0; i < messages.size(); ++i) {
    const auto value = messages[i].value();
    if (!value) {
      empty.push_back(i);
      continue;
    }
    starts.push_back(buffer->size());
    numbers.push_back(i);
    const size_t at = buffer->size();
    buffer->append(value->data(), value->size());
    if (!lines) continue;
    std::replace(buffer->begin() + at, buffer->end(), '\n', ' ');
    buffer->push_back('\n');
  }
  const size_t used = buffer->size();
  buffer->resize(used + kPadding);
  std::memset(buffer->data() + used, 0, kPadding);

  Block block;
  block.sequence = sequence;
  block.bytes = {buffer->data(), used};
  block.buffer = buffer;
  block.starts_partition = false;
  Batch batch;
  batch.sequence = sequence;
  batch.block_begin = block.bytes.data();
  auto decoder = borrow_decoder();
  decoder->decode(block, batch);
  give_back(std::move(decoder));
  batch.keep(buffer);
  const auto message_at = [&](size_t offset) {
    const auto after = std::upper_bound(starts.begin(), starts.end(), offset);
    return numbers[static_cast<size_t>(after - starts.begin()) - 1];
  };
  for (auto& reject : batch.rejects)
    reject.offset = static_cast<uint64_t>(messages[message_at(reject.offset)].offset());
  for (const size_t i : empty) refuse_empty(messages[i], batch);
  if (batch.columns.empty()) batch.columns.resize(format_.schema().size());
  for (size_t c = 0; c < batch.columns.size(); ++c)
    if (!batch.columns[c]) batch.columns[c] = make_column(format_.schema()[c].type);
  Arena& arena = batch.arena();
  for (const auto& name : columns_) {
    ColumnPtr column =
        make_column(kafka_message_columns()[*kafka_message_columns().find(name)].type);
    for (size_t row = 0; row < batch.rows; ++row) {
      const size_t offset = static_cast<size_t>(batch.raw[row].ptr - batch.block_begin);
      push_message_part(name, messages[message_at(offset)], arena, *column);
    }
    batch.columns.push_back(std::move(column));
  }
  batch.records = messages.size();
  batch.block_begin = nullptr;
  batch.raw.clear();
  batch.origin = {source_, partition, static_cast<uint64_t>(messages.front().offset()),
                  static_cast<uint64_t>(messages.back().offset()) + 1};
  return batch;
}

}  // namespace weir
