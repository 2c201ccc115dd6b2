#include "formats/json_decoder.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "formats/json_prefilter.h"
#include "formats/json_reader.h"
#include "formats/json_structure.h"
#include "formats/json_template.h"

namespace weir {
namespace {

using json::Walk;

constexpr size_t kLinesAtOnce = 256;
constexpr uint32_t kRunBytes =
    32 << 10;  // indexed at once: text and index stay in the first-level cache
constexpr size_t kRejectBytes = 64 << 10;

// Where the values of one object go: one of these per object that a path leads through.
struct FieldNode {
  struct Target {
    std::string key;
    std::vector<size_t> columns;        // numbers of slots that take the value itself
    std::unique_ptr<FieldNode> inside;  // for those that take something in it
  };
  JsonKeys keys;
  std::vector<Target> targets;
  uint64_t record = 0;   // the last record that had this object: of equal keys the first counts
  uint64_t learned = 0;  // the same for the last record that was made a template

  Target& target(const std::string& key) {
    if (const int number = keys.number_of(key); number != JsonKeys::kUnknown)
      return targets[static_cast<size_t>(number)];
    keys.add(key, static_cast<int>(targets.size()));
    return targets.emplace_back(key, std::vector<size_t>(), nullptr);
  }
};

// Which templates there are, and whether it pays to try them: that is for speed only, the rows are
// the same.
class JsonTemplates {
 public:
  bool are_worth_trying() const { return pause_ == 0; }
  // Some lines went the long way because they were not worth trying.
  void passed(size_t lines) { pause_ -= std::min(pause_, lines); }

  bool read(std::string_view line, std::vector<JsonSlot>& slots, Batch& batch) {
    for (size_t i = 0; i < templates_.size(); ++i) {
      if (!templates_[i].read(line, slots, batch)) continue;
      if (i > 0) std::swap(templates_[i], templates_[i - 1]);
      misses_ -= misses_ > 0;
      return true;
    }
    misses_ += 4;
    if (misses_ > 128) {
      misses_ = 64;
      pause_ = 2048;
    }
    return false;
  }
  void add(JsonTemplate made) {
    if (templates_.size() == kMost) templates_.pop_back();
    templates_.insert(templates_.begin(), std::move(made));
  }

 private:
  static constexpr size_t kMost = 4;
  std::vector<JsonTemplate> templates_;  // those that fit often come first
  size_t misses_ = 0;
  size_t pause_ = 0;  // lines until they are tried again
};

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(const std::vector<JsonColumn>& columns, const DecodeRequest& request,
              const TimeZone* zone, int64_t reference_us, ScanLevel level);
  void decode(const Block& block, Batch& batch) override;

 private:
  using Line = ScannedLine;

  size_t next_lines(std::string_view text, size_t& pos, size_t& dropped);
  bool decode_lines(std::string_view text, size_t count);
  bool decode_run(std::string_view text, const Line* lines, size_t count);
  bool decode_line(std::string_view text, const Line& line, const JsonTokens& tokens,
                   const uint32_t*& token, bool has_escapes);
  bool reject(std::string_view text, const Line& line, std::string field, std::string reason);
  const uint32_t* read_object(FieldNode& node, const uint32_t* token);
  const uint32_t* read_target(FieldNode::Target& target, const uint32_t* token);
  void finish_row(std::string_view text, const Line& line);
  void learn(std::string_view text, const Line& line, const uint32_t* token);
  const uint32_t* learn_value(FieldNode* node, FieldNode::Target* target, const uint32_t* token);

  size_t column_count_;
  std::vector<JsonSlot> slots_;
  std::vector<Type> types_;
  FieldNode root_;
  std::optional<JsonPrefilter> prefilter_;
  ScanFunction scan_;
  JsonStructure structure_;
  JsonTemplates templates_;
  bool learning_ = false;  // make a template of the line being decoded
  std::vector<JsonTemplate::Place> places_;
  std::vector<uint64_t> placed_;  // by slot: the last record that was made a template with it
  bool want_raw_;
  bool fail_fast_;

