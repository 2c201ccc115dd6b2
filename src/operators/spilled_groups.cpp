#include "operators/spilled_groups.h"

#include "base/sortable.h"

namespace weir {

namespace {

constexpr size_t kResultGroups = 8192;
constexpr size_t kNumberBytes = sizeof(uint32_t);

}  // namespace

SpilledGroups::SpilledGroups(const AggregateProgram& program, std::vector<Type> key_types,
                             GroupOrder order, std::shared_ptr<SpillSpace> space)
    : program_(program),
      key_types_(std::move(key_types)),
      order_(order),
      space_(std::move(space)) {}

std::unique_ptr<GroupedAggregation> SpilledGroups::make_groups() const {
  return std::make_unique<GroupedAggregation>(program_, key_types_, run_hash_seed(),
                                              order_ == GroupOrder::kArrival);
}

void SpilledGroups::add(GroupedAggregation& groups) {
  const std::lock_guard lock(mutex_);
  if (!store_) store_ = space_->make_store();
  const uint32_t number = tables_++;
  std::string key;
  groups.each_group([&](std::string_view encoded, std::string_view snapshot) {
    key = encoded;
    put_big_endian(number, key);
    store_->put(key, snapshot);
  });
  store_->flush();
  groups.clear();
}

bool SpilledGroups::merge_next(GroupedAggregation& to) {
  if (!cursor_->valid()) return false;
  if (!one_) one_ = make_groups();
  const size_t tail = by_arrival_ ? 0 : kNumberBytes;
  const auto key = [&] { return cursor_->key().substr(0, cursor_->key().size() - tail); };
  const std::string first(key());
  do {
    SnapshotReader reader(cursor_->value());
    one_->restore(reader);
    if (!reader.ok()) throw unreadable_spill();
    to.merge_from(*one_);
    cursor_->next();
  } while (!by_arrival_ && cursor_->valid() && key() == first);
  return true;
}

// The groups once more, whole and in order of their first rows.
void SpilledGroups::sort_by_arrival() {
  auto sorted = space_->make_store();
  const auto merged = make_groups();
  while (merge_next(*merged)) {
    std::string place;
    put_big_endian(merged->prefix(GroupOrder::kArrival, 0), place);
    merged->each_group(
        [&](std::string_view, std::string_view snapshot) { sorted->put(place, snapshot); });
    merged->clear();
  }
  cursor_.reset();
  store_ = std::move(sorted);
  by_arrival_ = true;
  cursor_ = std::make_unique<SpillStore::Cursor>(*store_, "");
}

bool SpilledGroups::claim(Batch& batch, EvalContext& context) {
  const std::lock_guard lock(mutex_);
  if (!cursor_) {
    cursor_ = std::make_unique<SpillStore::Cursor>(*store_, "");
    if (order_ == GroupOrder::kArrival) sort_by_arrival();
  }
  const auto groups = make_groups();
  while (groups->groups() < kResultGroups && merge_next(*groups)) {
  }
  if (groups->groups() == 0) return false;
  const Vec<uint32_t> order = groups->order(order_);
  batch = groups->result({order.data(), order.size()}, context, true);
  batch.sequence = sequence_++;
  return true;
}

void SpilledGroups::snapshot(SnapshotWriter& writer) const {
  writer.put_u32(tables_);
  for (SpillStore::Cursor cursor(*store_, ""); cursor.valid(); cursor.next()) {
    writer.put_u8(1);
    writer.put_text(cursor.key());
    writer.put_text(cursor.value());
  }
  writer.put_u8(0);
}

void SpilledGroups::restore(SnapshotReader& reader) {
  if (!space_)
    throw SpillError({ErrorKind::kDiskFull,
                      "the state of aggregate did not fit into memory when it was saved",
                      {},
                      "runtime.spill = true lets it go to the disk",
                      {}});
  store_ = space_->make_store();
  tables_ = reader.get_u32();
  while (reader.get_u8() != 0 && reader.ok()) {
    const std::string_view key = reader.get_text();
    store_->put(key, reader.get_text());
  }
  store_->flush();
}

}  // namespace weir
