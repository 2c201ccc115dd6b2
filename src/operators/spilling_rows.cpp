#include "operators/spilling_rows.h"

#include <algorithm>
#include <vector>

#include "base/sortable.h"
#include "operators/spilling_keys.h"

namespace weir {

namespace {

constexpr size_t kTakenTogether = size_t{4} << 20;  // bytes
constexpr size_t kTimeAndArrival = sizeof(int64_t) + sizeof(uint64_t);

std::string bytes_of_place(const SpillingRows::Place& place) {
  std::string bytes;
  put_sortable(place.time, bytes);
  bytes += place.order;
  put_big_endian(place.arrival, bytes);
  return bytes;
}

SpillingRows::Place place_of_bytes(std::string_view bytes) {
  if (bytes.size() < kTimeAndArrival) throw unreadable_spill();
  SpillingRows::Place place;
  place.time = get_sortable(bytes);
  std::string_view arrival = bytes.substr(bytes.size() - sizeof(uint64_t));
  get_big_endian(arrival, place.arrival);
  place.order = bytes.substr(sizeof(int64_t), bytes.size() - kTimeAndArrival);
  return place;
}

uint64_t cost_of(const SpillingRows::Place& place, const std::string& row) {
  constexpr size_t kOfNode = 48;
  return kOfNode + sizeof(place) + sizeof(row) + bytes_of(place.order) + bytes_of(row);
}

}  // namespace

void SpillingRows::put(Place place, std::string row) {
  bytes_ += cost_of(place, row);
  rows_.emplace(std::move(place), std::move(row));
}

bool SpillingRows::take(int64_t until, const Visit& visit) {
  if (any_spilled()) return take_from_both(until, visit);
  while (!rows_.empty() && rows_.begin()->first.time <= until) {
    auto row = rows_.extract(rows_.begin());
    bytes_ -= cost_of(row.key(), row.mapped());
    visit(row.key(), std::move(row.mapped()));
  }
  return false;
}

bool SpillingRows::take_from_both(int64_t until, const Visit& visit) {
  std::vector<std::string> taken;
  bool more = false;
  {
    SpillStore::Cursor cursor(*store_, begin_);
    for (size_t bytes = 0; !more;) {
      std::optional<Place> place;
      if (cursor.valid()) place = place_of_bytes(cursor.key());
      const bool from_disk = place && (rows_.empty() || *place < rows_.begin()->first);
      if (!from_disk && rows_.empty()) break;
      if ((from_disk ? place->time : rows_.begin()->first.time) > until) break;
      if (from_disk) {
        bytes += cursor.value().size();
        visit(*place, std::string(cursor.value()));
        taken.emplace_back(cursor.key());
        cursor.next();
      } else {
        auto row = rows_.extract(rows_.begin());
        bytes_ -= cost_of(row.key(), row.mapped());
        bytes += row.mapped().size();
        visit(row.key(), std::move(row.mapped()));
      }
      more = bytes >= kTakenTogether;
    }
  }
  if (!taken.empty()) begin_ = taken.back();
  spilled_ -= taken.size();
  for (const auto& key : taken) store_->erase(key);
  return more;
}

SpillStore& SpillingRows::store() {
  if (!store_) {
    if (!space_)
      throw SpillError({ErrorKind::kDiskFull,
                        "the state of " + step_ + " did not fit into memory when it was saved",
                        {},
                        "runtime.spill = true lets it go to the disk",
                        {}});
    store_ = space_->make_store();
  }
  return *store_;
}

void SpillingRows::put_on_disk(std::string_view place, std::string_view row) {
  store().put(place, row);
  if (spilled_++ == 0 || place < begin_) begin_ = place;
}

void SpillingRows::spill() {
  for (const auto& [place, row] : rows_) put_on_disk(bytes_of_place(place), row);
  rows_.clear();
  bytes_ = 0;
}

void SpillingRows::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(rows_.size());
  for (const auto& [place, row] : rows_) {
    writer.put_text(bytes_of_place(place));
    writer.put_text(row);
  }
  writer.put_u64(spilled_);
  if (!any_spilled()) return;
  for (SpillStore::Cursor cursor(*store_, begin_); cursor.valid(); cursor.next()) {
    writer.put_text(cursor.key());
    writer.put_text(cursor.value());
  }
}

void SpillingRows::restore(SnapshotReader& reader) {
  const uint64_t rows = reader.get_u64();
  for (uint64_t i = 0; i < rows && reader.ok(); ++i) {
    const std::string_view place = reader.get_text();
    if (place.size() < kTimeAndArrival) return reader.refuse();
    put(place_of_bytes(place), std::string(reader.get_text()));
  }
  const uint64_t spilled = reader.get_u64();
  for (uint64_t i = 0; i < spilled && reader.ok(); ++i) {
    const std::string_view place = reader.get_text();
    if (place.size() < kTimeAndArrival) return reader.refuse();
    put_on_disk(place, reader.get_text());
  }
}

std::string with_key(std::string_view key, std::string_view row) {
  std::string both;
  both.reserve(sizeof(uint32_t) + key.size() + row.size());
  put_big_endian(static_cast<uint32_t>(key.size()), both);
  return both.append(key).append(row);
}

std::pair<std::string_view, std::string_view> split_key(std::string_view row) {
  uint32_t key = 0;
  if (!get_big_endian(row, key) || key > row.size()) throw unreadable_spill();
  return {row.substr(0, key), row.substr(key)};
}

}  // namespace weir
