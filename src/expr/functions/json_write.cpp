#include "expr/functions/json_write.h"

#include <algorithm>
#include <cmath>

#include "data/text.h"
#include "expr/functions/json_text.h"

namespace weir {
namespace {

void append_base64(std::string& out, std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += k <= n ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
}

void append_real(std::string& out, double value) {
  if (std::isnan(value))
    out += "\"NaN\"";
  else if (std::isinf(value))
    out += value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  else
    append_json_double(out, value);
}

void append_moment(std::string& out, const Type& type, int64_t value) {
  int64_t micros = value;
  int nanos = 0;
  if (type.in_nanos()) {
    micros = floor_div(value, 1000);
    nanos = static_cast<int>(value - micros * 1000);
  }
  append_timestamp(out, micros, type.precision, nanos, 'T');
  if (type.id == TypeId::kTimestampLtz) out += 'Z';
}

// Map keys become object keys: texts as they are, others as CAST(key AS STRING) gives them.
void append_key(std::string& out, const Column& keys, size_t i) {
  if (keys.is_null(i))
    out += "\"null\"";
  else
    json_quote(out, text_at(keys, i));
}

}  // namespace

bool has_json_form(const Type& type) {
  if (type.is_interval()) return false;
  if (type.fields == nullptr) return true;
  return std::all_of(type.fields->begin(), type.fields->end(),
                     [](const Type::Field& f) { return has_json_form(f.type); });
}

void append_json(std::string& out, const Column& column, size_t i) {
  if (column.is_null(i)) {
    out += "null";
    return;
  }
  const Type& type = column.type();
  switch (type.id) {
    case TypeId::kNull: out += "null"; break;
    case TypeId::kBoolean: out += column.at<uint8_t>(i) != 0 ? "true" : "false"; break;
    case TypeId::kFloat: {
      // The shortest digits of the FLOAT, not of the DOUBLE it widens to.
      const float v = column.at<float>(i);
      if (!std::isfinite(v)) {
        append_real(out, static_cast<double>(v));
      } else {
        append_float(out, v);
      }
      break;
    }
    case TypeId::kDouble: append_real(out, column.at<double>(i)); break;
    case TypeId::kString: json_quote(out, column.at<StringRef>(i).view()); break;
    case TypeId::kBytes:
      out += '"';
      append_base64(out, column.at<StringRef>(i).view());
      out += '"';
      break;
    case TypeId::kDate:
    case TypeId::kTime:
      out += '"';
      append_text(out, column, i);
      out += '"';
      break;
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
      out += '"';
      append_moment(out, type, column.at<int64_t>(i));
      out += '"';
      break;
    case TypeId::kArray: {
      const ListRef list = column.at<ListRef>(i);
      out += '[';
      for (uint32_t k = 0; k < list.len; ++k) {
        if (k > 0) out += ',';
        append_json(out, column.child(0), list.offset + k);
      }
      out += ']';
      break;
    }
    case TypeId::kMap: {
      const ListRef list = column.at<ListRef>(i);
      out += '{';
      for (uint32_t k = 0; k < list.len; ++k) {
        if (k > 0) out += ',';
        append_key(out, column.child(0), list.offset + k);
        out += ':';
        append_json(out, column.child(1), list.offset + k);
      }
      out += '}';
      break;
    }
    case TypeId::kRow: {
      const size_t row = column.is_constant() ? 0 : i;
      out += '{';
      for (size_t k = 0; k < column.children().size(); ++k) {
        if (k > 0) out += ',';
        json_quote(out, (*type.fields)[k].name);
        out += ':';
        append_json(out, column.child(k), row);
      }
      out += '}';
      break;
    }
    default: append_text(out, column, i);  // integers, DECIMAL, intervals
  }
}

}  // namespace weir
