#include "io/kafka_client.h"

#include <librdkafka/rdkafka.h>
#include <re2/re2.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/backoff.h"
#include "base/lazy_library.h"

namespace weir {

namespace {

const LazyLibrary& librdkafka() {
  static const LazyLibrary library("librdkafka.so.1");
  return library;
}

#define WEIR_RDK(function) WEIR_LAZY(librdkafka, function)

int milliseconds(int64_t us) {
  return static_cast<int>(std::clamp<int64_t>(us / 1000, 1, INT32_MAX));
}

Error kafka_error(rd_kafka_resp_err_t code, const std::string& what, const char* text = nullptr) {
  ErrorKind kind = ErrorKind::kIo;
  std::string hint;
  switch (code) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION: kind = ErrorKind::kConfig; break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      kind = ErrorKind::kState;
      hint = "on_gap = \"earliest\" goes on with what is there";
      break;
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
      kind = ErrorKind::kState;
      hint = "another run of the same pipeline writes now";
      break;
    default: break;
  }
  return {kind,
          "Kafka: " + what + ": " + (text != nullptr ? text : WEIR_RDK(rd_kafka_err2str)(code)),
          {},
          std::move(hint),
          {}};
}

// Takes the library's error object; nothing for nullptr.
Result<void> taken(rd_kafka_error_t* error, const std::string& what) {
  if (error == nullptr) return {};
  Error e = kafka_error(WEIR_RDK(rd_kafka_error_code)(error), what,
                        WEIR_RDK(rd_kafka_error_string)(error));
  WEIR_RDK(rd_kafka_error_destroy)(error);
  return fail(std::move(e));
}

struct FreeList {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    WEIR_RDK(rd_kafka_topic_partition_list_destroy)(list);
  }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, FreeList>;

PartitionList list_of(const std::vector<KafkaPlace>& places) {
  PartitionList list(WEIR_RDK(rd_kafka_topic_partition_list_new)(static_cast<int>(places.size())));
  for (const auto& place : places)
    WEIR_RDK(rd_kafka_topic_partition_list_add)(list.get(), place.topic.c_str(), place.partition)
        ->offset = place.offset;
  return list;
}

// What callbacks of the library write to; they run within our own calls.
struct Watch {
  std::atomic<int64_t> down_since_us{0};
  std::vector<KafkaProducer::Refused> refused;
  std::optional<Error> broken;  // of a delivery, not the message's fault
};

Watch& watch_of(void* opaque) { return *static_cast<Watch*>(opaque); }

void note_error(rd_kafka_t*, int code, const char*, void* opaque) {
  Watch& watch = watch_of(opaque);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && watch.down_since_us == 0)
    watch.down_since_us = monotonic_us();
}

void note_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  Watch& watch = watch_of(opaque);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    watch.down_since_us = 0;
    return;
  }
  size_t number = 0;
  std::memcpy(&number, &message->_private, sizeof number);
  const bool its_fault = message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
                         message->err == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
                         message->err == RD_KAFKA_RESP_ERR_INVALID_MSG;
  if (its_fault) {
    watch.refused.push_back({number, WEIR_RDK(rd_kafka_err2str)(message->err)});
  } else if (!watch.broken) {
    watch.broken = kafka_error(message->err, "a message could not be delivered");
  }
}

class Properties {
 public:
  Properties() {
    if (auto r = librdkafka().is_there("librdkafka1"); r) {
      conf_ = WEIR_RDK(rd_kafka_conf_new)();
    } else {
      problem_ = r.error();
    }
  }
  ~Properties() {
    if (conf_ != nullptr) WEIR_RDK(rd_kafka_conf_destroy)(conf_);
  }
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;

