#include "sources/kafka_source.h"

#include <algorithm>

#include "base/spelling.h"
#include "sources/kafka_decoder.h"
#include "sources/source_format.h"
#include "sources/source_list.h"

namespace weir {
namespace {

struct KafkaSourceOptions {
  std::string brokers = "localhost:9092";
  std::vector<std::string> topic;
  std::string group;
  std::string start = "earliest";
  bool bounded = false;
  std::vector<std::string> columns;
  std::string on_gap = "fail";
  Duration discover{60'000'000};
  Duration timeout{60'000'000};
  NamedTexts properties;
};

const OptionTable<KafkaSourceOptions>& kafka_source_options() {
  static const OptionTable<KafkaSourceOptions> table = {
      {"brokers", &KafkaSourceOptions::brokers,
       "HOST:PORT of some brokers, with commas between them"},
      {"topic", &KafkaSourceOptions::topic,
       "topics; one that begins with ^ is a regular expression", true},
      {"group", &KafkaSourceOptions::group,
       "the group that is told how far this run is, and whose offsets start = \"group\" goes on "
       "from"},
      {"start", &KafkaSourceOptions::start,
       "where a first run begins: earliest, latest, group, or a time such as 2024-01-31T10:00:00Z"},
      {"bounded", &KafkaSourceOptions::bounded,
       "end behind the messages that are there when the run begins"},
      {"columns", &KafkaSourceOptions::columns,
       "what of a message beside its value becomes a column: key, topic, partition, offset, "
       "timestamp, headers"},
      {"on_gap",
       &KafkaSourceOptions::on_gap,
       {"fail", "earliest", "latest"},
       "what to do when the messages to go on with have been removed"},
      {"discover", &KafkaSourceOptions::discover,
       "how often to look for new topics and partitions"},
      {"timeout", &KafkaSourceOptions::timeout, "end the run when no broker answers for so long"},
      {"properties", &KafkaSourceOptions::properties,
       "of librdkafka, for example security.protocol and sasl.password"},
  };
  return table;
}

class KafkaSourcePlan final : public SourcePlan {
 public:
  KafkaSourcePlan(KafkaSourceSettings settings, SourceFormat format)
      : settings_(std::move(settings)), format_(std::move(format)) {
    for (const auto& column : format_.format->schema()) schema_.add(column.name, column.type);
    for (const auto& name : settings_.columns)
      schema_.add(name, kafka_message_columns()[*kafka_message_columns().find(name)].type);
  }

  const Schema& schema() const override { return schema_; }
  bool bounded() const override { return settings_.bounded; }
  bool partitioned() const override { return true; }
  const Format* format() const override { return nullptr; }  // it decodes by itself
  std::string explain() const override {
    std::string topics;
    for (const auto& topic : settings_.topics) topics += (topics.empty() ? "" : " ") + topic;
    return "kafka: " + settings_.client.brokers + ", " + topics + ", " + format_.name;
  }
  std::string partition_name(uint32_t partition) const override {
    return "kafka " + settings_.topics.front() + " #" + std::to_string(partition);
  }
  Result<std::unique_ptr<Source>> open(const FeedOptions& feed) const override {
    return make_kafka_source(settings_, *format_.format, feed, nullptr);
  }
  bool resumable() const override { return true; }
  Result<std::unique_ptr<Source>> resume(const FeedOptions& feed, const std::string* position,
                                         std::vector<std::string>&) const override {
    return make_kafka_source(settings_, *format_.format, feed, position);
  }

 private:
  KafkaSourceSettings settings_;
  SourceFormat format_;
  Schema schema_;
};

std::vector<OptionDoc> kafka_source_docs() {
  std::vector<OptionDoc> all = option_docs(kafka_source_options());
  for (OptionDoc& doc : common_source_docs("json")) all.push_back(std::move(doc));
  return all;
}

std::unique_ptr<SourcePlan> bind_kafka_source(const SourceSpec& spec, const SourceContext& context,
                                              Errors& errors) {
  KafkaSourceOptions options;
  const size_t before = errors.size();
  read_options(kafka_source_options(), spec.options, options, errors, "the kafka source",
               kCommonSourceKeys);
  if (errors.size() > before) return nullptr;
  const auto wrong = [&](const char* key, std::string message, std::string hint = {}) {
    const Node* node = spec.options.find(key);
    errors.push_back({ErrorKind::kConfig,
                      std::move(message),
                      node != nullptr ? node->position : spec.position,
                      std::move(hint),
                      {}});
  };
  KafkaSourceSettings settings;
  settings.client.brokers = options.brokers;
  settings.client.group = options.group;
  settings.client.timeout_us = options.timeout.us;
  for (const auto& property : options.properties)
    settings.client.properties.emplace_back(property.name, property.value.text);
  settings.topics = options.topic;
  settings.start = options.start;
  settings.bounded = options.bounded;
  settings.on_gap = options.on_gap;
  settings.discover_us = options.discover.us;
  settings.columns = options.columns;
  if (options.topic.empty()) wrong("topic", "`topic` names no topic");
  for (const auto& topic : options.topic)
    if (topic.find(' ') != std::string::npos) wrong("topic", "no topic is called `" + topic + "`");
  if (options.start == "group" && options.group.empty())
    wrong("start", "start = \"group\" needs a `group`");
  if (options.start != "earliest" && options.start != "latest" && options.start != "group") {
    if (const auto time = parse_instant(options.start, *context.zone)) {
      settings.start = "time";
      settings.start_ms = floor_div(*time, 1000);
    } else {
      wrong("start", "`" + options.start + "` is no time",
            "expected earliest, latest, group or a time such as 2024-01-31T10:00:00Z");
    }
  }
  SourceSpec named = spec;
  if (named.format.name.empty()) named.format.name = "json";
  SourceContext no_look = context;
  no_look.sample = true;  // there is nothing to look at: the sample is empty
  SourceFormat format = bind_source_format(
      named, no_look, context.now_us, []() -> Result<Peek> { return Peek{"", true}; }, errors);
  if (errors.size() > before || !format.format) return nullptr;
  if (format.format->is_container())
    wrong("format", "the format `" + format.name + "` is not for messages",
          "it is read from files");
  if (format.format->schema().size() == 0)
    wrong("format", "the columns of `" + format.name + "` must be declared: a topic has no sample",
          "[source.schema] names them and their types");
  for (const auto& name : options.columns) {
    if (!kafka_message_columns().find(name))
      wrong("columns", "a message has no `" + name + "`",
            spelling_hint(name, kafka_message_columns().names()));
    if (format.format->schema().find(name))
      wrong("columns", "the value has a column `" + name + "` already",
            "[source.schema] can read it under another name, with `path`");
  }
  if (errors.size() > before) return nullptr;
  return std::make_unique<KafkaSourcePlan>(std::move(settings), std::move(format));
}

}  // namespace

const SourceDescriptor kKafkaSource = {"kafka", "reads topics of Kafka; a message is a record",
                                       kafka_source_docs, bind_kafka_source};

}  // namespace weir
