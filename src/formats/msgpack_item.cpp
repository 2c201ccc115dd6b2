#include "formats/msgpack_item.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "data/civil.h"
#include "data/column.h"
#include "data/text.h"
#include "formats/json_string.h"

namespace weir::msgpack {
namespace {

// A number of `size` bytes, the highest first.
uint64_t big_endian(const char* from, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(from[i]);
  return value;
}

void set_signed(Item& item, int64_t value) {
  item.kind = value < 0 ? Kind::kSigned : Kind::kUnsigned;
  item.number = static_cast<uint64_t>(value);
}

class ValueCutter final : public RecordCutter {
 public:
  bool stateless() const override { return false; }
  bool sequential() const override { return true; }
  State advance(State, std::string_view) const override { return 0; }
  size_t first_end(std::string_view bytes, size_t from, State, bool) const override {
    return skip_value(bytes, from) == Status::kDone ? from : npos;
  }
  size_t last_end(std::string_view bytes, State) const override {
    size_t at = 0;
    while (skip_value(bytes, at) == Status::kDone) {
    }
    return at == 0 ? npos : at;
  }
  std::optional<std::string> damage(std::string_view bytes) const override {
    size_t at = 0;
    if (skip_value(bytes, at) != Status::kDamaged) return std::nullopt;
    return "in the record here stands the byte 0xc1, which MessagePack does not have";
  }
};

void append_json_text(std::string_view text, std::string& out) {
  Vec<char> quoted;
  json::append_quoted(quoted, text);
  out.append(quoted.data(), quoted.size());
}

void append_json_scalar(const Item& item, std::string& out) {
  switch (item.kind) {
    case Kind::kNil: out += "null"; break;
    case Kind::kBoolean: out += item.number != 0 ? "true" : "false"; break;
    case Kind::kUnsigned: out += std::to_string(item.number); break;
    case Kind::kSigned: append_integer(out, static_cast<int64_t>(item.number)); break;
    case Kind::kFloat:
    case Kind::kDouble:
      if (std::isfinite(item.real)) {
        append_json_double(out, item.real);
      } else {
        out += std::isnan(item.real) ? "\"NaN\"" : item.real < 0 ? "\"-Infinity\"" : "\"Infinity\"";
      }
      break;
    case Kind::kString: append_json_text(item.bytes, out); break;
    default: {
      int64_t seconds;
      uint32_t nanos;
      if (item.kind == Kind::kExtension && item.extension == -1 &&
          read_timestamp(item.bytes, seconds, nanos) && std::abs(seconds) < 250'000'000'000) {
        Column time(Type::timestamp_ltz(6));
        time.push(seconds * 1'000'000 + nanos / 1000);
        append_json_text(text_at(time, 0) + "Z", out);
        break;
      }
      Vec<char> text;
      json::append_base64(text, item.bytes);
      out += '"';
      out.append(text.data(), text.size());
      out += '"';
    }
  }
}

}  // namespace

Status read_item(std::string_view bytes, size_t& at, Item& item) {
  if (at >= bytes.size()) return Status::kShort;
  const auto head = static_cast<unsigned char>(bytes[at]);
  const char* behind = bytes.data() + at + 1;
  const size_t left = bytes.size() - at - 1;
  const auto payload = [&](Kind kind, size_t prefix, uint64_t size) {
    if (left - prefix < size) return Status::kShort;
    item.kind = kind;
    item.bytes = {behind + prefix, size};
    at += 1 + prefix + size;
    return Status::kDone;
  };
  const auto sized = [&](Kind kind, size_t prefix) {
    return left < prefix ? Status::kShort : payload(kind, prefix, big_endian(behind, prefix));
  };
  const auto counted = [&](Kind kind, size_t prefix) {
    if (left < prefix) return Status::kShort;
    item.kind = kind;
    item.number = big_endian(behind, prefix);
    at += 1 + prefix;
    return Status::kDone;
  };
  const auto extension = [&](size_t prefix, uint64_t size) {
    if (left < prefix + 1) return Status::kShort;
    item.extension = static_cast<int8_t>(behind[prefix]);
    return payload(Kind::kExtension, prefix + 1, size);
  };
  const auto small = [&](Kind kind, uint64_t number) {
    item.kind = kind;
    item.number = number;
    ++at;
    return Status::kDone;
  };
  if (head < 0x80) return small(Kind::kUnsigned, head);
  if (head < 0x90) return small(Kind::kMap, head & 0x0F);
  if (head < 0xA0) return small(Kind::kArray, head & 0x0F);
  if (head < 0xC0) return payload(Kind::kString, 0, head & 0x1F);
  if (head >= 0xE0) return small(Kind::kSigned, static_cast<uint64_t>(static_cast<int8_t>(head)));
  switch (head) {
    case 0xC0: return small(Kind::kNil, 0);
    case 0xC1: return Status::kDamaged;
    case 0xC2: return small(Kind::kBoolean, 0);
    case 0xC3: return small(Kind::kBoolean, 1);
    case 0xC4: return sized(Kind::kBinary, 1);
    case 0xC5: return sized(Kind::kBinary, 2);
    case 0xC6: return sized(Kind::kBinary, 4);
    case 0xC7:
    case 0xC8:
    case 0xC9: {
      const size_t prefix = size_t{1} << (head - 0xC7);
      return left < prefix ? Status::kShort : extension(prefix, big_endian(behind, prefix));
    }
    case 0xCA:
      if (left < 4) return Status::kShort;
      item.real =
          static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(big_endian(behind, 4))));
      return counted(Kind::kFloat, 4);
    case 0xCB:
      if (left < 8) return Status::kShort;
      item.real = std::bit_cast<double>(big_endian(behind, 8));
      return counted(Kind::kDouble, 8);
    case 0xCC:
    case 0xCD:
    case 0xCE:
    case 0xCF: return counted(Kind::kUnsigned, size_t{1} << (head - 0xCC));
    case 0xD0:
    case 0xD1:
    case 0xD2:
    case 0xD3: {
      const size_t size = size_t{1} << (head - 0xD0);
      if (left < size) return Status::kShort;
      const auto shift = static_cast<int>(64 - 8 * size);
      set_signed(item, static_cast<int64_t>(big_endian(behind, size) << shift) >> shift);
      at += 1 + size;
      return Status::kDone;
    }
    case 0xD4:
    case 0xD5:
    case 0xD6:
    case 0xD7:
    case 0xD8: return extension(0, uint64_t{1} << (head - 0xD4));
    case 0xD9: return sized(Kind::kString, 1);
    case 0xDA: return sized(Kind::kString, 2);
    case 0xDB: return sized(Kind::kString, 4);
    case 0xDC: return counted(Kind::kArray, 2);
    case 0xDD: return counted(Kind::kArray, 4);
    case 0xDE: return counted(Kind::kMap, 2);
    default: return counted(Kind::kMap, 4);
  }
}