  // The value may be a password: it is in no message.
  void set(const std::string& name, const std::string& value) {
    char text[256];
    if (problem_ || WEIR_RDK(rd_kafka_conf_set)(conf_, name.c_str(), value.c_str(), text,
                                                sizeof text) == RD_KAFKA_CONF_OK)
      return;
    problem_ = Error{ErrorKind::kConfig,
                     "Kafka: the property `" + name + "` is not known or has no such value",
                     {},
                     "librdkafka's CONFIGURATION.md lists them",
                     {}};
  }
  void set_all(const KafkaOptions& options) {
    set("bootstrap.servers", options.brokers);
    set("client.id", "weir");
    set("log_level", "0");
    for (const auto& [name, value] : options.properties) set(name, value);
  }

  Result<rd_kafka_t*> make(rd_kafka_type_t type, Watch& watch) {
    if (problem_) return fail(std::move(*problem_));
    WEIR_RDK(rd_kafka_conf_set_opaque)(conf_, &watch);
    WEIR_RDK(rd_kafka_conf_set_error_cb)(conf_, note_error);
    WEIR_RDK(rd_kafka_conf_set_log_cb)(conf_, nullptr);  // errors come as results
    if (type == RD_KAFKA_PRODUCER) WEIR_RDK(rd_kafka_conf_set_dr_msg_cb)(conf_, note_delivery);
    char text[256];
    rd_kafka_t* client = WEIR_RDK(rd_kafka_new)(type, conf_, text, sizeof text);
    if (client == nullptr) return fail(ErrorKind::kConfig, std::string("Kafka: ") + text);
    conf_ = nullptr;  // the client's now
    return client;
  }

 private:
  rd_kafka_conf_t* conf_ = nullptr;
  std::optional<Error> problem_;
};

}  // namespace

// --- messages ---

KafkaMessage::~KafkaMessage() {
  if (message_ != nullptr) WEIR_RDK(rd_kafka_message_destroy)(message_);
}
std::string KafkaMessage::topic() const { return WEIR_RDK(rd_kafka_topic_name)(message_->rkt); }
int32_t KafkaMessage::partition() const { return message_->partition; }
int64_t KafkaMessage::offset() const { return message_->offset; }
int64_t KafkaMessage::timestamp_ms() const {
  rd_kafka_timestamp_type_t type;
  return WEIR_RDK(rd_kafka_message_timestamp)(message_, &type);
}
std::optional<std::string_view> KafkaMessage::key() const {
  if (message_->key == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(message_->key), message_->key_len);
}
std::optional<std::string_view> KafkaMessage::value() const {
  if (message_->payload == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(message_->payload), message_->len);
}
std::vector<std::pair<std::string, std::optional<std::string>>> KafkaMessage::headers() const {
  std::vector<std::pair<std::string, std::optional<std::string>>> found;
  rd_kafka_headers_t* headers = nullptr;
  if (WEIR_RDK(rd_kafka_message_headers)(message_, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return found;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; WEIR_RDK(rd_kafka_header_get_all)(headers, i, &name, &value, &size) ==
                     RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    std::optional<std::string> text;
    if (value != nullptr) text.emplace(static_cast<const char*>(value), size);
    found.emplace_back(name, std::move(text));
  }
  return found;
}

// --- the consumer ---

struct KafkaConsumer::State {
  KafkaOptions options;
  Watch watch;
  rd_kafka_t* client = nullptr;
  std::vector<KafkaPlace> ends;
};

KafkaConsumer::KafkaConsumer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::open(const KafkaOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  Properties properties;
  properties.set("group.id", options.group.empty() ? "weir" : options.group);
  properties.set("enable.auto.commit", "false");
  properties.set("enable.auto.offset.store", "false");
  properties.set("auto.offset.reset", "error");
  properties.set("isolation.level", "read_committed");
  properties.set("enable.partition.eof", "true");
  properties.set_all(options);
  auto client = properties.make(RD_KAFKA_CONSUMER, state->watch);
  if (!client) return fail(client.error());
  state->client = *client;
  WEIR_RDK(rd_kafka_poll_set_consumer)(*client);
  return std::unique_ptr<KafkaConsumer>(new KafkaConsumer(std::move(state)));
}

KafkaConsumer::~KafkaConsumer() {
  WEIR_RDK(rd_kafka_consumer_close)(state_->client);
  WEIR_RDK(rd_kafka_destroy)(state_->client);
}

Result<std::vector<KafkaPlace>> KafkaConsumer::partitions(const std::vector<std::string>& topics) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = WEIR_RDK(rd_kafka_metadata)(state_->client, 1, nullptr, &metadata,
                                                milliseconds(state_->options.timeout_us));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(kafka_error(code, "cannot ask " + state_->options.brokers + " for its topics"));
  std::vector<KafkaPlace> places;
  std::vector<bool> found(topics.size());
  for (int t = 0; t < metadata->topic_cnt; ++t) {
    const auto& topic = metadata->topics[t];
    bool matches = false;
    for (size_t i = 0; i < topics.size(); ++i) {
      const bool same = topics[i].starts_with('^')
                            ? re2::RE2::PartialMatch(topic.topic, re2::RE2(topics[i]))
                            : topics[i] == topic.topic;
      found[i] = found[i] || same;
      matches = matches || same;
    }
    if (!matches) continue;
    for (int p = 0; p < topic.partition_cnt; ++p)
      places.push_back({topic.topic, topic.partitions[p].id, 0});
  }
  WEIR_RDK(rd_kafka_metadata_destroy)(metadata);
  for (size_t i = 0; i < topics.size(); ++i)
    if (!found[i] && !topics[i].starts_with('^'))
      return fail(ErrorKind::kConfig, "Kafka: no topic `" + topics[i] + "`");
  std::sort(places.begin(), places.end(), [](const KafkaPlace& a, const KafkaPlace& b) {
    return a.topic != b.topic ? a.topic < b.topic : a.partition < b.partition;
  });
  return places;
}

