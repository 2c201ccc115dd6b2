#include "operators/group_ranges.h"

#include <algorithm>
#include <memory>

#include "operators/row_store.h"

namespace weir {

namespace {

constexpr size_t kRangeRows = 8192;     // of one result batch, about
constexpr size_t kSamplesPerRange = 4;  // so a range has at most a few times that
constexpr size_t kSampleStep = kRangeRows / kSamplesPerRange;

}  // namespace

GroupRanges::GroupRanges(std::vector<GroupedAggregation*> parts, GroupOrder order)
    : parts_(std::move(parts)), order_(order), orders_(parts_.size()) {}

void GroupRanges::sort_parts() {
  for (size_t p = 0; (p = next_part_.fetch_add(1)) < parts_.size();) {
    orders_[p] = parts_[p]->order(order_);
    if (sorted_parts_.fetch_add(1) + 1 < parts_.size()) continue;
    cut();
    ready_ = true;
    ready_.notify_all();
  }
  ready_.wait(false);
}

bool GroupRanges::before(const Item& a, const Item& b) const {
  if (a.prefix != b.prefix) return a.prefix < b.prefix;
  return parts_[a.part]->before(order_, a.group, *parts_[b.part], b.group);
}

void GroupRanges::cut_one_after_another() {
  Cut at(parts_.size(), 0);
  for (size_t p = 0; p < parts_.size(); ++p) {
    for (; at[p] < orders_[p].size(); at[p] = std::min(at[p] + kRangeRows, orders_[p].size()))
      cuts_.push_back(at);
  }
  cuts_.push_back(at);
}

std::vector<GroupRanges::Item> GroupRanges::sample() const {
  std::vector<Item> items;
  for (uint32_t p = 0; p < parts_.size(); ++p) {
    for (size_t i = kSampleStep; i < orders_[p].size(); i += kSampleStep) {
      const uint32_t group = orders_[p][i];
      items.push_back({parts_[p]->prefix(order_, group), p, group});
    }
  }
  std::sort(items.begin(), items.end(),
            [this](const Item& a, const Item& b) { return before(a, b); });
  return items;
}

void GroupRanges::cut() {
  if (order_ == GroupOrder::kNone || parts_.size() == 1) {
    cut_one_after_another();
    return;
  }
  const std::vector<Item> items = sample();
  cuts_.emplace_back(parts_.size(), 0);
  for (size_t s = kSamplesPerRange; s < items.size(); s += kSamplesPerRange) {
    Cut at = cuts_.back();
    for (uint32_t p = 0; p < parts_.size(); ++p) {
      const auto* const found =
          std::lower_bound(orders_[p].begin() + at[p], orders_[p].end(), items[s],
                           [&](uint32_t group, const Item& item) {
                             return before({parts_[p]->prefix(order_, group), p, group}, item);
                           });
      at[p] = static_cast<size_t>(found - orders_[p].begin());
    }
    cuts_.push_back(std::move(at));
  }
  Cut end;
  for (const auto& order : orders_) end.push_back(order.size());
  cuts_.push_back(std::move(end));
}

// The groups of a range in order: sorted runs, merged pair by pair.
Vec<GroupRanges::Item> GroupRanges::merged(size_t range) const {
  Vec<Item> items;
  std::vector<size_t> runs = {0};
  for (uint32_t p = 0; p < parts_.size(); ++p) {
    for (size_t i = cuts_[range][p]; i < cuts_[range + 1][p]; ++i) {
      const uint32_t group = orders_[p][i];
      items.push_back({parts_[p]->prefix(order_, group), p, group});
    }
    if (items.size() > runs.back()) runs.push_back(items.size());
  }
  Vec<Item> other(items.size());
  while (runs.size() > 2) {
    std::vector<size_t> longer = {0};
    for (size_t r = 0; r + 1 < runs.size(); r += 2) {
      const size_t middle = runs[r + 1];
      const size_t end = r + 2 < runs.size() ? runs[r + 2] : middle;
      std::merge(items.begin() + runs[r], items.begin() + middle, items.begin() + middle,
                 items.begin() + end, other.begin() + runs[r],
                 [this](const Item& a, const Item& b) { return before(a, b); });
      longer.push_back(end);
    }
    items.swap(other);
    runs.swap(longer);
  }
  return items;
}

// Every part gives its rows of the range; then they are laid out in order.
Batch GroupRanges::merged_batch(size_t range, EvalContext& context) const {
  const Vec<Item> items = merged(range);
  std::vector<Vec<uint32_t>> groups(parts_.size());
  std::vector<Vec<uint32_t>> rows(parts_.size());  // of the merged batch
  Vec<RowPlace> places(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    places[i] = RowPlace{item.part} << 32 | groups[item.part].size();
    groups[item.part].push_back(item.group);
    rows[item.part].push_back(static_cast<uint32_t>(i));
  }
  const auto store = std::make_shared<RowStore>();
  for (size_t p = 0; p < parts_.size(); ++p) {
    const size_t errors_before = context.errors.size();
    store->add(parts_[p]->result({groups[p].data(), groups[p].size()}, context));
    for (size_t e = errors_before; e < context.errors.size(); ++e)
      context.errors[e].row = rows[p][context.errors[e].row];
  }
  std::sort(context.errors.begin(), context.errors.end(),
            [](const RowError& a, const RowError& b) { return a.row < b.row; });
  Batch batch;
  batch.rows = items.size();
  for (size_t c = 0; c < store->batch(0).columns.size(); ++c) {
    const ColumnPtr& column = store->batch(0).columns[c];
    batch.columns.push_back(column == nullptr
                                ? nullptr
                                : store->gather(c, column->type(), {places.data(), places.size()}));
  }
  batch.keep(store);
  return batch;
}

bool GroupRanges::claim(Batch& batch, EvalContext& context) {
  sort_parts();
  const size_t range = next_range_.fetch_add(1);
  if (range + 1 >= cuts_.size()) return false;
  const Cut& begin = cuts_[range];
  const Cut& end = cuts_[range + 1];
  if (order_ == GroupOrder::kNone || parts_.size() == 1) {
    size_t p = 0;
    while (begin[p] == end[p]) ++p;
    batch = parts_[p]->result({orders_[p].data() + begin[p], end[p] - begin[p]}, context);
  } else {
    batch = merged_batch(range, context);
  }
  batch.sequence = range;
  return true;
}

}  // namespace weir