  // Scratch of the batch being filled.
  Line lines_[kLinesAtOnce];
  Walk walk_;
  std::string key_;
  const Block* block_ = nullptr;
  Batch* batch_ = nullptr;
  uint64_t record_ = 0;
  size_t filled_ = 0;
  size_t rows_hint_ = 0;
};

JsonDecoder::JsonDecoder(const std::vector<JsonColumn>& columns, const DecodeRequest& request,
                         const TimeZone* zone, int64_t reference_us, ScanLevel level)
    : column_count_(columns.size()),
      scan_(scan_function(level)),
      want_raw_(request.want_raw),
      fail_fast_(request.fail_fast) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const JsonColumn& column = columns[i];
    types_.push_back(column.type);
    if (i >= request.needed.size() || !request.needed[i]) continue;
    auto reader = JsonReader::make(column.type, column.format, zone, reference_us);
    WEIR_CHECK(reader.has_value());
    FieldNode* node = &root_;
    for (size_t k = 0; k + 1 < column.path.size(); ++k) {
      auto& target = node->target(column.path[k]);
      if (!target.inside) target.inside = std::make_unique<FieldNode>();
      node = target.inside.get();
    }
    node->target(column.path.back()).columns.push_back(slots_.size());
    slots_.push_back({i, column.name, std::move(*reader), nullptr});
  }
  for (const auto& predicate : request.predicates) {
    const JsonColumn& column = columns.at(predicate.column);
    if (prefilter_ || column.path.size() != 1) continue;
    prefilter_ = JsonPrefilter::make(column.path[0], column.type, predicate);
  }
}

// Fills lines_ with lines to parse. The `key` of each becomes the number of lines dropped just
// before it, so that records are counted in order; `dropped` is the number behind the last one.
size_t JsonDecoder::next_lines(std::string_view text, size_t& pos, size_t& dropped) {
  dropped = 0;
  if (prefilter_) {
    const size_t found = scan_(text, prefilter_->key(), pos, lines_, kLinesAtOnce);
    size_t kept = 0;
    for (size_t i = 0; i < found; ++i) {
      if (prefilter_->drops(text, lines_[i])) {
        ++dropped;
        continue;
      }
      lines_[kept] = lines_[i];
      lines_[kept++].key = static_cast<uint32_t>(dropped);
      dropped = 0;
    }
    return kept;
  }
  size_t count = 0;
  while (count < kLinesAtOnce && pos < text.size()) {
    const void* found = std::memchr(text.data() + pos, '\n', text.size() - pos);
    const size_t end = found == nullptr
                           ? text.size()
                           : static_cast<size_t>(static_cast<const char*>(found) - text.data());
    lines_[count].begin = static_cast<uint32_t>(pos);
    lines_[count++].end = static_cast<uint32_t>(end);
    pos = std::min(end + 1, text.size());
  }
  return count;
}

bool JsonDecoder::reject(std::string_view text, const Line& line, std::string field,
                         std::string reason) {
  for (JsonSlot& slot : slots_) repair(*slot.column, batch_->rows);
  std::string_view raw = text.substr(line.begin, line.end - line.begin);
  if (raw.ends_with('\r')) raw.remove_suffix(1);
  Reject bad;
  bad.offset = block_->origin.begin + static_cast<uint64_t>(raw.data() - block_->bytes.data());
  bad.row = static_cast<uint32_t>(batch_->rows);
  bad.raw = raw.substr(0, kRejectBytes);
  bad.field = std::move(field);
  bad.reason = std::move(reason);
  batch_->rejects.push_back(std::move(bad));
  batch_->stopped = batch_->stopped || fail_fast_;
  return !fail_fast_;
}

