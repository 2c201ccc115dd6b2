#include "formats/json_structure.h"

#include <simdjson.h>

#include <algorithm>
#include <new>

namespace weir {

struct JsonStructure::Impl {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
  size_t capacity = 0;

  bool reserve(size_t size) {
    if (stage && size <= capacity) return true;
    const size_t wanted = std::max(size, std::max(size_t{64} << 10, capacity * 2));
    const size_t limited = std::min(wanted, size_t{simdjson::SIMDJSON_MAXSIZE_BYTES} - 1);
    if (size > limited) return false;
    // The depth is that of simdjson's second stage, which is not used.
    constexpr size_t kDepth = 1;
    const auto error =
        stage ? stage->allocate(limited, kDepth)
              : simdjson::get_active_implementation()->create_dom_parser_implementation(
                    limited, kDepth, stage);
    if (error == simdjson::MEMALLOC) throw std::bad_alloc();
    if (error != simdjson::SUCCESS) return false;
    capacity = limited;
    return true;
  }
};

JsonStructure::JsonStructure() : impl_(std::make_unique<Impl>()) {}
JsonStructure::~JsonStructure() = default;
JsonStructure::JsonStructure(JsonStructure&&) noexcept = default;
JsonStructure& JsonStructure::operator=(JsonStructure&&) noexcept = default;

JsonStructure::Status JsonStructure::index(const char* text, size_t size, JsonTokens& tokens) {
  tokens = {text, nullptr, 0};
  if (!impl_->reserve(size)) return Status::kTooLarge;
  auto& stage = *impl_->stage;
  const auto error =
      stage.stage1(reinterpret_cast<const uint8_t*>(text), size, simdjson::stage1_mode::regular);
  switch (error) {
    case simdjson::SUCCESS:
    case simdjson::EMPTY: break;
    case simdjson::UTF8_ERROR: return Status::kInvalidUtf8;
    case simdjson::UNESCAPED_CHARS: return Status::kControlCharacter;
    case simdjson::CAPACITY: return Status::kTooLarge;
    default: return Status::kUnclosedString;
  }
  const size_t count = error == simdjson::EMPTY ? 0 : stage.n_structural_indexes;
  uint32_t* at = stage.structural_indexes.get();
  // simdjson allocates nine more than one per byte; four sentinels let a walker look ahead
  // unchecked.
  for (size_t i = 0; i < 4; ++i) at[count + i] = UINT32_MAX;
  tokens.at = at;
  tokens.count = count;
  return Status::kOk;
}

const char* JsonStructure::explain(Status status) {
  switch (status) {
    case Status::kOk: return "";
    case Status::kInvalidUtf8: return "invalid UTF-8";
    case Status::kUnclosedString: return "invalid JSON: a string is not closed";
    case Status::kControlCharacter: return "invalid JSON: a control character inside a string";
    case Status::kTooLarge: return "the record is too large";
  }
  return "";
}

bool valid_utf8(const char* text, size_t size) { return simdjson::validate_utf8(text, size); }

}  // namespace weir
