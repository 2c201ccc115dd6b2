#include "operators/leading_key_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "operators/group_sort.h"

namespace weir {

LeadingKeyTable::LeadingKeyTable(const std::vector<Type>& types, uint64_t seed)
    : first_(make_group_table({types[0]}, seed)),
      rest_(types.size() > 1 ? make_group_table({types.begin() + 1, types.end()}, seed) : nullptr),
      secret_(seed) {}

ColumnPtr LeadingKeyTable::first_keys(size_t from, Arena& arena) const {
  Vec<uint32_t> ids(firsts() - from);
  std::iota(ids.begin(), ids.end(), static_cast<uint32_t>(from));
  return first_->keys({ids.data(), ids.size()}, arena)[0];
}

void LeadingKeyTable::list_by_first(Vec<uint32_t>& groups, Vec<uint32_t>& begins) const {
  begins.assign(firsts() + 1, 0);
  for (const Pair& pair : pairs_) ++begins[pair.first + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  Vec<uint32_t> next = begins;
  groups.resize(pairs_.size());
  for (uint32_t group = 0; group < pairs_.size(); ++group)
    groups[next[pairs_[group].first]++] = group;
}

void LeadingKeyTable::find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) {
  firsts_.resize(rows);
  first_->find_or_add(keys.first(1), rows, firsts_.data());
  if (rest_) {
    rest_->find_or_add(keys.subspan(1), rows, groups);
  } else {
    std::fill_n(groups, rows, 0u);
  }
  make_room();
  if (hashed_) return find_or_add_hashed(rows, groups);
  uint32_t* const cells = cells_.data();
  for (size_t i = 0; i < rows; ++i) {
    const Pair pair{firsts_[i], groups[i]};
    uint32_t& plus_one = cells[cell(pair)];
    if (plus_one == 0) [[unlikely]] {
      pairs_.push_back(pair);
      plus_one = static_cast<uint32_t>(pairs_.size());
    }
    groups[i] = plus_one - 1;
  }
}

// Gives every pair of groups a cell, or goes over to hashing.
void LeadingKeyTable::make_room() {
  if (hashed_) return;
  const auto needed = static_cast<uint32_t>(std::bit_width(rest_ ? rest_->size() : 1));
  const uint32_t bits = std::max(row_bits_, needed);
  const size_t cells = first_->size() << bits;
  if (cells > kMaxCells) {
    hash_pairs();
  } else if (bits > row_bits_) {
    row_bits_ = bits;
    cells_.assign(cells, 0);
    for (uint32_t group = 0; group < pairs_.size(); ++group)
      cells_[cell(pairs_[group])] = group + 1;
  } else if (const size_t old = cells_.size(); old < cells) {
    cells_.resize(cells);
    std::fill(cells_.data() + old, cells_.end(), 0u);
  }
}

void LeadingKeyTable::hash_pairs() {
  hashed_ = true;
  cells_.clear();
  for (uint32_t group = 0; group < pairs_.size(); ++group) {
    if (slots_.full()) slots_.grow();
    const uint32_t hash = tag(pairs_[group]);
    slots_.put(slots_.free_slot(hash), hash, group);
  }
}

// `groups` holds the groups of rest_ first.
void LeadingKeyTable::find_or_add_hashed(size_t rows, uint32_t* groups) {
  std::array<uint32_t, kChunk> tags;
  for (size_t begin = 0; begin < rows; begin += kChunk) {
    const size_t n = std::min(kChunk, rows - begin);
    for (size_t i = 0; i < n; ++i) tags[i] = tag({firsts_[begin + i], groups[begin + i]});
    if (!pairs_.empty())
      slots_.prefetch(tags.data(), n, pairs_.data(),
                      [this](uint32_t group) { prefetch_state(group); });
    for (size_t i = 0; i < n; ++i) {
      const Pair pair{firsts_[begin + i], groups[begin + i]};
      uint32_t group = find_hashed(pair, tags[i]);
      if (group == kNoGroup) {
        group = static_cast<uint32_t>(pairs_.size());
        pairs_.push_back(pair);
        if (slots_.full()) slots_.grow();
        slots_.put(slots_.free_slot(tags[i]), tags[i], group);
      }
      groups[begin + i] = group;
    }
  }
}

uint32_t LeadingKeyTable::find(Pair pair) const {
  if (pair.first == kNoGroup || pair.rest == kNoGroup) return kNoGroup;
  if (!hashed_) {
    const size_t at = cell(pair);
    return at < cells_.size() ? cells_[at] - 1 : kNoGroup;  // 0 becomes kNoGroup
  }
  return find_hashed(pair, tag(pair));
}

uint32_t LeadingKeyTable::find_hashed(Pair pair, uint32_t hash) const {
  for (size_t at = slots_.home(hash);; at = (at + 1) & slots_.mask()) {
    const SlotArray::Slot slot = slots_.slots()[at];
    if (slot.group_plus_one == 0) return kNoGroup;
    const Pair& there = pairs_[slot.group_plus_one - 1];
    if (slot.tag == hash && there.first == pair.first && there.rest == pair.rest)
      return slot.group_plus_one - 1;
  }
}

uint32_t LeadingKeyTable::find(std::span<const ColumnPtr> keys, size_t row) const {
  return find(
      {first_->find(keys.first(1), row), rest_ ? rest_->find(keys.subspan(1), row) : uint32_t{0}});
}

void LeadingKeyTable::find_all(std::span<const ColumnPtr> keys, size_t rows,
                               uint32_t* groups) const {
  Vec<uint32_t> firsts(rows);
  first_->find_all(keys.first(1), rows, firsts.data());
  if (rest_) {
    rest_->find_all(keys.subspan(1), rows, groups);
  } else {
    std::fill_n(groups, rows, 0u);
  }
  for (size_t i = 0; i < rows; ++i) groups[i] = find({firsts[i], groups[i]});
}

std::vector<ColumnPtr> LeadingKeyTable::keys(std::span<const uint32_t> groups, Arena& arena) const {
  Vec<uint32_t> firsts(groups.size());
  Vec<uint32_t> rests(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    firsts[i] = pairs_[groups[i]].first;
    rests[i] = pairs_[groups[i]].rest;
  }
  std::vector<ColumnPtr> columns = first_->keys({firsts.data(), firsts.size()}, arena);
  if (!rest_) return columns;
  for (auto& column : rest_->keys({rests.data(), rests.size()}, arena))
    columns.push_back(std::move(column));
  return columns;
}

Vec<uint32_t> LeadingKeyTable::sorted() const {
  return sort_groups(
      size(), [this](uint32_t group) { return prefix(group); },
      [this](uint32_t a, uint32_t b) { return less(a, *this, b); }, false);
}

bool LeadingKeyTable::less(uint32_t a, const GroupTable& other, uint32_t b) const {
  const auto& table = static_cast<const LeadingKeyTable&>(other);
  const Pair x = pairs_[a];
  const Pair y = table.pairs_[b];
  if (first_->less(x.first, *table.first_, y.first)) return true;
  if (!rest_ || table.first_->less(y.first, *first_, x.first)) return false;
  const uint64_t x_prefix = rest_->prefix(x.rest);
  const uint64_t y_prefix = table.rest_->prefix(y.rest);
  if (x_prefix != y_prefix) return x_prefix < y_prefix;
  return rest_->less(x.rest, *table.rest_, y.rest);
}

void LeadingKeyTable::spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
                             uint16_t* out) const {
  first_->spread(keys.first(1), rows, mask, out);
  if (!rest_) return;
  Vec<uint16_t> firsts(rows);
  std::copy_n(out, rows, firsts.data());
  rest_->spread(keys.subspan(1), rows, mask, out);
  for (size_t i = 0; i < rows; ++i) out[i] = (out[i] + firsts[i]) & mask;
}

size_t LeadingKeyTable::memory_bytes() const {
  return first_->memory_bytes() + (rest_ ? rest_->memory_bytes() : 0) + slots_.memory_bytes() +
         pairs_.capacity() * sizeof(Pair) + cells_.capacity() * sizeof(uint32_t);
}

void LeadingKeyTable::clear() {
  first_->clear();
  if (rest_) rest_->clear();
  pairs_.clear();
  cells_.clear();
  row_bits_ = 4;
  if (hashed_) slots_.clear();
  hashed_ = false;
}

}  // namespace weir