Status skip_value(std::string_view bytes, size_t& at) {
  size_t here = at;
  // Values that are still to come. A count that a head claims costs nothing until its values are there.
  for (unsigned __int128 open = 1; open > 0; --open) {
    Item item;
    const Status status = read_item(bytes, here, item);
    if (status != Status::kDone) return status;
    if (item.kind == Kind::kArray) open += item.number;
    if (item.kind == Kind::kMap) open += 2 * static_cast<unsigned __int128>(item.number);
  }
  at = here;
  return Status::kDone;
}

bool read_timestamp(std::string_view bytes, int64_t& seconds, uint32_t& nanos) {
  const char* from = bytes.data();
  if (bytes.size() == 4) {
    seconds = static_cast<int64_t>(big_endian(from, 4));
    nanos = 0;
  } else if (bytes.size() == 8) {
    const uint64_t both = big_endian(from, 8);
    seconds = static_cast<int64_t>(both & ((uint64_t{1} << 34) - 1));
    nanos = static_cast<uint32_t>(both >> 34);
  } else if (bytes.size() == 12) {
    nanos = static_cast<uint32_t>(big_endian(from, 4));
    seconds = static_cast<int64_t>(big_endian(from + 4, 8));
  } else {
    return false;
  }
  return nanos < 1'000'000'000;
}

bool append_json(std::string_view bytes, size_t& at, std::string& out, int depth) {
  Item item;
  if (depth > kMostDepth || read_item(bytes, at, item) != Status::kDone) return false;
  if (item.kind != Kind::kArray && item.kind != Kind::kMap) {
    append_json_scalar(item, out);
    return true;
  }
  const bool map = item.kind == Kind::kMap;
  out += map ? '{' : '[';
  for (uint64_t i = 0; i < item.number; ++i) {
    if (i > 0) out += ',';
    if (map) {
      std::string key;
      if (!append_json(bytes, at, key, depth + 1)) return false;
      if (key.starts_with('"')) {
        out += key;
      } else {
        append_json_text(key, out);
      }
      out += ':';
    }
    if (!append_json(bytes, at, out, depth + 1)) return false;
  }
  out += map ? '}' : ']';
  return true;
}

std::unique_ptr<RecordCutter> make_value_cutter() { return std::make_unique<ValueCutter>(); }

}  // namespace weir::msgpack