const uint32_t* JsonDecoder::read_target(FieldNode::Target& target, const uint32_t* token) {
  const uint32_t* behind = nullptr;
  for (const size_t number : target.columns) {
    JsonSlot& slot = slots_[number];
    if (slot.column->size() > batch_->rows) continue;  // the first of equal keys counts
    behind = slot.reader.read(walk_, token, *slot.column, *batch_);
    if (behind == nullptr) {
      if (!walk_.field.empty()) walk_.field.replace(0, 5, slot.name);
      return nullptr;
    }
    ++filled_;
  }
  if (target.inside && walk_.at(token) == '{' && target.inside->record != record_) {
    target.inside->record = record_;
    return read_object(*target.inside, token);
  }
  return behind != nullptr ? behind : walk_.skip(token);
}

const uint32_t* JsonDecoder::read_object(FieldNode& node, const uint32_t* token) {
  return json::walk_object(
      walk_, token, [&](size_t position, std::string_view raw, const uint32_t* value) {
        int number;
        if (!walk_.escaped(raw)) {
          number = node.keys.find(position, raw);
        } else {
          std::string_view key;
          if (!json::key_text(walk_, raw, key_, key))
            return walk_.fail("invalid JSON: a wrong escape in " + quote_for_message(raw, 40));
          const size_t size = key.size();
          key_.resize(size + 16);  // find() looks at whole words
          number = node.keys.find(position, {key_.data(), size});
        }
        if (number == JsonKeys::kUnknown) {
          const char c = walk_.at(value);
          return c == '{' || c == '[' ? walk_.skip(value) : walk_.skip_scalar(value);
        }
        return read_target(node.targets[static_cast<size_t>(number)], value);
      });
}

// `token` comes in at or before the line's first token and goes out behind its last one.
bool JsonDecoder::decode_line(std::string_view text, const Line& line, const JsonTokens& tokens,
                              const uint32_t*& token, bool has_escapes) {
  batch_->records += line.key;
  const auto shift = static_cast<uint32_t>(tokens.base - text.data());
  uint32_t begin = line.begin;
  while (begin < line.end && text[begin] == '\0') ++begin;
  walk_.base = tokens.base;
  walk_.begin = begin - shift;
  walk_.end = line.end - shift;
  walk_.depth = 0;
  while (*token < walk_.begin) ++token;
  if (*token >= walk_.end) return true;  // blank
  ++batch_->records;
  ++record_;
  filled_ = 0;
  walk_.has_escapes =
      has_escapes && std::memchr(text.data() + begin, '\\', line.end - begin) != nullptr;
  const uint32_t* const first = token;
  const uint32_t* behind = nullptr;
  if (walk_.at(token) == '{') {
    behind = read_object(root_, token);
    if (behind != nullptr && *behind < walk_.end)
      behind = walk_.invalid(behind, "the end of the line");
  } else {
    const std::string_view found = walk_.text(token);
    walk_.fail("not a JSON object: " + quote_for_message(found, 40) +
               (found.starts_with('[')
                    ? "; a record is an object on a line, as jq -c '.[]' writes it"
                    : ""));
  }
  if (behind == nullptr) {
    while (*token < walk_.end) ++token;
    std::string field = std::move(walk_.field);
    walk_.field.clear();
    return reject(text, line, std::move(field), std::move(walk_.reason));
  }
  token = behind;
  const size_t rows = batch_->rows + 1;
  if (filled_ < slots_.size())
    for (JsonSlot& slot : slots_)
      if (slot.column->size() < rows) slot.column->push_null();
  finish_row(text, line);
  if (learning_ && begin == line.begin) learn(text, line, first);
  return true;
}

void JsonDecoder::finish_row(std::string_view text, const Line& line) {
  ++batch_->rows;
  if (!want_raw_) return;
  size_t size = line.end - line.begin;
  if (size > 0 && text[line.end - 1] == '\r') --size;
  batch_->raw.push_back(StringRef(text.data() + line.begin, size));
}

