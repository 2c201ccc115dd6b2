#include "operators/process_values.h"

#include <cstring>

#include "base/check.h"
#include "expr/aggregates/row_codec.h"

namespace weir {

namespace {

// The bytes of a long string lie outside of std::string.
size_t outside(const std::string& text) { return text.size() > 15 ? text.size() : 0; }

}  // namespace

ProcessValues::ProcessValues(Type type, const Value& fallback, TimeToLive ttl)
    : type_(std::move(type)), ttl_(ttl) {
  if (!type_.is_nested() && !type_.is_string_like()) width_ = type_.width();
  auto one = make_column(type_);
  one->push_from(fallback.is_null ? *make_null_constant(type_, 1) : *constant_column(fallback, 1),
                 0);
  one->own_strings(fallback_strings_);
  fallback_ = std::move(one);
  if (is_scalar(type_)) fallback_scalar_ = scalar_at(*fallback_, 0);
}

void ProcessValues::resize(size_t groups) {
  present_.resize(groups);
  if (groups > size_) std::memset(present_.data() + size_, 0, groups - size_);
  if (width_ > 0) {
    fixed_.resize(groups * width_);
  } else {
    bytes_.resize(groups);
  }
  if (ttl_.limited()) stamps_.resize(groups);
  size_ = groups;
}

void ProcessValues::set(uint32_t group, int64_t now, const Column& column, size_t i) {
  if (column.is_null(i)) {
    clear(group);
    return;
  }
  present_[group] = 1;
  if (ttl_.limited()) stamps_[group] = now;
  if (width_ > 0) {
    with_width(width_, [&]<class T>(T) {
      std::memcpy(fixed_.data() + group * width_, column.values<T>() + i, sizeof(T));
    });
  } else if (type_.is_string_like()) {
    set_bytes(group, std::string(column.values<StringRef>()[i].view()));
  } else {
    std::string encoded;
    encode_value(column, i, encoded);
    set_bytes(group, std::move(encoded));
  }
}

void ProcessValues::set_bytes(uint32_t group, std::string bytes) {
  long_bytes_ += outside(bytes);
  long_bytes_ -= outside(bytes_[group]);
  bytes_[group] = std::move(bytes);
}

Scalar ProcessValues::scalar(uint32_t group) const {
  return present_[group] != 0 ? set_scalar(group) : fallback_scalar_;
}

Scalar ProcessValues::set_scalar(uint32_t group) const {
  Scalar value;
  if (present_[group] == 0) return value;
  with_scalar_type(type_.id, [&]<class T>(T) {
    value = make_scalar<T>(reinterpret_cast<const T*>(fixed_.data())[group]);
  });
  return value;
}

void ProcessValues::set_scalar(uint32_t group, const Scalar& value) {
  present_[group] = value.null ? 0 : 1;
  if (value.null) return;
  with_scalar_type(type_.id, [&]<class T>(T) {
    reinterpret_cast<T*>(fixed_.data())[group] = scalar_as<T>(value);
  });
}

void ProcessValues::clear(uint32_t group) {
  if (present_[group] == 0) return;
  present_[group] = 0;
  if (width_ == 0) set_bytes(group, {});
}

bool ProcessValues::alive(uint32_t group, int64_t now) {
  if (present_[group] == 0) return false;
  if (!ttl_.limited()) return true;
  if (ttl_.expired(stamps_[group], now)) return false;
  if (ttl_.refresh_on_read) stamps_[group] = now;
  return true;
}

template <class T>
void ProcessValues::gather_fixed(std::span<const uint32_t> groups, std::span<const int64_t> now,
                                 Column& out) {
  const bool fallback_null = fallback_->is_null(0);
  const T fallback = fallback_null ? T{} : fallback_->at<T>(0);
  const bool limited = ttl_.limited();
  T* to = out.values<T>();
  const T* from = reinterpret_cast<const T*>(fixed_.data());
  bool missing = false;
  for (size_t k = 0; k < groups.size(); ++k) {
    const uint32_t g = groups[k];
    const bool set = limited ? alive(g, now[k]) : present_[g] != 0;
    to[k] = set ? from[g] : fallback;
    missing = missing || !set;
  }
  if (!missing || !fallback_null) return;
  uint8_t* valid = out.make_valid();
  for (size_t k = 0; k < groups.size(); ++k)
    valid[k] = static_cast<uint8_t>(is_set(groups[k], limited ? now[k] : 0));
}

ColumnPtr ProcessValues::gather(std::span<const uint32_t> groups, std::span<const int64_t> now,
                                Arena& arena) {
  if (width_ > 0) {
    auto out = make_column(type_, groups.size());
    with_width(width_, [&]<class T>(T) { gather_fixed<T>(groups, now, *out); });
    return out;
  }
  auto out = make_column(type_);
  out->reserve(groups.size());
  bool borrowed = false;
  for (size_t k = 0; k < groups.size(); ++k) {
    const uint32_t g = groups[k];
    if (!alive(g, now[k])) {
      out->push_from(*fallback_, 0);
      borrowed = borrowed || !fallback_->is_null(0);
    } else if (type_.is_string_like()) {
      out->push<StringRef>(StringRef(arena.copy(bytes_[g])));
    } else {
      std::string_view encoded = bytes_[g];
      WEIR_CHECK(decode_value(encoded, *out, arena));
    }
  }
  if (borrowed) out->own_strings(arena);  // the default's may not outlive this
  return out;
}

std::optional<ProcessValues::Saved> ProcessValues::save(uint32_t group) const {
  if (present_[group] == 0) return std::nullopt;
  Saved saved;
  saved.bytes = width_ > 0 ? std::string(fixed_.data() + group * width_, width_) : bytes_[group];
  if (ttl_.limited()) saved.stamp = stamps_[group];
  return saved;
}

void ProcessValues::put(uint32_t group, const std::optional<Saved>& saved) {
  if (!saved || (width_ > 0 && saved->bytes.size() != width_)) {
    clear(group);
    return;
  }
  present_[group] = 1;
  if (ttl_.limited()) stamps_[group] = saved->stamp;
  if (width_ > 0) {
    std::memcpy(fixed_.data() + group * width_, saved->bytes.data(), width_);
  } else {
    set_bytes(group, saved->bytes);
  }
}

void ProcessValues::keep(std::span<const uint32_t> groups) {
  HugeVec<uint8_t> present;
  HugeVec<char> fixed;
  HugeVec<int64_t> stamps;
  std::vector<std::string> bytes;
  present.resize(groups.size());
  if (width_ > 0) fixed.resize(groups.size() * width_);
  if (width_ == 0) bytes.resize(groups.size());
  if (ttl_.limited()) stamps.resize(groups.size());
  for (size_t k = 0; k < groups.size(); ++k) {
    const uint32_t g = groups[k];
    present[k] = present_[g];
    if (width_ > 0) std::memcpy(fixed.data() + k * width_, fixed_.data() + g * width_, width_);
    if (width_ == 0) bytes[k] = std::move(bytes_[g]);
    if (ttl_.limited()) stamps[k] = stamps_[g];
  }
  present_ = std::move(present);
  fixed_ = std::move(fixed);
  stamps_ = std::move(stamps);
  bytes_ = std::move(bytes);
  size_ = groups.size();
}

size_t ProcessValues::memory_bytes() const {
  return present_.memory_bytes() + fixed_.memory_bytes() + stamps_.memory_bytes() +
         bytes_.capacity() * sizeof(std::string) + long_bytes_;
}

}  // namespace weir
