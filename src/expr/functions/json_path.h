// SQL/JSON paths: $.store.book[0]['title'], with lax or strict in front.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "expr/functions/json_text.h"

namespace weir {

// What a path found in a document.
struct JsonFound {
  bool missing = true;  // nothing there
  bool many = false;    // the path has wildcards: `values` holds what matched
  JsonValue value;      // of a path without wildcards
  std::vector<JsonValue> values;
};

class JsonPath {
 public:
  // Steps: .key ['key'] ["key"] [0] [-1] (from the end) [1:3] (from, to, half-open) [*] .*
  // Error: kConfig with the offending part.
  static Result<JsonPath> parse(std::string_view text);

  bool is_strict() const { return strict_; }
  // `document` has been checked by json_parse. Of equal keys the last one counts.
  JsonFound find(JsonValue document) const;

 private:
  struct Step {
    enum class Kind : uint8_t { kKey, kIndex, kSlice, kAll } kind = Kind::kKey;
    std::string key;
    int64_t index = 0;  // kSlice: its first
    int64_t last = 0;   // kSlice: one past its last
  };
  static std::optional<JsonValue> one(const Step& step, JsonValue value);
  void all(size_t step, JsonValue value, std::vector<JsonValue>& out) const;

  std::vector<Step> steps_;
  bool strict_ = false;
  bool many_ = false;
};

}  // namespace weir