// Makes a template of a good line. None when a needed value is an object or an array.
void JsonDecoder::learn(std::string_view text, const Line& line, const uint32_t* token) {
  constexpr size_t kMostPlaces = 512;
  places_.clear();
  walk_.depth = 0;
  if (learn_value(&root_, nullptr, token) == nullptr || places_.size() > kMostPlaces) return;
  for (auto& place : places_) {
    place.begin -= walk_.begin;
    place.end -= walk_.begin;
  }
  templates_.add(JsonTemplate(text.substr(line.begin, line.end - line.begin), places_, slots_));
}

// `node` is where fields of this value go, `target` what takes the value itself; both may be null.
const uint32_t* JsonDecoder::learn_value(FieldNode* node, FieldNode::Target* target,
                                         const uint32_t* token) {
  const char c = walk_.at(token);
  const size_t takers = target == nullptr ? 0 : target->columns.size();
  if (c == '{' || c == '[') {
    if (takers > 0 || (node != nullptr && node->learned == record_)) return nullptr;
    if (node != nullptr) node->learned = record_;
    if (c == '[')
      return json::walk_array(walk_, token, [this](size_t, const uint32_t* value) {
        return learn_value(nullptr, nullptr, value);
      });
    return json::walk_object(walk_, token,
                             [&](size_t, std::string_view raw, const uint32_t* value) {
                               if (node == nullptr) return learn_value(nullptr, nullptr, value);
                               std::string_view key;
                               if (!json::key_text(walk_, raw, key_, key))
                                 return static_cast<const uint32_t*>(nullptr);
                               const int number = node->keys.number_of(key);
                               if (number == JsonKeys::kUnknown)
                                 return learn_value(nullptr, nullptr, value);
                               auto& inner = node->targets[static_cast<size_t>(number)];
                               return learn_value(inner.inside.get(), &inner, value);
                             });
  }
  if (takers > 1) return nullptr;
  const std::string_view scalar = walk_.text(token);
  JsonTemplate::Place place;
  place.begin = *token;
  place.end = *token + static_cast<uint32_t>(scalar.size());
  if (takers == 1) {
    place.slot = static_cast<int>(target->columns[0]);
    // Of equal keys the first counts.
    placed_.resize(slots_.size());
    if (std::exchange(placed_[target->columns[0]], record_) == record_) return nullptr;
  }
  places_.push_back(place);
  return token + 1;
}

// Decodes lines that are indexed together, or one by one when one of them is damaged.
bool JsonDecoder::decode_run(std::string_view text, const Line* lines, size_t count) {
  const char* base = text.data() + lines[0].begin;
  const size_t size = lines[count - 1].end - lines[0].begin;
  JsonTokens tokens;
  const auto status = structure_.index(base, size, tokens);
  if (status == JsonStructure::Status::kOk) {
    const bool has_escapes = std::memchr(base, '\\', size) != nullptr;
    const uint32_t* token = tokens.at;
    for (size_t i = 0; i < count; ++i)
      if (!decode_line(text, lines[i], tokens, token, has_escapes)) return false;
    return true;
  }
  if (count == 1) {
    batch_->records += lines[0].key + 1;
    return reject(text, lines[0], {}, JsonStructure::explain(status));
  }
  for (size_t i = 0; i < count; ++i)
    if (!decode_run(text, lines + i, 1)) return false;
  return true;
}

