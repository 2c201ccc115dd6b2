// Kafka: a row is a message. Messages go the way of rows of a table (sinks/table_sink.h): batches without
// checkpoints; with them they wait for the checkpoint, and are one transaction together with a message to
// the topic weir-checkpoints that holds the checkpoint's number.
#include <algorithm>

#include "base/spelling.h"
#include "io/kafka_client.h"
#include "sinks/byte_sink.h"
#include "sinks/sink_list.h"
#include "sinks/table_sink.h"

namespace weir {
namespace {

constexpr const char* kMarkTopic = "weir-checkpoints";

struct KafkaSinkOptions {
  std::string brokers = "localhost:9092";
  std::string topic;
  std::vector<std::string> key;
  std::string mode = "append";
  bool create = false;
  int partitions = -1;
  NamedTexts properties;
  int64_t batch_rows = 10'000;
  Duration batch_time{1'000'000};
  ByteSize stage_max{uint64_t{64} << 20};
  Duration timeout{60'000'000};
};

const OptionTable<KafkaSinkOptions>& kafka_sink_options() {
  static const OptionTable<KafkaSinkOptions> table = {
      {"brokers", &KafkaSinkOptions::brokers,
       "HOST:PORT of some brokers, with commas between them"},
      {"topic", &KafkaSinkOptions::topic, "the topic", true},
      {"key", &KafkaSinkOptions::key,
       "the columns of a message's key: the text of one, a JSON object of several"},
      {"mode",
       &KafkaSinkOptions::mode,
       {"append", "upsert"},
       "append: every row is a message; upsert: +I and +U are the key's newest, -D is the key "
       "alone"},
      {"create", &KafkaSinkOptions::create, "make the topic if it is not there"},
      {"partitions", &KafkaSinkOptions::partitions,
       "of a topic that is made; -1: the brokers' own"},
      {"properties", &KafkaSinkOptions::properties,
       "of librdkafka, for example security.protocol and sasl.password"},
      {"batch_rows", &KafkaSinkOptions::batch_rows, "messages that are waited for at once"},
      {"batch_time", &KafkaSinkOptions::batch_time, "how long a row waits for others at most"},
      {"stage_max", &KafkaSinkOptions::stage_max,
       "a checkpoint is made early when so many bytes wait for it"},
      {"timeout", &KafkaSinkOptions::timeout, "how long to wait for the brokers"},
  };
  return table;
}

Schema message_schema() { return Schema({{"key", Type::bytes()}, {"value", Type::bytes()}}); }

KafkaOptions client_options(const KafkaSinkOptions& options) {
  KafkaOptions client;
  client.brokers = options.brokers;
  for (const auto& property : options.properties)
    client.properties.emplace_back(property.name, property.value.text);
  client.timeout_us = options.timeout.us;
  return client;
}

class KafkaTopic final : public TableDatabase {
 public:
  KafkaTopic(const TableTarget& target, const KafkaSinkOptions& options)
      : target_(target), options_(options) {}

  Result<void> prepare() override {
    if (!options_.create) return {};
    auto made = plain();
    if (!made) return fail(made.error());
    return (*made)->make_topic(options_.topic, options_.partitions,
                               target_.mode == TableMode::kUpsert);
  }

  Result<std::vector<Reject>> apply(const TableRows& rows, std::optional<uint64_t> epoch) override {
    return epoch ? apply_in_transaction(rows, *epoch) : apply_plainly(rows);
  }

  // The last number with our key in the topic of the marks, aborted transactions left out.
  Result<std::optional<uint64_t>> epoch() override {
    auto consumer = KafkaConsumer::open(client_options(options_));
    if (!consumer) return fail(consumer.error());
    auto places = (*consumer)->partitions({std::string("^") + kMarkTopic + "$"});
    if (!places) return fail(places.error());
    std::optional<uint64_t> found;
    for (auto& place : *places) {
      const auto bounds = (*consumer)->bounds(place);
      if (!bounds) return fail(bounds.error());
      place.offset = bounds->low;
      if (auto r = (*consumer)->assign({place}); !r) return fail(r.error());
      bool at_end = bounds->high <= bounds->low;
      while (!at_end) {
        auto message = (*consumer)->poll(1000);
        if (!message) return fail(message.error());
        if ((*consumer)->down_us() > options_.timeout.us)
          return fail(ErrorKind::kIo, "Kafka: no broker of " + options_.brokers + " answers");
        for (const auto& end : (*consumer)->take_ends()) at_end = end.offset >= bounds->high;
        if (!*message) continue;
        if ((*message)->key() != std::string_view(target_.mark)) continue;
        const auto value = (*message)->value();
        found =
            value ? std::optional<uint64_t>(std::strtoull(std::string(*value).c_str(), nullptr, 10))
                  : std::nullopt;
        if (found && *found == 0) found.reset();
      }
    }
    return found;
  }

