// The format "msgpack": MessagePack maps, one behind another.
//
// Its own decoder, straight into columns: records need no tree of objects, keys are found by their places in the record
// before, and a value whose column nobody needs is passed over by its length.
#include "formats/format_list.h"
#include "formats/json_decoder.h"
#include "formats/msgpack_encoder.h"
#include "formats/msgpack_infer.h"
#include "formats/msgpack_item.h"
#include "formats/msgpack_reader.h"

namespace weir {
namespace {

constexpr size_t kShownBytes = size_t{64} << 10;  // of a bad record

struct MsgpackOptions {
  bool leave_out_nulls = false;
};

const OptionTable<MsgpackOptions>& msgpack_options() {
  static const OptionTable<MsgpackOptions> table = {
      {"leave_out_nulls", &MsgpackOptions::leave_out_nulls,
       "fields that are NULL are not written, instead of nil"},
  };
  return table;
}

class MsgpackDecoder final : public Decoder {
 public:
  MsgpackDecoder(const std::vector<JsonColumn>& columns, const DecodeRequest& request,
                 const TimeZone* zone, int64_t reference_us)
      : want_raw_(request.want_raw), fail_fast_(request.fail_fast) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const JsonColumn& column = columns[i];
      types_.push_back(column.type);
      if (i >= request.needed.size() || !request.needed[i]) continue;
      auto reader = msgpack::ValueReader::make(column.type, column.format, zone, reference_us);
      WEIR_CHECK(reader.has_value());
      Place* place = &root_;
      for (const auto& key : column.path) place = &place->at_key(key);
      place->slots.push_back(slots_.size());
      slots_.push_back({i, column.name, std::move(*reader), nullptr});
    }
  }

  void decode(const Block& block, Batch& batch) override {
    begin_block(block, batch, types_.size());
    for (Slot& slot : slots_) {
      batch.columns[slot.index] = make_column(types_[slot.index]);
      slot.column = batch.columns[slot.index].get();
    }
    const std::string_view bytes = block.bytes;
    for (size_t at = 0; at < bytes.size() && !batch.stopped;) {
      const size_t begin = at;
      // A cutter has walked these bytes; a message of Kafka is seen here first.
      const bool whole = msgpack::skip_value(bytes, at) == msgpack::Status::kDone;
      if (!whole) at = bytes.size();
      decode_record(block, bytes.substr(begin, at - begin), whole, batch);
    }
  }

 private:
  struct Slot {
    size_t index = 0;  // in the schema
    std::string name;
    msgpack::ValueReader reader;
    Column* column = nullptr;  // of the batch
  };
  // What the value of a key goes into: columns, and the keys of a map in it that columns are made from.
  struct Place {
    JsonKeys keys;
    std::vector<std::string> names;
    std::vector<Place> inside;
    std::vector<size_t> slots;

    Place& at_key(const std::string& key) {
      for (size_t i = 0; i < names.size(); ++i)
        if (names[i] == key) return inside[i];
      keys.add(key, static_cast<int>(names.size()));
      names.push_back(key);
      return inside.emplace_back();
    }
  };

  void decode_record(const Block& block, std::string_view record, bool whole, Batch& batch) {
    ++batch.records;
    msgpack::Item head;
    size_t at = 0;
    reason_.clear();
    field_.clear();
    if (!whole) {
      reason_ = "no whole MessagePack value";
    } else if (msgpack::read_item(record, at, head) != msgpack::Status::kDone ||
               head.kind != msgpack::Kind::kMap) {
      reason_ = "a record is a map of columns; this is another value";
    } else if (read_map(root_, record, at, head.number, batch)) {
      ++batch.rows;
      for (Slot& slot : slots_)
        if (slot.column->size() < batch.rows) slot.column->push_null();
      if (want_raw_) batch.raw.push_back(StringRef(record));
      return;
    }
    for (Slot& slot : slots_) repair(*slot.column, batch.rows);
    Reject bad;
    bad.offset = block.origin.begin + static_cast<uint64_t>(record.data() - block.bytes.data());
    bad.row = static_cast<uint32_t>(batch.rows);
    bad.raw = record.substr(0, kShownBytes);
    bad.field = field_;
    bad.reason = reason_;
    batch.rejects.push_back(std::move(bad));
    batch.stopped = fail_fast_;
  }