Result<KafkaConsumer::Bounds> KafkaConsumer::bounds(const KafkaPlace& place) {
  Bounds bounds;
  const auto code = WEIR_RDK(rd_kafka_query_watermark_offsets)(
      state_->client, place.topic.c_str(), place.partition, &bounds.low, &bounds.high,
      milliseconds(state_->options.timeout_us));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return bounds;
  return fail(kafka_error(code, "cannot ask for the offsets of " + place.topic));
}

Result<void> KafkaConsumer::seek_time(std::vector<KafkaPlace>& places, int64_t timestamp_ms) {
  for (auto& place : places) place.offset = timestamp_ms;
  const PartitionList list = list_of(places);
  const auto code = WEIR_RDK(rd_kafka_offsets_for_times)(state_->client, list.get(),
                                                         milliseconds(state_->options.timeout_us));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(kafka_error(code, "cannot find a time"));
  for (size_t i = 0; i < places.size(); ++i) {
    places[i].offset = list->elems[i].offset;
    if (places[i].offset >= 0) continue;
    auto end = bounds(places[i]);
    if (!end) return fail(end.error());
    places[i].offset = end->high;
  }
  return {};
}

Result<void> KafkaConsumer::seek_committed(std::vector<KafkaPlace>& places) {
  const PartitionList list = list_of(places);
  const auto code = WEIR_RDK(rd_kafka_committed)(state_->client, list.get(),
                                                 milliseconds(state_->options.timeout_us));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(kafka_error(code, "cannot ask for the offsets of the group"));
  for (size_t i = 0; i < places.size(); ++i)
    places[i].offset = std::max<int64_t>(list->elems[i].offset, -1);
  return {};
}

