#include "formats/simd.h"

#include "base/check.h"

namespace weir {
namespace {

// How common a byte is in logs and tables, roughly: 0 rare, 5 everywhere.
int commonness(unsigned char c) {
  if (c == ' ') return 5;
  if (c >= '0' && c <= '9') return 4;
  if (c >= 'a' && c <= 'z') {
    constexpr std::string_view kFrequent = "etaoinsr";
    constexpr std::string_view kRare = "jkqvxz";
    if (kFrequent.find(static_cast<char>(c)) != std::string_view::npos) return 4;
    return kRare.find(static_cast<char>(c)) != std::string_view::npos ? 2 : 3;
  }
  if (c == '.' || c == '/' || c == ',' || c == '"' || c == '-' || c == ':') return 4;
  if (c >= 'A' && c <= 'Z') return 2;
  if (c > ' ' && c < 0x7F) return 1;
  return c == '\n' ? 3 : 0;
}

bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul") &&
         __builtin_cpu_supports("popcnt");
}

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
}

const Scanners* chosen = nullptr;

const Scanners& best() {
  static const Scanners& table = [] -> const Scanners& {
    for (const SimdLevel level : {SimdLevel::kAvx512, SimdLevel::kAvx2, SimdLevel::kSse2})
      if (const Scanners* s = scanners_of(level)) return *s;
    return kScalarScanners;
  }();
  return table;
}

}  // namespace

Needle::Needle(std::string text) : bytes(std::move(text)) {
  WEIR_CHECK(!bytes.empty());
  const auto cost = [this](size_t i) { return commonness(static_cast<unsigned char>(bytes[i])); };
  for (size_t i = 1; i < bytes.size(); ++i)
    if (cost(i) < cost(first)) first = i;
  // The second: the rarest other one, the farthest from the first among equals.
  second = first == 0 ? bytes.size() - 1 : 0;
  const auto distance = [this](size_t i) { return i > first ? i - first : first - i; };
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == first) continue;
    if (cost(i) < cost(second) || (cost(i) == cost(second) && distance(i) > distance(second)))
      second = i;
  }
}

const Scanners* scanners_of(SimdLevel level) {
  switch (level) {
    case SimdLevel::kScalar: return &kScalarScanners;
    case SimdLevel::kSse2: return &kSse2Scanners;
    case SimdLevel::kAvx2: return has_avx2() ? &kAvx2Scanners : nullptr;
    case SimdLevel::kAvx512: return has_avx2() && has_avx512() ? &kAvx512Scanners : nullptr;
  }
  return nullptr;
}

const Scanners& scanners() { return chosen != nullptr ? *chosen : best(); }

void use_scanners(const Scanners* table) { chosen = table; }

}  // namespace weir
