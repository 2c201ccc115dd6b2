#include "windows/sliced_groups.h"

#include <algorithm>

#include "operators/leading_key_table.h"

namespace weir {

namespace {

std::vector<Type> types_with_slice(const WindowBinding& binding) {
  std::vector<Type> types = {Type::timestamp(6)};
  types.insert(types.end(), binding.key_types.begin(), binding.key_types.end());
  return types;
}

const LeadingKeyTable& table_of(const GroupedAggregation& groups) {
  return static_cast<const LeadingKeyTable&>(*groups.table());
}

}  // namespace

SlicedGroups::SlicedGroups(const WindowBinding& binding) : binding_(binding) { release(); }

void SlicedGroups::release() {
  const std::vector<Type> types = types_with_slice(binding_);
  groups_ = std::make_unique<GroupedAggregation>(
      *binding_.program, types, std::make_unique<LeadingKeyTable>(types, run_hash_seed()),
      binding_.track_arrival());
}

void SlicedGroups::update(const Batch& rows, ColumnPtr slices, EvalContext& context) {
  keys_.push_back(std::move(slices));
  for (const size_t c : binding_.key_columns) keys_.push_back(rows.columns[c]);
  groups_->update(rows, keys_, context);
  keys_.clear();
}

size_t SlicedGroups::slices() const { return table_of(*groups_).firsts(); }

std::vector<int64_t> SlicedGroups::starts(size_t from) const {
  Arena none;  // for texts
  const ColumnPtr starts = table_of(*groups_).first_keys(from, none);
  return {starts->values<int64_t>(), starts->values<int64_t>() + (slices() - from)};
}

const std::vector<SlicedGroups::Slice>& SlicedGroups::by_start() const {
  table_of(*groups_).list_by_first(listed_, begins_);
  by_start_.clear();
  size_t k = 0;
  for (const int64_t start : starts()) {
    by_start_.push_back({start, {listed_.data() + begins_[k], begins_[k + 1] - begins_[k]}});
    ++k;
  }
  std::sort(by_start_.begin(), by_start_.end(),
            [](const Slice& a, const Slice& b) { return a.start < b.start; });
  return by_start_;
}

}  // namespace weir
