#include "formats/avro_encoder.h"

#include <cstring>

#include "base/check.h"
#include "data/civil.h"
#include "data/text.h"

namespace weir::avro {
namespace {

constexpr size_t kBlockBytes = size_t{256} << 10;  // a block is ended behind so many

// Sixteen bytes that another schema or codec would not give.
std::string sync_of(std::string_view text) {
  std::string sync;
  for (uint64_t half = 0; half < 2; ++half) {
    uint64_t hash = 0xcbf29ce484222325 + half;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash = (hash ^ hash >> 31) * 0x94d049bb133111eb;
    for (int i = 0; i < 8; ++i) sync += static_cast<char>(hash >> (8 * i));
  }
  return sync;
}

void append_sized(std::string& out, std::string_view bytes) {
  append_long(out, static_cast<int64_t>(bytes.size()));
  out += bytes;
}

class BlockEncoder final : public Encoder {
 public:
  BlockEncoder(const Schema& schema, const std::string& codec)
      : columns_(schema.size()),
        schema_text_(schema_text(schema)),
        codec_name_(codec),
        codec_(*parse_codec(codec)),
        sync_(sync_of(codec + schema_text_)) {}

  void begin(std::string& out) override {
    out += std::string_view("Obj\1", 4);
    append_long(out, 2);
    append_sized(out, "avro.schema");
    append_sized(out, schema_text_);
    append_sized(out, "avro.codec");
    append_sized(out, codec_name_);
    append_long(out, 0);
    out += sync_;
  }

  void encode(const Batch& batch, std::string& out) override {
    int64_t records = 0;
    data_.clear();
    const size_t columns = std::min(columns_, batch.columns.size());
    for (size_t row = 0; row < batch.rows; ++row) {
      for (size_t c = 0; c < columns_; ++c)
        put_nullable(c < columns ? batch.columns[c].get() : nullptr, row);
      ++records;
      if (data_.size() >= kBlockBytes) {
        end_block(records, out);
        records = 0;
      }
    }
    if (records > 0) end_block(records, out);
  }

 private:
  void end_block(int64_t records, std::string& out) {
    WEIR_CHECK(pack(codec_, data_, packed_).has_value());  // fails without memory only
    append_long(out, records);
    append_sized(out, packed_);
    out += sync_;
    data_.clear();
  }

  void put_nullable(const Column* column, size_t row) {
    if (column == nullptr || column->is_null(row)) return append_long(data_, 0);
    append_long(data_, 1);
    put_value(*column, row);
  }

  template <class T>
  void put_real(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    data_.append(bytes, sizeof value);
  }

  void put_decimal(Int128 value) {
    char bytes[sizeof value];
    size_t first = sizeof bytes;
    do {
      bytes[--first] = static_cast<char>(value & 0xFF);
      value >>= 8;
    } while (first > 0 && !(value == 0 && (bytes[first] & 0x80) == 0) &&
             !(value == -1 && (bytes[first] & 0x80) != 0));
    append_sized(data_, {bytes + first, sizeof bytes - first});
  }

  void put_text(const Column& column, size_t row) {
    scratch_.clear();
    append_text(scratch_, column, row);
    append_sized(data_, scratch_);
  }

  void put_value(const Column& column, size_t row) {
    const Type& type = column.type();
    switch (type.id) {
      case TypeId::kBoolean: data_ += static_cast<char>(column.at<uint8_t>(row)); return;
      case TypeId::kTinyInt: return append_long(data_, column.at<int8_t>(row));
      case TypeId::kSmallInt: return append_long(data_, column.at<int16_t>(row));
      case TypeId::kInt:
      case TypeId::kDate:
      case TypeId::kTime: return append_long(data_, column.at<int32_t>(row));
      case TypeId::kBigInt: return append_long(data_, column.at<int64_t>(row));
      case TypeId::kTimestamp:
      case TypeId::kTimestampLtz: {
        const int64_t value = column.at<int64_t>(row);
        return append_long(data_, type.precision > 3 ? value : floor_div(value, int64_t{1000}));
      }
      case TypeId::kFloat: return put_real(column.at<float>(row));
      case TypeId::kDouble: return put_real(column.at<double>(row));
      case TypeId::kDecimal: return put_decimal(column.at<Int128>(row));
      case TypeId::kString:
      case TypeId::kBytes: return append_sized(data_, column.at<StringRef>(row).view());
      case TypeId::kArray:
      case TypeId::kMap: {
        const ListRef list = column.at<ListRef>(row);
        if (list.len > 0) append_long(data_, list.len);
        for (uint32_t i = list.offset; i < list.offset + list.len; ++i) {
          if (type.id == TypeId::kMap) put_key(column.child(0), i);
          put_nullable(&column.child(type.id == TypeId::kMap ? 1 : 0), i);
        }
        return append_long(data_, 0);
      }
      case TypeId::kRow:
        for (const auto& child : column.children())
          put_nullable(child.get(), column.is_constant() ? 0 : row);
        return;
      default: return put_text(column, row);
    }
  }

  void put_key(const Column& keys, uint32_t i) {
    if (keys.is_null(i)) return append_sized(data_, "null");
    put_text(keys, i);
  }

  const size_t columns_;
  const std::string schema_text_;
  const std::string codec_name_;
  const Codec codec_;
  const std::string sync_;
  std::string data_;  // of the block being made
  std::string packed_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Encoder> make_encoder(const Schema& schema, const std::string& codec) {
  return std::make_unique<BlockEncoder>(schema, codec);
}

}  // namespace weir::avro
