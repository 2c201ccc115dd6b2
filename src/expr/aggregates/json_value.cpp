#include "expr/aggregates/json_value.h"

#include <cmath>

#include "data/text.h"

namespace weir {

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (u < 0x20) {
          out += "\\u00";
          out.push_back(kHex[u >> 4]);
          out.push_back(kHex[u & 15]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

namespace {

void append_real_value(std::string& out, double value) {
  if (std::isfinite(value)) {
    append_json_double(out, value);
  } else {
    append_json_string(out, std::isnan(value) ? "NaN" : (value > 0 ? "Infinity" : "-Infinity"));
  }
}

}  // namespace

void append_json_value(std::string& out, const Column& column, size_t i) {
  if (column.is_null(i) || column.type().id == TypeId::kNull) {
    out += "null";
    return;
  }
  switch (column.type().id) {
    case TypeId::kBoolean: out += column.at<uint8_t>(i) != 0 ? "true" : "false"; break;
    case TypeId::kTinyInt:
    case TypeId::kSmallInt:
    case TypeId::kInt:
    case TypeId::kBigInt:
    case TypeId::kDecimal: append_text(out, column, i); break;
    case TypeId::kFloat: append_real_value(out, static_cast<double>(column.at<float>(i))); break;
    case TypeId::kDouble: append_real_value(out, column.at<double>(i)); break;
    case TypeId::kString:
    case TypeId::kBytes: append_json_string(out, column.at<StringRef>(i).view()); break;
    case TypeId::kArray: {
      const ListRef list = column.at<ListRef>(i);
      out.push_back('[');
      for (uint32_t k = 0; k < list.len; ++k) {
        if (k > 0) out.push_back(',');
        append_json_value(out, column.child(0), list.offset + k);
      }
      out.push_back(']');
      break;
    }
    case TypeId::kMap: {
      const ListRef list = column.at<ListRef>(i);
      out.push_back('{');
      for (uint32_t k = 0; k < list.len; ++k) {
        if (k > 0) out.push_back(',');
        append_json_string(out, text_at(column.child(0), list.offset + k));
        out.push_back(':');
        append_json_value(out, column.child(1), list.offset + k);
      }
      out.push_back('}');
      break;
    }
    case TypeId::kRow: {
      out.push_back('{');
      for (size_t c = 0; c < column.children().size(); ++c) {
        if (c > 0) out.push_back(',');
        append_json_string(out, (*column.type().fields)[c].name);
        out.push_back(':');
        append_json_value(out, column.child(c), column.is_constant() ? 0 : i);
      }
      out.push_back('}');
      break;
    }
    default: append_json_string(out, text_at(column, i)); break;
  }
}

}  // namespace weir