  Result<void> forget_epoch() override { return mark_alone(0); }

 private:
  Result<KafkaProducer*> plain() {
    if (!plain_) {
      auto opened = KafkaProducer::open(client_options(options_));
      if (!opened) return fail(opened.error());
      plain_ = std::move(*opened);
    }
    return plain_.get();
  }

  Result<KafkaProducer*> transactional() {
    if (!transactional_) {
      KafkaOptions client = client_options(options_);
      client.transactional_id = "weir-" + target_.mark;
      auto opened = KafkaProducer::open(client);
      if (!opened) return fail(opened.error());
      if (auto r = (*opened)->make_topic(kMarkTopic, 1, true); !r) return fail(r.error());
      if (auto r = (*opened)->begin_first(); !r) return fail(r.error());
      transactional_ = std::move(*opened);
    }
    return transactional_.get();
  }

  Result<void> mark_alone(uint64_t epoch) {
    auto producer = transactional();
    if (!producer) return fail(producer.error());
    if (auto r = (*producer)->begin(); !r) return r;
    if (auto r = (*producer)->produce(kMarkTopic, target_.mark, std::to_string(epoch), 0); !r)
      return r;
    return (*producer)->commit();
  }

  Result<void> produce_all(KafkaProducer& producer, const TableRows& rows) {
    TableRows::Walk walk(rows, 2);
    for (size_t number = 0; walk.next(); ++number) {
      if (walk.kind() == RowKind::kUpdateBefore) continue;  // +U follows
      const auto cells = walk.cells();
      const auto text = [&](size_t c) -> std::optional<std::string_view> {
        if (cells[c].kind == TableCell::Kind::kNull) return std::nullopt;
        return cells[c].text;
      };
      const bool removal = walk.kind() == RowKind::kDelete;
      if (auto r =
              producer.produce(options_.topic, text(0), removal ? std::nullopt : text(1), number);
          !r)
        return r;
    }
    return {};
  }

  Result<std::vector<Reject>> apply_plainly(const TableRows& rows) {
    auto producer = plain();
    if (!producer) return fail(producer.error());
    if (auto r = produce_all(**producer, rows); !r) return fail(r.error());
    auto refused = (*producer)->flush();
    if (!refused) return fail(refused.error());
    return rejects(rows, *refused);
  }

  Result<std::vector<Reject>> apply_in_transaction(const TableRows& rows, uint64_t epoch) {
    auto producer = transactional();
    if (!producer) return fail(producer.error());
    if (auto r = (*producer)->begin(); !r) return fail(r.error());
    auto done = produce_all(**producer, rows);
    std::vector<KafkaProducer::Refused> refused;
    if (done) {
      auto flushed = (*producer)->flush();
      if (flushed) {
        refused = std::move(*flushed);
      } else {
        done = fail(flushed.error());
      }
    }
    if (done) done = (*producer)->produce(kMarkTopic, target_.mark, std::to_string(epoch), 0);
    auto rejected = done ? rejects(rows, refused) : fail(done.error());
    if (rejected) done = (*producer)->commit();
    if (rejected && done) return rejected;
    Error error = rejected ? done.error() : rejected.error();
    (*producer)->abort();
    return fail(std::move(error));
  }

  // Messages that the brokers do not take: too large as a rule.
  Result<std::vector<Reject>> rejects(const TableRows& rows,
                                      const std::vector<KafkaProducer::Refused>& refused) const {
    std::vector<Reject> all;
    if (refused.empty()) return all;
    if (!target_.keep_refused)
      return fail(ErrorKind::kData, "Kafka, topic " + options_.topic + ": " + refused[0].reason,
                  "--on-error skip goes on without such rows, --dead-letter PATH keeps them");
    TableRows::Walk walk(rows, 2);
    for (size_t number = 0; walk.next(); ++number)
      for (const auto& one : refused) {
        if (one.number != number) continue;
        Reject reject;
        reject.raw = walk.cells()[1].text.substr(0, 1000);
        reject.reason = one.reason;
        all.push_back(std::move(reject));
      }
    return all;
  }

