#include "formats/json_infer.h"

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/json_structure.h"
#include "formats/json_walk.h"

namespace weir {
namespace {

using json::Walk;

// What has been seen of one value's place.
struct Shape {
  bool boolean = false;
  bool integer = false;
  bool large = false;      // an integer beyond 64 bits
  bool too_large = false;  // one beyond 38 digits
  bool real = false;
  bool string = false;
  bool object = false;
  bool array = false;
  std::vector<std::string> names;  // of fields, in order of appearance
  std::map<std::string, std::unique_ptr<Shape>, std::less<>> fields;
  std::unique_ptr<Shape> element;

  Shape& field(std::string_view name) {
    const auto found = fields.find(name);
    if (found != fields.end()) return *found->second;
    names.emplace_back(name);
    return *fields.emplace(std::string(name), std::make_unique<Shape>()).first->second;
  }

  Type type() const {
    const bool number = integer || large || real;
    const int kinds = boolean + number + string + object + array;
    if (kinds != 1) return Type::string();
    if (boolean) return Type::boolean();
    if (number && (real || too_large)) return Type::float64();
    if (number) return large ? Type::decimal(38, 0) : Type::bigint();
    if (array) return Type::array(element ? element->type() : Type::string());
    if (!object || names.empty()) return Type::string();
    std::vector<Type::Field> members;
    for (const auto& name : names) members.push_back({name, fields.find(name)->second->type()});
    return Type::row(std::move(members));
  }
};

void look_at_number(Shape& shape, std::string_view text) {
  json::Number number;
  json::scan_number(text.data(), text.data() + text.size(), number);
  if (!number.integral) {
    shape.real = true;
  } else if (number.exact &&
             number.mantissa <= static_cast<uint64_t>(INT64_MAX) + number.negative) {
    shape.integer = true;
  } else {
    shape.large = true;
    shape.too_large = shape.too_large || text.size() - number.negative > 38;
  }
}

const uint32_t* look(Walk& walk, const uint32_t* token, Shape& shape) {
  const char c = walk.at(token);
  if (c == '{') {
    shape.object = true;
    std::map<std::string, bool, std::less<>> seen;  // of equal keys the first counts
    return json::walk_object(walk, token, [&](size_t, std::string_view raw, const uint32_t* value) {
      std::string scratch;
      std::string_view key;
      if (!json::key_text(walk, raw, scratch, key)) return walk.fail("a wrong escape");
      if (!seen.emplace(key, true).second) return walk.skip(value);
      return look(walk, value, shape.field(key));
    });
  }
  if (c == '[') {
    shape.array = true;
    return json::walk_array(walk, token, [&](size_t, const uint32_t* value) {
      if (!shape.element) shape.element = std::make_unique<Shape>();
      return look(walk, value, *shape.element);
    });
  }
  const uint32_t* behind = walk.skip_scalar(token);
  if (behind == nullptr) return nullptr;
  if (c == '"') shape.string = true;
  if (c == 't' || c == 'f') shape.boolean = true;
  if (c == '-' || json::is_digit(c)) look_at_number(shape, walk.text(token));
  return behind;
}

bool is_whole_record(Walk& walk, const JsonTokens& tokens) {
  walk.depth = 0;
  if (walk.at(tokens.at) != '{') return false;
  const uint32_t* behind = walk.skip(tokens.at);
  return behind != nullptr && *behind >= walk.end;
}

}  // namespace

Schema infer_json_schema(std::string_view sample) {
  if (sample.starts_with("\xEF\xBB\xBF")) sample.remove_prefix(3);
  JsonStructure structure;
  Shape record;
  size_t lines = 0;
  while (!sample.empty() && lines < kJsonSampleLines) {
    const size_t end = sample.find('\n');
    std::string_view line = sample.substr(0, end);
    sample.remove_prefix(end == std::string_view::npos ? sample.size() : end + 1);
    while (line.starts_with('\0')) line.remove_prefix(1);
    if (line.empty()) continue;
    ++lines;
    JsonTokens tokens;
    if (structure.index(line.data(), line.size(), tokens) != JsonStructure::Status::kOk) continue;
    Walk walk;
    walk.base = line.data();
    walk.end = static_cast<uint32_t>(line.size());
    walk.has_escapes = line.find('\\') != std::string_view::npos;
    if (!is_whole_record(walk, tokens)) continue;
    walk.depth = 0;
    look(walk, tokens.at, record);
  }
  Schema schema;
  for (const auto& name : record.names) schema.add(name, record.fields.find(name)->second->type());
  return schema;
}

}  // namespace weir
