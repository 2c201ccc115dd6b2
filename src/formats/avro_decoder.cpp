#include "formats/avro_decoder.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "base/spelling.h"
#include "data/civil.h"
#include "formats/json_reader.h"

namespace weir::avro {
namespace {

constexpr size_t kMostUnpacked = size_t{512} << 20;  // of a block
constexpr size_t kShownBlockBytes = 256;             // of one that is refused

bool fits(const Type& from, const Type& to) {
  if (from == to) return true;
  if (from.is_string_like() && to.is_string_like()) return true;
  if (from.is_integer() || from.is_approximate())
    return to.is_integer() ? from.is_integer() : to.is_approximate();
  if (from.id == TypeId::kDecimal && to.id == TypeId::kDecimal)
    return from.scale == to.scale && from.precision <= to.precision;
  if (from.id == TypeId::kTime || from.is_timestamp()) return from.id == to.id;
  if (from.id != to.id || !from.is_nested() || from.fields->size() != to.fields->size())
    return false;
  for (size_t i = 0; i < from.fields->size(); ++i) {
    const auto& a = (*from.fields)[i];
    const auto& b = (*to.fields)[i];
    if (a.name != b.name || !fits(a.type, b.type)) return false;
  }
  return true;
}

// Reads values one behind another. Nothing that it gives is good once `problem` is set.
class Values {
 public:
  Values(std::string_view data) : data_(data) {}

  bool at_end() const { return at_ == data_.size(); }
  size_t place() const { return at_; }
  const char* problem() const { return problem_; }

  // Reads a value into the column, or over it when there is none.
  bool read(const Node& node, Column* column) {
    if (node.in_union) {
      int64_t branch = 0;
      if (!number(branch)) return false;
      if (branch < 0 || branch >= node.branches) return fail_with("a branch that the union lacks");
      if (branch == node.null_branch) {
        if (column != nullptr) column->push_null();
        return true;
      }
    }
    switch (node.kind) {
      case Kind::kNull:
        if (column != nullptr) column->push_null();
        return true;
      case Kind::kBoolean: {
        std::string_view byte;
        if (!bytes(1, byte)) return false;
        if (static_cast<unsigned char>(byte[0]) > 1) return fail_with("a boolean that is neither");
        if (column != nullptr) column->push(static_cast<uint8_t>(byte[0]));
        return true;
      }
      case Kind::kInt:
      case Kind::kLong: return read_number(node, column);
      case Kind::kFloat: return read_real<float>(column);
      case Kind::kDouble: return read_real<double>(column);
      case Kind::kBytes:
      case Kind::kString: {
        std::string_view text;
        return sized(text) && (column == nullptr || push_bytes(node, text, *column));
      }
      case Kind::kFixed: {
        std::string_view text;
        return bytes(node.size, text) && (column == nullptr || push_bytes(node, text, *column));
      }
      case Kind::kEnum: {
        int64_t which = 0;
        if (!number(which)) return false;
        if (which < 0 || static_cast<uint64_t>(which) >= node.names.size())
          return fail_with("a symbol that the enum lacks");
        if (column != nullptr) column->push(StringRef(node.names[static_cast<size_t>(which)]));
        return true;
      }
      case Kind::kArray:
      case Kind::kMap: return read_list(node, column);
      case Kind::kRecord: {
        for (size_t i = 0; i < node.children.size(); ++i)
          if (!read(node.children[i], column == nullptr ? nullptr : &column->child(i)))
            return false;
        if (column != nullptr) column->push_row();
        return true;
      }
    }
    return false;
  }

 private:
  bool fail_with(const char* problem) {
    problem_ = problem;
    return false;
  }
  bool number(int64_t& value) {
    return read_long(data_, at_, value) == Status::kDone || fail_with("a number that does not end");
  }
  bool bytes(size_t size, std::string_view& out) {
    if (data_.size() - at_ < size) return fail_with("a value that goes on behind the block");
    out = data_.substr(at_, size);
    at_ += size;
    return true;
  }
  bool sized(std::string_view& out) {
    int64_t size = 0;
    if (!number(size)) return false;
    if (size < 0) return fail_with("a length below zero");
    return bytes(static_cast<size_t>(size), out);
  }

  template <class T>
  bool push_whole(int64_t value, Column& column) {
    if (value < int64_t{std::numeric_limits<T>::min()} ||
        value > int64_t{std::numeric_limits<T>::max()})
      return fail_with("a number that its column does not hold");
    column.push(static_cast<T>(value));
    return true;
  }

