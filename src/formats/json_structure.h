// Finds the places in JSON text where something begins: simdjson's first stage, and nothing of its
// second.
//
// simdjson's On-Demand parser indexes one document per call; a line of a log is about 100 bytes, so
// the fixed cost of each call was as large as the work. Here one call indexes a whole run of lines,
// because a string that reached over a line's end would be an error of the stage (a raw line break
// is a control character), and the decoder walks the indexes line by line. Where a run holds a
// damaged line, its lines are indexed one by one, so that the damage stays with the line that has
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace weir {

// Places in the text at `base` where an operator ({ } [ ] , :), a string or another scalar begins;
// for strings that is the opening quote only. Ends with several sentinels of UINT32_MAX.
struct JsonTokens {
  const char* base = nullptr;
  const uint32_t* at = nullptr;
  size_t count = 0;
};

class JsonStructure {
 public:
  enum class Status { kOk, kInvalidUtf8, kUnclosedString, kControlCharacter, kTooLarge };

  JsonStructure();
  ~JsonStructure();
  JsonStructure(JsonStructure&&) noexcept;
  JsonStructure& operator=(JsonStructure&&) noexcept;

  // Indexes text[0, size); no byte behind it is read. `tokens` stays valid until the next call.
  // On anything but kOk, nothing is known about where in the text the fault is.
  Status index(const char* text, size_t size, JsonTokens& tokens);

  static const char* explain(Status status);  // "invalid UTF-8"

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// True if the text is valid UTF-8.
bool valid_utf8(const char* text, size_t size);

}  // namespace weir
