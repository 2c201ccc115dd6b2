#include "base/spelling.h"

#include <algorithm>
#include <vector>

namespace weir {
namespace {

constexpr size_t kMaxListed = 12;
constexpr size_t kMaxLength = 64;  // longer names are not worth a quadratic comparison

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Edit distance with swapped neighbours as one edit ("statsu"), letter case ignored.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1]))
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

template <class Names>
std::string nearest(std::string_view name, const Names& candidates) {
  if (name.empty() || name.size() > kMaxLength) return {};
  size_t best = std::max<size_t>(1, name.size() / 3) + 1;
  std::string found;
  for (const auto& candidate : candidates) {
    const size_t length = candidate.size();
    const size_t apart = length > name.size() ? length - name.size() : name.size() - length;
    if (length == 0 || apart >= best) continue;
    const size_t d = distance(name, candidate);
    // One letter replaced by another says nothing.
    if (d < best && d < std::max(length, name.size())) {
      best = d;
      found = std::string(candidate);
    }
  }
  return found;
}

}  // namespace

std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  return nearest(name, candidates);
}

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
  return nearest(name, candidates);
}

std::string spelling_hint(std::string_view name, std::span<const std::string> candidates) {
  const std::string near = nearest_name(name, candidates);
  if (!near.empty()) return "did you mean `" + near + "`?";
  if (candidates.empty() || candidates.size() > kMaxListed) return {};
  std::string hint = "known: ";
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i > 0) hint += ", ";
    hint += candidates[i];
  }
  return hint;
}

}  // namespace weir