  const TableTarget& target_;
  const KafkaSinkOptions& options_;
  std::unique_ptr<KafkaProducer> plain_;
  std::unique_ptr<KafkaProducer> transactional_;
};

// Rows -> keys and values, for the table sink behind it.
class KafkaSink final : public Sink {
 public:
  KafkaSink(std::unique_ptr<Sink> rows, const Format& format, const Schema& schema,
            const EncodeOptions& encode, const std::vector<size_t>& key)
      : rows_(std::move(rows)),
        values_(format.make_encoder(schema, encode)),
        binary_(format.is_binary()),
        key_(key) {
    Schema keys;
    for (const size_t c : key) keys.add(schema[c].name, schema[c].type);
    alone_ = key.size() == 1 && schema[key[0]].type.is_string_like();
    const FormatContext context{{}, utc(), 0, true};
    Errors none;
    if (!key.empty() && !alone_) {
      key_format_ = find_format("json")->make(FormatSpec{"json", {}, {}}, context, none);
      keys_ = key_format_->make_encoder(keys, encode);
    }
  }

  Result<void> write(const Batch& batch, std::string_view) override {
    if (batch.rows == 0) return {};
    Batch messages = batch.shell();
    messages.kinds = batch.kinds;
    messages.rows = batch.rows;
    messages.columns = {key_column(batch, messages), lines(*values_, !binary_, batch, messages)};
    return rows_->write(messages, {});
  }

  Result<void> flush() override { return rows_->flush(); }
  Result<std::string> checkpoint() override { return rows_->checkpoint(); }
  Result<void> committed() override { return rows_->committed(); }
  bool wants_checkpoint() const override { return rows_->wants_checkpoint(); }
  std::vector<Reject> take_refused() override { return rows_->take_refused(); }
  Result<void> commit() override { return rows_->commit(); }
  void abort() override { rows_->abort(); }
  uint64_t bytes_written() const override { return rows_->bytes_written(); }

 private:
  ColumnPtr key_column(const Batch& batch, Batch& messages) {
    ColumnPtr column = make_column(Type::bytes());
    if (key_.empty()) {
      for (size_t row = 0; row < batch.rows; ++row) column->push_null();
      return column;
    }
    if (alone_) {
      const Column& text = *batch.columns[key_[0]];
      for (size_t row = 0; row < batch.rows; ++row) {
        if (text.is_null(row)) {
          column->push_null();
        } else {
          column->push<StringRef>(text.at<StringRef>(row));
        }
      }
      return column;
    }
    Batch keys = batch.shell();
    keys.rows = batch.rows;
    for (const size_t c : key_) keys.columns.push_back(batch.columns[c]);
    return lines(*keys_, true, keys, messages);
  }

  // Each row's bytes, without the line end.
  ColumnPtr lines(Encoder& encoder, bool ends_lines, const Batch& batch, Batch& messages) {
    ColumnPtr column = make_column(Type::bytes());
    const auto add = [&](std::string_view text) {
      column->push<StringRef>(StringRef(messages.arena().copy(text)));
    };
    text_.clear();
    if (!ends_lines) {
      for (size_t row = 0; row < batch.rows; ++row, text_.clear()) {
        encoder.encode(batch.slice(row, row + 1), text_);
        add(text_);
      }
      return column;
    }
    encoder.encode(batch, text_);
    if (static_cast<size_t>(std::count(text_.begin(), text_.end(), '\n')) == batch.rows) {
      for (size_t at = 0; at < text_.size();) {
        const size_t end = text_.find('\n', at);
        add(std::string_view(text_).substr(at, end - at));
        at = end + 1;
      }
      return column;
    }
    for (size_t row = 0; row < batch.rows; ++row) {  // line ends within rows
      text_.clear();
      encoder.encode(batch.slice(row, row + 1), text_);
      if (text_.ends_with('\n')) text_.pop_back();
      add(text_);
    }
    return column;
  }

