#include "formats/msgpack_encoder.h"

#include <bit>

#include "data/civil.h"
#include "data/text.h"

namespace weir::msgpack {
namespace {

class ValueEncoder final : public Encoder {
 public:
  ValueEncoder(const Schema& schema, bool leave_out_nulls) : leave_out_nulls_(leave_out_nulls) {
    for (const auto& column : schema) {
      put_text(column.name);
      keys_.push_back(std::exchange(buffer_, {}));
    }
  }

  void encode(const Batch& batch, std::string& out) override {
    buffer_.clear();
    const size_t columns = std::min(keys_.size(), batch.columns.size());
    for (size_t row = 0; row < batch.rows; ++row) {
      size_t written = columns;
      if (leave_out_nulls_)
        for (size_t c = 0; c < columns; ++c) written -= is_null(batch.columns[c].get(), row);
      put_count(0x80, 0xDE, written);
      for (size_t c = 0; c < columns; ++c) {
        const Column* column = batch.columns[c].get();
        if (leave_out_nulls_ && is_null(column, row)) continue;
        buffer_ += keys_[c];
        if (is_null(column, row)) {
          put_byte(0xC0);
        } else {
          put_value(*column, row);
        }
      }
    }
    out += buffer_;
  }

 private:
  static bool is_null(const Column* column, size_t row) {
    return column == nullptr || column->is_null(row);
  }

  void put_byte(unsigned value) { buffer_ += static_cast<char>(value); }
  // `size` bytes, the highest first.
  void put(uint64_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
      put_byte(static_cast<unsigned char>(value >> shift));
  }
  // The head of a map or an array.
  void put_count(unsigned small, unsigned large, uint64_t count) {
    if (count < 16) return put_byte(small | static_cast<unsigned>(count));
    put_byte(count <= UINT16_MAX ? large : large + 1);
    put(count, count <= UINT16_MAX ? 2 : 4);
  }
  void put_text(std::string_view text) {
    if (text.size() < 32) {
      put_byte(0xA0 | static_cast<unsigned>(text.size()));
    } else {
      const int size = text.size() <= UINT8_MAX ? 1 : text.size() <= UINT16_MAX ? 2 : 4;
      put_byte(size == 1 ? 0xD9 : size == 2 ? 0xDA : 0xDB);
      put(text.size(), size);
    }
    buffer_ += text;
  }
  void put_binary(std::string_view bytes) {
    const int size = bytes.size() <= UINT8_MAX ? 1 : bytes.size() <= UINT16_MAX ? 2 : 4;
    put_byte(size == 1 ? 0xC4 : size == 2 ? 0xC5 : 0xC6);
    put(bytes.size(), size);
    buffer_ += bytes;
  }
  void put_integer(int64_t value) {
    const auto bits = static_cast<uint64_t>(value);
    if (value >= -32 && value < 128) return put_byte(static_cast<unsigned char>(value));
    if (value >= 0) {
      const int size = bits <= UINT8_MAX ? 0 : bits <= UINT16_MAX ? 1 : bits <= UINT32_MAX ? 2 : 3;
      put_byte(0xCC + static_cast<unsigned>(size));
      return put(bits, 1 << size);
    }
    const int size = value >= INT8_MIN ? 0 : value >= INT16_MIN ? 1 : value >= INT32_MIN ? 2 : 3;
    put_byte(0xD0 + static_cast<unsigned>(size));
    put(bits, 1 << size);
  }

  void put_instant(int64_t value, int64_t per_second) {
    const int64_t seconds = floor_div(value, per_second);
    const auto nanos =
        static_cast<uint64_t>((value - seconds * per_second) * (1'000'000'000 / per_second));
    if (nanos == 0 && seconds >= 0 && seconds <= int64_t{UINT32_MAX}) {
      put_byte(0xD6);
      put_byte(0xFF);
      return put(static_cast<uint64_t>(seconds), 4);
    }
    if (seconds >= 0 && seconds < int64_t{1} << 34) {
      put_byte(0xD7);
      put_byte(0xFF);
      return put(nanos << 34 | static_cast<uint64_t>(seconds), 8);
    }
    put_byte(0xC7);
    put_byte(12);
    put_byte(0xFF);
    put(nanos, 4);
    put(static_cast<uint64_t>(seconds), 8);
  }

  void put_nullable(const Column& column, size_t row) {
    if (column.is_null(row)) return put_byte(0xC0);
    put_value(column, row);
  }

  void put_value(const Column& column, size_t row) {
    switch (column.type().id) {
      case TypeId::kNull: return put_byte(0xC0);
      case TypeId::kBoolean: return put_byte(column.at<uint8_t>(row) != 0 ? 0xC3 : 0xC2);
      case TypeId::kTinyInt: return put_integer(column.at<int8_t>(row));
      case TypeId::kSmallInt: return put_integer(column.at<int16_t>(row));
      case TypeId::kInt: return put_integer(column.at<int32_t>(row));
      case TypeId::kBigInt: return put_integer(column.at<int64_t>(row));
      case TypeId::kFloat:
        put_byte(0xCA);
        return put(std::bit_cast<uint32_t>(column.at<float>(row)), 4);
      case TypeId::kDouble:
        put_byte(0xCB);
        return put(std::bit_cast<uint64_t>(column.at<double>(row)), 8);
      case TypeId::kString: return put_text(column.at<StringRef>(row).view());
      case TypeId::kBytes: return put_binary(column.at<StringRef>(row).view());
      case TypeId::kTimestampLtz:
        return put_instant(column.at<int64_t>(row),
                           column.type().in_nanos() ? 1'000'000'000 : 1'000'000);
      case TypeId::kDecimal:
      case TypeId::kDate:
      case TypeId::kTime:
      case TypeId::kTimestamp:
      case TypeId::kIntervalMonths:
      case TypeId::kIntervalMillis:
        scratch_.clear();
        append_text(scratch_, column, row);
        return put_text(scratch_);
      case TypeId::kArray: {
        const ListRef list = column.at<ListRef>(row);
        put_count(0x90, 0xDC, list.len);
        for (uint32_t i = 0; i < list.len; ++i) put_nullable(column.child(0), list.offset + i);
        return;
      }
      case TypeId::kMap: {
        const ListRef list = column.at<ListRef>(row);
        put_count(0x80, 0xDE, list.len);
        for (uint32_t i = 0; i < list.len; ++i) {
          put_nullable(column.child(0), list.offset + i);
          put_nullable(column.child(1), list.offset + i);
        }
        return;
      }
      case TypeId::kRow: {
        const auto& fields = *column.type().fields;
        put_count(0x80, 0xDE, fields.size());
        for (size_t i = 0; i < fields.size(); ++i) {
          put_text(fields[i].name);
          put_nullable(column.child(i), column.is_constant() ? 0 : row);
        }
        return;
      }
    }
  }

  const bool leave_out_nulls_;
  std::vector<std::string> keys_;  // encoded
  std::string buffer_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Encoder> make_encoder(const Schema& schema, bool leave_out_nulls) {
  return std::make_unique<ValueEncoder>(schema, leave_out_nulls);
}

}  // namespace weir::msgpack