bool JsonDecoder::decode_lines(std::string_view text, size_t count) {
  size_t i = 0;
  while (i < count) {
    if (templates_.are_worth_trying()) {
      const Line& line = lines_[i++];
      if (templates_.read(text.substr(line.begin, line.end - line.begin), slots_, *batch_)) {
        batch_->records += line.key + 1;
        finish_row(text, line);
        continue;
      }
      learning_ = true;
      const bool go_on = decode_run(text, &line, 1);
      learning_ = false;
      if (!go_on) return false;
      continue;
    }
    // As many lines as are near each other; far survivors of the pre-filter are indexed alone.
    const uint32_t begin = lines_[i].begin;
    uint32_t kept = lines_[i].end - begin;
    size_t next = i + 1;
    while (next < count) {
      const uint32_t span = lines_[next].end - begin;
      kept += lines_[next].end - lines_[next].begin;
      if (span > kRunBytes || kept < span / 2) break;
      ++next;
    }
    if (!decode_run(text, lines_ + i, next - i)) return false;
    templates_.passed(next - i);
    i = next;
  }
  return true;
}

void JsonDecoder::decode(const Block& block, Batch& batch) {
  WEIR_CHECK(block.bytes.size() < UINT32_MAX);
  block_ = &block;
  batch_ = &batch;
  begin_block(block, batch, column_count_);
  for (JsonSlot& slot : slots_) {
    batch.columns[slot.index] = make_column(types_[slot.index]);
    slot.column = batch.columns[slot.index].get();
    slot.column->reserve(rows_hint_);
  }
  const std::string_view text = block.bytes;
  size_t pos = block.starts_partition && text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (pos < text.size()) {
    size_t dropped = 0;
    const size_t count = next_lines(text, pos, dropped);
    if (!decode_lines(text, count)) break;
    batch.records += dropped;
  }
  rows_hint_ = std::max(rows_hint_ / 2, batch.rows);
  batch_ = nullptr;
}

}  // namespace

Result<std::vector<std::string>> parse_json_path(const std::string& path) {
  std::vector<std::string> keys(1);
  const bool pointer = path.starts_with('/');
  for (size_t i = pointer ? 1 : 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == (pointer ? '/' : '.')) {
      keys.emplace_back();
    } else if (pointer && c == '~' && i + 1 < path.size() &&
               (path[i + 1] == '0' || path[i + 1] == '1')) {
      keys.back() += path[++i] == '0' ? '~' : '/';
    } else {
      keys.back() += c;
    }
  }
  if (!pointer && std::find(keys.begin(), keys.end(), "") != keys.end())
    return fail(ErrorKind::kConfig, "an empty key in the path `" + path + "`",
                "write keys with dots between them, or a JSON Pointer such as /a.b/c");
  return keys;
}

std::vector<JsonColumn> declared_json_columns(
    const FormatContext& context, Errors& errors,
    const std::function<Result<void>(const JsonColumn&)>& check) {
  std::vector<JsonColumn> columns;
  for (const auto& column : declared_columns(context, errors)) {
    // Declared columns lack those with a wrong type: look the place up by name.
    const SchemaColumnSpec* place = nullptr;
    for (const auto& c : context.columns)
      if (c.name == column.name) place = &c;
    JsonColumn made{column.name, column.type, column.format, {column.name}};
    if (!column.path.empty()) {
      if (auto path = parse_json_path(column.path)) {
        made.path = std::move(*path);
      } else {
        path.error().position = place->path.position;
        errors.push_back(path.error());
      }
    }
    if (auto checked = check(made); !checked) {
      Error error = checked.error();
      error.position = column.format.empty() ? place->type.position : place->format.position;
      errors.push_back(std::move(error));
    }
    columns.push_back(std::move(made));
  }
  return columns;
}

Result<void> check_json_column(const JsonColumn& column, const FormatContext& context) {
  auto reader = JsonReader::make(column.type, column.format, context.zone, context.reference_us);
  if (!reader) return fail(reader.error());
  return {};
}

std::unique_ptr<Decoder> make_json_decoder(const std::vector<JsonColumn>& columns,
                                           const DecodeRequest& request, const TimeZone* zone,
                                           int64_t reference_us, ScanLevel level) {
  return std::make_unique<JsonDecoder>(columns, request, zone, reference_us, level);
}

}  // namespace weir
