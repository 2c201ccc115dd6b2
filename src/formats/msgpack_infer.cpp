#include "formats/msgpack_infer.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/msgpack_item.h"

namespace weir::msgpack {
namespace {

constexpr int kMostRecords = 1000;

// What has been seen of one value's place.
struct ValueShape {
  unsigned kinds = 0;      // a bit for each Kind seen
  bool large = false;      // an integer beyond 63 bits
  bool instant = false;    // an extension that is a timestamp
  bool other_ext = false;  // one that is none
  bool in_nanos = false;   // a timestamp finer than microseconds
  bool odd_keys = false;   // a map with keys that are no strings
  std::vector<std::string> names;
  std::map<std::string, std::unique_ptr<ValueShape>, std::less<>> fields;
  std::unique_ptr<ValueShape> key;
  std::unique_ptr<ValueShape> element;  // of an array, and the values of a map with odd keys

  ValueShape& field(std::string_view name) {
    const auto found = fields.find(name);
    if (found != fields.end()) return *found->second;
    names.emplace_back(name);
    return *fields.emplace(std::string(name), std::make_unique<ValueShape>()).first->second;
  }

  bool only(std::initializer_list<Kind> wanted) const {
    unsigned mask = 0;
    for (const Kind kind : wanted) mask |= 1u << static_cast<unsigned>(kind);
    return kinds != 0 && (kinds & ~mask) == 0;
  }

  Type type() const {
    if (only({Kind::kBoolean})) return Type::boolean();
    if (only({Kind::kUnsigned, Kind::kSigned}))
      return large ? Type::decimal(20, 0) : Type::bigint();
    if (only({Kind::kUnsigned, Kind::kSigned, Kind::kFloat, Kind::kDouble})) return Type::float64();
    if (only({Kind::kBinary})) return Type::bytes();
    if (only({Kind::kExtension}))
      return instant && !other_ext ? Type::timestamp_ltz(in_nanos ? 9 : 6) : Type::bytes();
    if (only({Kind::kArray})) return Type::array(element ? element->type() : Type::string());
    if (only({Kind::kMap}) && odd_keys) return Type::map(key->type(), element->type());
    if (only({Kind::kMap}) && !names.empty()) {
      std::vector<Type::Field> members;
      for (const auto& name : names) members.push_back({name, fields.find(name)->second->type()});
      return Type::row(std::move(members));
    }
    return Type::string();
  }
};

bool look_at(std::string_view bytes, size_t& at, ValueShape& shape, int depth) {
  Item item;
  if (depth > kMostDepth || read_item(bytes, at, item) != Status::kDone) return false;
  if (item.kind == Kind::kNil) return true;
  shape.kinds |= 1u << static_cast<unsigned>(item.kind);
  if (item.kind == Kind::kUnsigned && item.number > INT64_MAX) shape.large = true;
  if (item.kind == Kind::kExtension) {
    int64_t seconds;
    uint32_t nanos;
    if (item.extension == -1 && read_timestamp(item.bytes, seconds, nanos)) {
      shape.instant = true;
      shape.in_nanos = shape.in_nanos || nanos % 1000 != 0;
    } else {
      shape.other_ext = true;
    }
  }
  if (item.kind == Kind::kArray) {
    if (!shape.element) shape.element = std::make_unique<ValueShape>();
    for (uint64_t i = 0; i < item.number; ++i)
      if (!look_at(bytes, at, *shape.element, depth + 1)) return false;
  }
  if (item.kind != Kind::kMap) return true;
  if (!shape.key) shape.key = std::make_unique<ValueShape>();
  if (!shape.element) shape.element = std::make_unique<ValueShape>();
  for (uint64_t i = 0; i < item.number; ++i) {
    Item key;
    size_t behind = at;
    if (read_item(bytes, behind, key) != Status::kDone) return false;
    if (!look_at(bytes, at, *shape.key, depth + 1)) return false;
    size_t again = at;
    if (!look_at(bytes, at, *shape.element, depth + 1)) return false;
    if (key.kind != Kind::kString) {
      shape.odd_keys = true;
    } else if (!look_at(bytes, again, shape.field(key.bytes), depth + 1)) {
      return false;
    }
  }
  return true;
}

}  // namespace

Schema infer_schema(std::string_view sample) {
  ValueShape record;
  size_t at = 0;
  for (int i = 0; i < kMostRecords; ++i) {
    size_t behind = at;
    if (skip_value(sample, behind) != Status::kDone) break;
    Item item;
    size_t head = at;
    if (read_item(sample, head, item) == Status::kDone && item.kind == Kind::kMap)
      look_at(sample, at, record, 0);
    at = behind;
  }
  Schema schema;
  for (const auto& name : record.names) schema.add(name, record.fields.find(name)->second->type());
  return schema;
}

}  // namespace weir::msgpack