Result<void> KafkaConsumer::assign(const std::vector<KafkaPlace>& places) {
  const PartitionList list = list_of(places);
  const auto code = WEIR_RDK(rd_kafka_assign)(state_->client, list.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail(kafka_error(code, "cannot read the topics"));
}

Result<std::optional<KafkaMessage>> KafkaConsumer::poll(int timeout_ms) {
  rd_kafka_message_t* raw = WEIR_RDK(rd_kafka_consumer_poll)(state_->client, timeout_ms);
  if (raw == nullptr) return std::nullopt;
  KafkaMessage message(raw);
  if (raw->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    state_->watch.down_since_us = 0;
    return std::optional<KafkaMessage>(std::move(message));
  }
  switch (raw->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      state_->watch.down_since_us = 0;
      state_->ends.push_back({message.topic(), message.partition(), message.offset()});
      return std::nullopt;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE: return std::nullopt;  // the library tries again
    default:
      return fail(kafka_error(raw->err, "cannot read", WEIR_RDK(rd_kafka_message_errstr)(raw)));
  }
}

std::vector<KafkaPlace> KafkaConsumer::take_ends() { return std::exchange(state_->ends, {}); }

void KafkaConsumer::commit(const std::vector<KafkaPlace>& places) {
  if (state_->options.group.empty() || places.empty()) return;
  const PartitionList list = list_of(places);
  WEIR_RDK(rd_kafka_commit)(state_->client, list.get(), 1);
}

int64_t KafkaConsumer::down_us() const {
  const int64_t since = state_->watch.down_since_us;
  return since == 0 ? 0 : monotonic_us() - since;
}

// --- the producer ---

struct KafkaProducer::State {
  KafkaOptions options;
  Watch watch;
  rd_kafka_t* client = nullptr;
};

KafkaProducer::KafkaProducer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::open(const KafkaOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  Properties properties;
  properties.set("enable.idempotence", "true");
  properties.set("partitioner", "murmur2_random");  // as the Java client's
  properties.set("linger.ms", "5");
  properties.set("delivery.timeout.ms", std::to_string(milliseconds(options.timeout_us)));
  if (!options.transactional_id.empty())
    properties.set("transactional.id", options.transactional_id);
  properties.set_all(options);
  auto client = properties.make(RD_KAFKA_PRODUCER, state->watch);
  if (!client) return fail(client.error());
  state->client = *client;
  return std::unique_ptr<KafkaProducer>(new KafkaProducer(std::move(state)));
}

KafkaProducer::~KafkaProducer() {
  WEIR_RDK(rd_kafka_purge)(state_->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  WEIR_RDK(rd_kafka_flush)(state_->client, 100);
  WEIR_RDK(rd_kafka_destroy)(state_->client);
}

Result<void> KafkaProducer::make_topic(const std::string& topic, int partitions, bool compacted) {
  char text[256];
  rd_kafka_NewTopic_t* wanted =
      WEIR_RDK(rd_kafka_NewTopic_new)(topic.c_str(), partitions, -1, text, sizeof text);
  if (wanted == nullptr) return fail(ErrorKind::kConfig, std::string("Kafka: ") + text);
  if (compacted) WEIR_RDK(rd_kafka_NewTopic_set_config)(wanted, "cleanup.policy", "compact");
  rd_kafka_queue_t* queue = WEIR_RDK(rd_kafka_queue_new)(state_->client);
  rd_kafka_AdminOptions_t* options =
      WEIR_RDK(rd_kafka_AdminOptions_new)(state_->client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  WEIR_RDK(rd_kafka_AdminOptions_set_request_timeout)(
      options, milliseconds(state_->options.timeout_us), text, sizeof text);
  WEIR_RDK(rd_kafka_CreateTopics)(state_->client, &wanted, 1, options, queue);
  rd_kafka_event_t* event =
      WEIR_RDK(rd_kafka_queue_poll)(queue, milliseconds(state_->options.timeout_us));
  auto code =
      event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : WEIR_RDK(rd_kafka_event_error)(event);
  if (event != nullptr && code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    size_t n = 0;
    const auto* result = WEIR_RDK(rd_kafka_event_CreateTopics_result)(event);
    const auto* const* topics = WEIR_RDK(rd_kafka_CreateTopics_result_topics)(result, &n);
    if (n == 1) code = WEIR_RDK(rd_kafka_topic_result_error)(topics[0]);
  }
  if (event != nullptr) WEIR_RDK(rd_kafka_event_destroy)(event);
  WEIR_RDK(rd_kafka_AdminOptions_destroy)(options);
  WEIR_RDK(rd_kafka_queue_destroy)(queue);
  WEIR_RDK(rd_kafka_NewTopic_destroy)(wanted);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    return {};
  return fail(kafka_error(code, "cannot make the topic " + topic));
}

namespace {

using KafkaMemory = decltype(rd_kafka_vu_t{}.u.mem);

// An empty text is a text: only NULL is none.
KafkaMemory memory_of(const std::optional<std::string_view>& text) {
  static char nothing = 0;
  KafkaMemory memory{};
  if (!text) return memory;
  memory.ptr = text->data() == nullptr ? &nothing : const_cast<char*>(text->data());
  memory.size = text->size();
  return memory;
}

}  // namespace

Result<void> KafkaProducer::produce(const std::string& topic, std::optional<std::string_view> key,
                                    std::optional<std::string_view> value, size_t number) {
  void* mark = nullptr;
  std::memcpy(&mark, &number, sizeof mark);
  const int64_t deadline = monotonic_us() + state_->options.timeout_us;
  rd_kafka_vu_t parts[5] = {};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = topic.c_str();
  parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[1].u.i = RD_KAFKA_MSG_F_COPY;
  parts[2].vtype = RD_KAFKA_VTYPE_KEY;
  parts[2].u.mem = memory_of(key);
  parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[3].u.mem = memory_of(value);
  parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[4].u.ptr = mark;
  for (;;) {
    rd_kafka_error_t* const error =
        WEIR_RDK(rd_kafka_produceva)(state_->client, parts, std::size(parts));
    const auto code =
        error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : WEIR_RDK(rd_kafka_error_code)(error);
    if (error != nullptr) WEIR_RDK(rd_kafka_error_destroy)(error);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      WEIR_RDK(rd_kafka_poll)(state_->client, 0);
      return {};
    }
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      state_->watch.refused.push_back({number, WEIR_RDK(rd_kafka_err2str)(code)});
      return {};
    }
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL || monotonic_us() > deadline)
      return fail(kafka_error(code, "cannot write to " + topic));
    WEIR_RDK(rd_kafka_poll)(state_->client, 50);
  }
}

