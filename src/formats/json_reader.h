// JSON values into typed columns.
//
// A reader is made once per column and decoder. NULL for null; every value into a STRING column
// gives its text (objects and arrays as they are written); numbers and booleans may come as
// strings; times as text of the type's own form or the column's `format`, or as a number of
// seconds, milli-, micro- or nanoseconds since 1970 (by `format`, or told apart by size when there
// is none).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "data/batch.h"
#include "formats/field_parser.h"
#include "formats/json_walk.h"

namespace weir {

// Finds the number of a key among known ones. Lines mostly repeat the order of their keys, so that
// the key at the same position of the line before is tried first; misses go to a tree.
class JsonKeys {
 public:
  static constexpr int kUnknown = -1;
  // Gives `number` to a key; the first one given stays.
  void add(std::string_view key, int number);
  // The number without a guess, for those who set up.
  int number_of(std::string_view key) const {
    const auto found = known_.find(key);
    return found == known_.end() ? kUnknown : found->second;
  }
  // `key` must be followed by 16 readable bytes.
  int find(size_t position, std::string_view key) {
    if (position < guesses_.size() && guesses_[position].is(key)) return guesses_[position].number;
    return find_slowly(position, key);
  }

 private:
  struct Guess {
    uint64_t words[2] = {};
    uint64_t masks[2] = {};
    std::string text;
    int number = kUnknown;

    bool is(std::string_view key) const {
      if (key.size() != text.size()) return false;
      uint64_t seen[2];
      std::memcpy(seen, key.data(), sizeof(seen));
      if ((((seen[0] ^ words[0]) & masks[0]) | ((seen[1] ^ words[1]) & masks[1])) != 0)
        return false;
      return text.size() <= sizeof(seen) || std::memcmp(key.data(), text.data(), text.size()) == 0;
    }
  };
  int find_slowly(size_t position, std::string_view key);

  std::map<std::string, int, std::less<>> known_;
  std::vector<Guess> guesses_;  // by position in the object
};

class JsonReader {
 public:
  // Error: a time format that is wrong or does not fit the type, a type that JSON cannot give.
  static Result<JsonReader> make(const Type& type, const std::string& format, const TimeZone* zone,
                                 int64_t reference_us);

  // Appends the value at `token` and gives the place behind it; on a fault gives nullptr, and the
  // column may have been changed (see repair). Strings are views of the text, or live in the
  // batch's arena.
  const uint32_t* read(json::Walk& walk, const uint32_t* token, Column& column, Batch& batch);

  const Type& type() const { return type_; }
  // The same for the text of a number. False, and nothing appended: it is no value of the type.
  bool append_number(std::string_view text, const json::Number& number, Column& column);
  // The same for the meaning of a string, times only.
  bool append_time_text(std::string_view text, Column& column) {
    return type_.is_temporal() && text_ && text_->append(text, column);
  }

 private:
  explicit JsonReader(Type type) : type_(std::move(type)) {}

  const uint32_t* read_string(json::Walk& walk, const uint32_t* token, Column& column,
                              Batch& batch);
  const uint32_t* read_number(json::Walk& walk, const uint32_t* token, Column& column);
  const uint32_t* read_raw(json::Walk& walk, const uint32_t* token, Column& column);
  const uint32_t* read_row(json::Walk& walk, const uint32_t* token, Column& column, Batch& batch);
  const uint32_t* read_array(json::Walk& walk, const uint32_t* token, Column& column, Batch& batch);
  const uint32_t* read_map(json::Walk& walk, const uint32_t* token, Column& column, Batch& batch);
  bool append_epoch(std::string_view text, const json::Number& number, Column& column);
  const uint32_t* refuse(json::Walk& walk, const uint32_t* token) const;

  Type type_;
  std::optional<FieldParser> text_;  // how strings are read; also numbers that are not epochs
  std::optional<EpochUnit> epoch_;   // how numbers become times
  std::shared_ptr<const TimeParser> auto_;  // the same, by size
  std::vector<JsonReader> children_;        // ARRAY: element; MAP: value; ROW: fields
  JsonKeys keys_;                           // of a ROW
};

// Brings a column back to `rows` rows after a fault, nested parts included.
void repair(Column& column, size_t rows);

// The meaning of a string as written, in the arena when it had escapes. False: a wrong escape.
bool json_string_value(const json::Walk& walk, std::string_view raw, Batch& batch,
                       std::string_view& out);

}  // namespace weir
