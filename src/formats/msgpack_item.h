// MessagePack as it stands in bytes: one item after another, and where a value ends.
//
// Source: https://github.com/msgpack/msgpack/blob/master/spec.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/cutter.h"

namespace weir::msgpack {

enum class Kind : uint8_t {
  kNil,
  kBoolean,
  kUnsigned,  // an integer that is not negative
  kSigned,    // a negative one
  kFloat,
  kDouble,
  kString,
  kBinary,
  kExtension,
  kArray,
  kMap,
};

// A scalar, or the head of an array or a map.
struct Item {
  Kind kind = Kind::kNil;
  int8_t extension = 0;  // its type
  uint64_t number =
      0;            // BOOLEAN: 0 or 1; integers: two's complement; arrays: elements; maps: pairs
  double real = 0;  // floats
  std::string_view bytes;  // strings, binaries, extensions
};

enum class Status { kDone, kShort, kDamaged };

// Reads the item at `at` and moves `at` behind it: behind the head of an array or a map, behind all of any
// other. kShort: it goes on behind `bytes`; kDamaged: no item begins so. `at` stays then.
Status read_item(std::string_view bytes, size_t& at, Item& item);

// The same for a value with all that is in it. Needs no stack, however deep it nests.
Status skip_value(std::string_view bytes, size_t& at);

// An extension of type -1: seconds since 1970 and nanoseconds. False: its length or the nanoseconds are wrong.
bool read_timestamp(std::string_view bytes, int64_t& seconds, uint32_t& nanos);

// Appends the value at `at`, whole, as JSON; binaries and extensions in base64, timestamps as text. Moves `at`
// behind it. False: it nests deeper than kMostDepth, or is not whole.
inline constexpr int kMostDepth = 100;
bool append_json(std::string_view bytes, size_t& at, std::string& out, int depth = 0);

// Values one behind another: each is a record.
std::unique_ptr<RecordCutter> make_value_cutter();

}  // namespace weir::msgpack
