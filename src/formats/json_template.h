// Lines that look like a line before them, read without being indexed.
//
// The lines of a log mostly have the same keys in the same order: between the values stands the
// same text, byte by byte. So a line that was parsed leaves a template, the texts between its
// scalar values, and a line that fits the template is one for which each of these texts compares
// equal and each value is a valid scalar. That is a full check of the line, made at twice the speed
// of indexing it. Lines that do not fit go the long way; both ways give the same rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json_reader.h"

namespace weir {

// A column that is being filled from JSON.
struct JsonSlot {
  size_t index = 0;  // in the schema
  std::string name;
  JsonReader reader;
  Column* column = nullptr;  // of the batch
};

class JsonTemplate {
 public:
  // A scalar value of the line that the template is made from.
  struct Place {
    uint32_t begin = 0;  // offset in the line
    uint32_t end = 0;
    int slot = -1;  // -1: nobody wants it
  };

  // `places` are those of all scalars of the line, increasing.
  JsonTemplate(std::string_view line, const std::vector<Place>& places,
               const std::vector<JsonSlot>& slots);

  // Reads a line without its line end; 16 bytes behind it must be readable. True: every slot has
  // one more value. False: it does not fit, or a value does not fit its column; slots are as
  // before.
  bool read(std::string_view line, std::vector<JsonSlot>& slots, Batch& batch);

 private:
  // How a value's column takes the usual kind of value.
  enum class Kind : uint8_t { kNone, kString, kBigInt, kDouble, kOther };
  struct Part {
    uint64_t words[2] = {};  // the first bytes of the text before the value
    uint64_t masks[2] = {};
    uint32_t offset = 0;  // of that text in texts_
    uint32_t size = 0;
    int slot = -1;
    Kind kind = Kind::kNone;
  };

  void set_text(Part& part, std::string_view text);
  bool fits(const Part& part, const char* p, const char* end) const;
  bool read_values(const char*& p, const char* end, std::vector<JsonSlot>& slots, Batch& batch);
  bool take_string(const Part& part, std::string_view raw, bool escaped,
                   std::vector<JsonSlot>& slots, Batch& batch);
  bool take_number(const Part& part, std::string_view text, const json::Number& number,
                   std::vector<JsonSlot>& slots);

  std::string texts_;
  std::vector<Part> parts_;
  Part last_;                    // the text behind the last value
  std::vector<size_t> missing_;  // slots that the line has no value for
  bool beyond_ascii_ = false;    // of the line being read
};

}  // namespace weir