  bool read_number(const Node& node, Column* column) {
    int64_t value = 0;
    if (!number(value)) return false;
    if (node.kind == Kind::kInt && (value < INT32_MIN || value > INT32_MAX))
      return fail_with("an int beyond 32 bits");
    if (column == nullptr) return true;
    const Type& type = column->type();
    switch (type.id) {
      case TypeId::kTinyInt: return push_whole<int8_t>(value, *column);
      case TypeId::kSmallInt: return push_whole<int16_t>(value, *column);
      case TypeId::kInt: return push_whole<int32_t>(value, *column);
      case TypeId::kFloat: column->push(static_cast<float>(value)); return true;
      case TypeId::kDouble: column->push(static_cast<double>(value)); return true;
      case TypeId::kDate: return push_whole<int32_t>(value, *column);
      case TypeId::kTime: return push_whole<int32_t>(floor_div(value, node.divide), *column);
      case TypeId::kTimestamp:
      case TypeId::kTimestampLtz: {
        int64_t time = value;
        bool too_far = __builtin_mul_overflow(time, node.multiply, &time);
        if (node.type.in_nanos() && !type.in_nanos()) time = floor_div(time, int64_t{1000});
        if (!node.type.in_nanos() && type.in_nanos())
          too_far = __builtin_mul_overflow(time, int64_t{1000}, &time) || too_far;
        if (too_far) return fail_with("a time that its column does not hold");
        column->push(time);
        return true;
      }
      default: column->push(value); return true;
    }
  }

  template <class T>
  bool read_real(Column* column) {
    std::string_view text;
    if (!bytes(sizeof(T), text)) return false;
    T value;
    std::memcpy(&value, text.data(), sizeof value);  // lowest byte first, as here
    if (column == nullptr) return true;
    if (column->type().id == TypeId::kFloat) {
      column->push(static_cast<float>(value));
    } else {
      column->push(static_cast<double>(value));
    }
    return true;
  }

  bool push_bytes(const Node& node, std::string_view text, Column& column) {
    if (node.type.id != TypeId::kDecimal) {
      column.push(StringRef(text));
      return true;
    }
    // Two's complement, the highest byte first.
    while (text.size() > sizeof(Int128) && (text[0] == '\0' || text[0] == '\xff') &&
           ((text[0] ^ text[1]) & 0x80) == 0)
      text.remove_prefix(1);
    if (text.size() > sizeof(Int128)) return fail_with("a decimal of more than 38 digits");
    Int128 value = !text.empty() && (text[0] & 0x80) != 0 ? -1 : 0;
    for (const char c : text) value = value * 256 + static_cast<unsigned char>(c);
    Int128 limit = 1;
    for (int i = 0; i < column.type().precision; ++i) limit *= 10;
    if (value >= limit || value <= -limit) return fail_with("a decimal with too many digits");
    column.push(value);
    return true;
  }

  bool read_list(const Node& node, Column* column) {
    const size_t begin = column == nullptr ? 0 : column->child(0).size();
    uint64_t length = 0;
    for (;;) {
      int64_t count = 0;
      if (!number(count)) return false;
      if (count == 0) break;
      if (count < 0) {
        int64_t size = 0;
        if (!number(size)) return false;
        if (count == INT64_MIN) return fail_with("a count that is none");
        count = -count;
      }
      for (; count > 0; --count) {
        // Values may take no bytes at all (null): a count must not make more of them than there could be.
        if (++length > data_.size()) return fail_with("a count beyond the block");
        std::string_view key;
        if (node.kind == Kind::kMap && !sized(key)) return false;
        if (node.kind == Kind::kMap && column != nullptr) column->child(0).push(StringRef(key));
        Column* const values =
            column == nullptr ? nullptr : &column->child(node.kind == Kind::kMap ? 1 : 0);
        if (!read(node.children[0], values)) return false;
      }
    }
    if (column != nullptr)
      column->push(ListRef{static_cast<uint32_t>(begin), static_cast<uint32_t>(length)});
    return true;
  }

  std::string_view data_;
  size_t at_ = 0;
  const char* problem_ = "";
};

class BlockDecoder final : public Decoder {
 public:
  BlockDecoder(const Schema& schema, const DecodeRequest& request)
      : schema_(schema), request_(request) {}

  void decode(const Block& block, Batch& batch) override {
    begin_block(block, batch, schema_.size());
    for (size_t c = 0; c < schema_.size(); ++c)
      if (c < request_.needed.size() && request_.needed[c])
        batch.columns[c] = make_column(schema_[c].type);
    if (block.bytes.empty()) return;
    bind(block, batch);
    size_t at = 0;
    while (at < block.bytes.size() && !batch.stopped) {
      const size_t begin = at;
      FileBlock part;
      if (read_block(block.bytes, at, part) != Status::kDone) at = block.bytes.size();
      const std::string_view whole = block.bytes.substr(begin, at - begin);
      std::string problem = bound_problem_;
      if (problem.empty()) problem = decode_block(part, whole, batch);
      if (!problem.empty()) refuse(block, whole, std::move(problem), batch);
    }
  }