  bool read_map(Place& place, std::string_view bytes, size_t& at, uint64_t pairs, Batch& batch) {
    for (uint64_t i = 0; i < pairs; ++i) {
      msgpack::Item key;
      size_t value = at;
      msgpack::read_item(bytes, value, key);
      const int number =
          key.kind == msgpack::Kind::kString ? place.keys.find(i, key.bytes) : JsonKeys::kUnknown;
      if (number != JsonKeys::kUnknown) {
        if (!read_value(place.inside[static_cast<size_t>(number)], bytes, value, batch))
          return false;
      } else {
        msgpack::skip_value(bytes, at);  // the key, which may be anything
        value = at;
      }
      at = value;
      msgpack::skip_value(bytes, at);
    }
    return true;
  }

  // Puts the value at `at` where it belongs. Of equal keys the first counts.
  bool read_value(Place& place, std::string_view bytes, size_t at, Batch& batch) {
    for (const size_t number : place.slots) {
      Slot& slot = slots_[number];
      if (slot.column->size() > batch.rows) continue;
      size_t value = at;
      if (slot.reader.read(bytes, value, *slot.column, batch, reason_)) continue;
      field_ = slot.name;
      return false;
    }
    msgpack::Item head;
    if (place.inside.empty() || msgpack::read_item(bytes, at, head) != msgpack::Status::kDone ||
        head.kind != msgpack::Kind::kMap)
      return true;
    return read_map(place, bytes, at, head.number, batch);
  }

  std::vector<Type> types_;
  std::vector<Slot> slots_;
  Place root_;
  const bool want_raw_;
  const bool fail_fast_;
  std::string reason_;
  std::string field_;
};

class MsgpackFormat final : public Format {
 public:
  MsgpackFormat(const MsgpackOptions& options, const FormatContext& context,
                std::vector<JsonColumn> columns)
      : options_(options),
        zone_(context.zone),
        reference_us_(context.reference_us),
        columns_(std::move(columns)),
        declared_(!columns_.empty()) {
    for (const auto& column : columns_) schema_.add(column.name, column.type);
  }

  std::shared_ptr<const RecordCutter> cutter() const override {
    return msgpack::make_value_cutter();
  }
  bool is_binary() const override { return true; }
  bool needs_sample() const override { return !declared_; }
  Result<void> infer(std::string_view sample, bool) override {
    if (declared_) return {};
    schema_ = msgpack::infer_schema(sample);
    columns_.clear();
    for (const auto& column : schema_)
      columns_.push_back({column.name, column.type, {}, {column.name}});
    return {};
  }
  const Schema& schema() const override { return schema_; }
  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    return std::make_unique<MsgpackDecoder>(columns_, request, zone_, reference_us_);
  }
  std::unique_ptr<Encoder> make_encoder(const Schema& schema, const EncodeOptions&) const override {
    return msgpack::make_encoder(schema, options_.leave_out_nulls);
  }

 private:
  MsgpackOptions options_;
  const TimeZone* zone_;
  int64_t reference_us_;
  std::vector<JsonColumn> columns_;
  bool declared_;
  Schema schema_;
};

std::unique_ptr<Format> make_msgpack(const FormatSpec& spec, const FormatContext& context,
                                     Errors& errors) {
  const size_t before = errors.size();
  MsgpackOptions options;
  read_options(msgpack_options(), spec.options, options, errors, "the msgpack format", {"name"});
  auto columns =
      declared_json_columns(context, errors, [&](const JsonColumn& column) -> Result<void> {
        const auto reader = msgpack::ValueReader::make(column.type, column.format, context.zone,
                                                       context.reference_us);
        if (!reader) return fail(reader.error());
        return {};
      });
  if (errors.size() > before) return nullptr;
  return std::make_unique<MsgpackFormat>(options, context, std::move(columns));
}

}  // namespace

const FormatDescriptor kMsgpackFormat = {
    .name = "msgpack",
    .doc = "MessagePack maps, one behind another; nested maps and arrays become ROW, MAP and ARRAY",
    .reads = true,
    .writes = true,
    .options = [] { return option_docs(msgpack_options()); },
    .make = make_msgpack,
};

}  // namespace weir