  std::unique_ptr<Sink> rows_;
  std::unique_ptr<Encoder> values_;
  const bool binary_;
  std::unique_ptr<Format> key_format_;
  std::unique_ptr<Encoder> keys_;
  const std::vector<size_t>& key_;
  bool alone_ = false;
  std::string text_;
};

class KafkaPlan final : public SinkPlan {
 public:
  KafkaPlan(KafkaSinkOptions options, SinkFormat format, const Schema& schema,
            const SinkContext& context, std::vector<size_t> key, std::string name)
      : options_(std::move(options)),
        format_(std::move(format)),
        schema_(schema),
        key_(std::move(key)) {
    encode_options_.timezone = context.timezone;
    TableTarget target;
    target.options.place = options_.brokers;
    target.options.table = options_.topic;
    target.options.mode = options_.mode;
    target.options.batch_rows = options_.batch_rows;
    target.options.batch_time = options_.batch_time;
    target.options.stage_max = options_.stage_max;
    target.mode = options_.mode == "upsert" ? TableMode::kUpsert : TableMode::kAppend;
    target.schema = message_schema();
    target.mark = context.pipeline + "/" + name;
    target.keep_refused = context.keep_refused;
    rows_ = make_table_plan("kafka", std::move(target), [this](const TableTarget& checked) {
      return Result<std::unique_ptr<TableDatabase>>(
          std::make_unique<KafkaTopic>(checked, options_));
    });
  }

  const Format* format() const override {
    return nullptr;
  }  // a message is a row, not a piece of text
  std::string explain() const override {
    return "kafka: " + options_.brokers + ", " + options_.mode + " to " + options_.topic + ", " +
           format_.name;
  }
  Delivery delivery() const override { return Delivery::kExactlyOnce; }
  bool takes_changelog() const override { return rows_->takes_changelog(); }
  Result<std::unique_ptr<Sink>> open() const override { return wrapped(rows_->open()); }
  Result<Place> begin() const override { return rows_->begin(); }
  Result<Place> begin_anew() const override { return rows_->begin_anew(); }
  Result<Place> find(const std::string& position) const override { return rows_->find(position); }
  Result<std::unique_ptr<Sink>> resume(const Place& place) const override {
    return wrapped(rows_->resume(place));
  }

 private:
  Result<std::unique_ptr<Sink>> wrapped(Result<std::unique_ptr<Sink>> rows) const {
    if (!rows) return rows;
    return std::make_unique<KafkaSink>(std::move(*rows), *format_.format, schema_, encode_options_,
                                       key_);
  }

  KafkaSinkOptions options_;
  SinkFormat format_;
  Schema schema_;
  std::vector<size_t> key_;
  EncodeOptions encode_options_;
  std::unique_ptr<SinkPlan> rows_;
};

std::vector<OptionDoc> kafka_sink_docs() {
  std::vector<OptionDoc> all = option_docs(kafka_sink_options());
  all.push_back(sink_format_doc("json"));
  return all;
}

std::unique_ptr<SinkPlan> bind_kafka(const SinkSpec& spec, const Schema& schema,
                                     const SinkContext& context, Errors& errors) {
  KafkaSinkOptions options;
  const size_t before = errors.size();
  read_options(kafka_sink_options(), spec.options, options, errors, "the kafka sink",
               {"type", "format"});
  if (errors.size() > before) return nullptr;
  const auto wrong = [&](const char* key, std::string message, std::string hint = {}) {
    const Node* node = spec.options.find(key);
    errors.push_back({ErrorKind::kConfig, std::move(message),
                      node != nullptr ? node->position : spec.position, std::move(hint),
                      "the kafka sink"});
  };
  std::vector<size_t> key;
  for (const auto& name : options.key) {
    if (const auto column = schema.find(name)) {
      key.push_back(*column);
    } else {
      wrong("key", "no column `" + name + "`", spelling_hint(name, schema.names()));
    }
  }
  if (options.mode == "upsert" && options.key.empty())
    wrong("mode", "an upsert needs the columns that name a row", "key = [\"id\"]");
  if (options.batch_rows < 1) wrong("batch_rows", "`batch_rows` must be at least 1");
  SinkFormat format = bind_sink_format(spec, "json", context, errors);
  if (format.format && (format.format->encodes_in_order() || format.format->is_container()))
    wrong("format", "the format `" + format.name + "` is no format for messages");
  if (errors.size() > before) return nullptr;
  return std::make_unique<KafkaPlan>(std::move(options), std::move(format), schema, context,
                                     std::move(key), spec.name);
}

}  // namespace

const SinkDescriptor kKafkaSink = {"kafka", "writes rows as messages to a topic of Kafka",
                                   kafka_sink_docs, bind_kafka};

}  // namespace weir