 private:
  // Finds the columns in the file's schema, once a file.
  void bind(const Block& block, Batch& batch) {
    if (block.head != nullptr && block.head == head_) return keep_head(batch);
    head_ = block.head;
    header_ = std::make_shared<Header>();
    bound_problem_.clear();
    targets_.clear();
    auto parsed = head_ == nullptr
                      ? Result<Header>(fail(ErrorKind::kData, "the file has no header"))
                      : parse_header(*head_);
    if (!parsed) {
      bound_problem_ = parsed.error().message;
      return;
    }
    *header_ = std::move(*parsed);
    const Node& record = header_->schema;
    targets_.assign(record.children.size(), SIZE_MAX);
    for (size_t c = 0; c < schema_.size(); ++c) {
      if (batch.columns[c] == nullptr) continue;
      for (size_t f = 0; f < record.names.size(); ++f) {
        if (record.names[f] != schema_[c].name) continue;
        if (!fits(record.children[f].type, schema_[c].type)) {
          bound_problem_ = "this file has the column " + schema_[c].name + " as " +
                           with_article(record.children[f].type.to_string()) + ", not " +
                           with_article(schema_[c].type.to_string());
          return;
        }
        targets_[f] = c;
      }
    }
    keep_head(batch);
  }
  // Symbols of enums are strings of it.
  void keep_head(Batch& batch) { batch.keep(header_); }

  // Gives what is wrong with the block, after the rows that are good.
  std::string decode_block(const FileBlock& part, std::string_view whole, Batch& batch) {
    if (part.sync != header_->sync) return "the block's sync marker is not that of the file";
    std::string_view data = part.data;
    if (header_->codec != Codec::kNull) {
      auto unpacked = std::make_shared<Vec<char>>();
      if (auto r = unpack(header_->codec, part.data, kMostUnpacked, *unpacked); !r)
        return "the block cannot be unpacked: " + r.error().message;
      data = {unpacked->data(), unpacked->size()};
      batch.keep(std::move(unpacked));
    }
    // A record of no fields takes no bytes.
    const Node& record = header_->schema;
    if (record.children.empty() && part.records > int64_t{1} << 24)
      return "a count of records that is not to be believed";
    Values values(data);
    for (int64_t i = 0; i < part.records; ++i) {
      if (!read_record(record, values, batch))
        return fmt::format("the block is damaged behind record {} of {}: {}", i, part.records,
                           values.problem());
      ++batch.records;
      ++batch.rows;
      // The record's bytes may be packed: only its place, the block's, can be told.
      if (request_.want_raw) batch.raw.push_back(StringRef(whole.data(), 0));
    }
    if (!values.at_end())
      return fmt::format("the block has {} bytes behind its {} records",
                         data.size() - values.place(), part.records);
    return {};
  }

  bool read_record(const Node& record, Values& values, Batch& batch) {
    for (size_t f = 0; f < record.children.size(); ++f) {
      Column* const column = targets_[f] == SIZE_MAX ? nullptr : batch.columns[targets_[f]].get();
      if (values.read(record.children[f], column)) continue;
      for (auto& made : batch.columns)
        if (made) repair(*made, batch.rows);
      return false;
    }
    for (auto& column : batch.columns)
      if (column && column->size() <= batch.rows) column->push_null();
    return true;
  }

  void refuse(const Block& block, std::string_view whole, std::string problem, Batch& batch) {
    ++batch.records;
    Reject bad;
    bad.offset = block.origin.begin + static_cast<uint64_t>(whole.data() - block.bytes.data());
    bad.row = static_cast<uint32_t>(batch.rows);
    bad.raw = whole.substr(0, kShownBlockBytes);
    bad.reason = std::move(problem);
    batch.rejects.push_back(std::move(bad));
    batch.stopped = request_.fail_fast;
  }

  const Schema schema_;
  const DecodeRequest request_;
  std::shared_ptr<const std::string> head_;  // what is bound
  std::shared_ptr<Header> header_;
  std::vector<size_t> targets_;  // by the file's fields: the column, SIZE_MAX: none
  std::string bound_problem_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder(const Schema& schema, const DecodeRequest& request) {
  return std::make_unique<BlockDecoder>(schema, request);
}

}  // namespace weir::avro