Result<std::vector<KafkaProducer::Refused>> KafkaProducer::flush() {
  const auto code =
      WEIR_RDK(rd_kafka_flush)(state_->client, milliseconds(state_->options.timeout_us));
  Watch& watch = state_->watch;
  if (watch.broken) {
    Error error = *std::exchange(watch.broken, std::nullopt);
    // Messages are purged behind what ended all: that is what to tell.
    char text[512];
    const auto fatal = WEIR_RDK(rd_kafka_fatal_error)(state_->client, text, sizeof text);
    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
      error = kafka_error(fatal, "a message could not be delivered", text);
    return fail(std::move(error));
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(kafka_error(code, "the brokers did not acknowledge in time"));
  return std::exchange(watch.refused, {});
}

Result<void> KafkaProducer::begin_first() {
  return taken(WEIR_RDK(rd_kafka_init_transactions)(state_->client,
                                                    milliseconds(state_->options.timeout_us)),
               "cannot begin transactions");
}
Result<void> KafkaProducer::begin() {
  return taken(WEIR_RDK(rd_kafka_begin_transaction)(state_->client), "cannot begin a transaction");
}
Result<void> KafkaProducer::commit() {
  for (int tries = 0;; ++tries) {
    rd_kafka_error_t* error = WEIR_RDK(rd_kafka_commit_transaction)(
        state_->client, milliseconds(state_->options.timeout_us));
    if (error != nullptr && WEIR_RDK(rd_kafka_error_is_retriable)(error) == 1 && tries < 10) {
      WEIR_RDK(rd_kafka_error_destroy)(error);
      continue;
    }
    return taken(error, "cannot commit a transaction");
  }
}
void KafkaProducer::abort() {
  WEIR_RDK(rd_kafka_purge)(state_->client, RD_KAFKA_PURGE_F_QUEUE);
  rd_kafka_error_t* error = WEIR_RDK(rd_kafka_abort_transaction)(
      state_->client, milliseconds(state_->options.timeout_us));
  if (error != nullptr) WEIR_RDK(rd_kafka_error_destroy)(error);
  state_->watch.refused.clear();
  state_->watch.broken.reset();
}

}  // namespace weir
