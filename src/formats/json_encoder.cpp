#include "formats/json_encoder.h"

#include <charconv>
#include <cmath>

#include "data/text.h"
#include "formats/json_string.h"

namespace weir {
namespace {

class JsonEncoder final : public Encoder {
 public:
  JsonEncoder(const Schema& schema, const JsonEncodeStyle& style) : style_(style) {
    for (const auto& column : schema) keys_.push_back(key_text(column.name));
  }

  void encode(const Batch& batch, std::string& out) override {
    buffer_.clear();
    const size_t columns = std::min(keys_.size(), batch.columns.size());
    for (size_t row = 0; row < batch.rows; ++row) {
      buffer_.push_back('{');
      bool first = true;
      for (size_t c = 0; c < columns; ++c) {
        const Column* column = batch.columns[c].get();
        const bool is_null = column == nullptr || column->is_null(row);
        if (is_null && style_.leave_out_nulls) continue;
        if (!first) buffer_.push_back(',');
        first = false;
        append(keys_[c]);
        if (is_null) {
          append("null");
        } else {
          append_value(*column, row);
        }
      }
      append("}\n");
    }
    out.append(buffer_.data(), buffer_.size());
  }

 private:
  static std::string key_text(const std::string& name) {
    Vec<char> text;
    json::append_quoted(text, name);
    text.push_back(':');
    return {text.data(), text.size()};
  }

  void append(std::string_view text) { buffer_.append(text.data(), text.size()); }

  template <class T>
  void append_integer(T value) {
    const size_t size = buffer_.size();
    char* begin = buffer_.extend(24);
    const auto end = std::to_chars(begin, begin + 24, value).ptr;
    buffer_.resize(size + static_cast<size_t>(end - begin));
  }

  template <class T>
  void append_real(T value) {
    if (std::isnan(value)) return append("\"NaN\"");
    if (std::isinf(value)) return append(value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    scratch_.clear();
    if constexpr (std::is_same_v<T, float>) {
      char text[32];
      scratch_.assign(text, std::to_chars(text, text + sizeof(text), value).ptr);
    } else {
      append_json_double(scratch_, value);
    }
    append(scratch_);
  }

  void append_time(const Column& column, size_t row) {
    scratch_.clear();
    append_text(scratch_, column, row);
    if (style_.iso_times && scratch_.size() > 10) {
      const size_t blank = scratch_.find(' ');
      if (blank != std::string::npos) scratch_[blank] = 'T';
    }
    if (column.type().id == TypeId::kTimestampLtz && !scratch_.ends_with('Z')) scratch_ += 'Z';
    json::append_quoted(buffer_, scratch_);
  }

  void append_nullable(const Column& column, size_t row) {
    if (column.is_null(row)) return append("null");
    append_value(column, row);
  }

  void append_map(const Column& column, size_t row) {
    const ListRef list = column.at<ListRef>(row);
    const Column& keys = column.child(0);
    buffer_.push_back('{');
    for (uint32_t i = list.offset; i < list.offset + list.len; ++i) {
      if (i > list.offset) buffer_.push_back(',');
      if (keys.type().is_text() && !keys.is_null(i)) {
        json::append_quoted(buffer_, keys.at<StringRef>(i).view());
      } else {
        scratch_.clear();
        if (keys.is_null(i)) {
          scratch_ = "null";
        } else {
          append_text(scratch_, keys, i);
        }
        json::append_quoted(buffer_, scratch_);
      }
      buffer_.push_back(':');
      append_nullable(column.child(1), i);
    }
    buffer_.push_back('}');
  }

  void append_value(const Column& column, size_t row) {
    switch (column.type().id) {
      case TypeId::kNull: return append("null");
      case TypeId::kBoolean: return append(column.at<uint8_t>(row) != 0 ? "true" : "false");
      case TypeId::kTinyInt: return append_integer(column.at<int8_t>(row));
      case TypeId::kSmallInt: return append_integer(column.at<int16_t>(row));
      case TypeId::kInt: return append_integer(column.at<int32_t>(row));
      case TypeId::kBigInt: return append_integer(column.at<int64_t>(row));
      case TypeId::kFloat: return append_real(column.at<float>(row));
      case TypeId::kDouble: return append_real(column.at<double>(row));
      case TypeId::kDecimal:
        scratch_.clear();
        append_text(scratch_, column, row);
        return append(scratch_);
      case TypeId::kString: return json::append_quoted(buffer_, column.at<StringRef>(row).view());
      case TypeId::kBytes:
        buffer_.push_back('"');
        json::append_base64(buffer_, column.at<StringRef>(row).view());
        return buffer_.push_back('"');
      case TypeId::kDate:
      case TypeId::kTime:
      case TypeId::kTimestamp:
      case TypeId::kTimestampLtz:
      case TypeId::kIntervalMonths:
      case TypeId::kIntervalMillis: return append_time(column, row);
      case TypeId::kArray: {
        const ListRef list = column.at<ListRef>(row);
        buffer_.push_back('[');
        for (uint32_t i = list.offset; i < list.offset + list.len; ++i) {
          if (i > list.offset) buffer_.push_back(',');
          append_nullable(column.child(0), i);
        }
        return buffer_.push_back(']');
      }
      case TypeId::kMap: return append_map(column, row);
      case TypeId::kRow: {
        const auto& fields = *column.type().fields;
        for (size_t i = 0; i < fields.size(); ++i) {
          buffer_.push_back(i == 0 ? '{' : ',');
          json::append_quoted(buffer_, fields[i].name);
          buffer_.push_back(':');
          append_nullable(column.child(i), column.is_constant() ? 0 : row);
        }
        if (fields.empty()) buffer_.push_back('{');
        return buffer_.push_back('}');
      }
    }
  }

  JsonEncodeStyle style_;
  std::vector<std::string> keys_;  // `"name":`
  Vec<char> buffer_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Encoder> make_json_encoder(const Schema& schema, const JsonEncodeStyle& style) {
  return std::make_unique<JsonEncoder>(schema, style);
}

}  // namespace weir
