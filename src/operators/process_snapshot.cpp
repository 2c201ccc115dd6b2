// The state of a process step as bytes:
//
//   u8   version
//   i64  processing time
//   for each key: u8 1, text key (row_codec.h), text of
//     for each state
//       value  u8 set; then [i64 stamp if it expires], text bytes
//       list   u64 elements; for each [i64 stamp], text element
//       map    u64 entries; for each text key, [i64 stamp], text value
//     for each timer  i64 time, kNoTimer if it is not set
//   u8   0
//
// The first version had the number of keys, and all of them as one text. Keys in memory come in key order, then those
// on the disk.
// Keys without state and timers are left out, and so is what has expired: how many of them are still in memory
// depends on how the work was split.
#include "expr/aggregates/row_codec.h"
#include "operators/process_state.h"

namespace weir {

namespace {

constexpr uint8_t kVersion = 2;

// What the bytes say is not possible: reads on until the reader gives up.
void refuse(SnapshotReader& reader) {
  while (reader.ok()) reader.get_u64();
}

// True if the bytes are one value of the type.
bool is_value(std::string_view bytes, const Type& type) {
  Column column(type);
  Arena arena(64);
  return decode_value(bytes, column, arena) && bytes.empty();
}

// The same for bytes as ProcessValues keeps them.
bool is_kept_value(std::string_view bytes, const Type& type) {
  if (type.is_nested()) return is_value(bytes, type);
  return type.is_string_like() || bytes.size() == type.width();
}

}  // namespace

void ProcessState::snapshot(int64_t event_now, SnapshotWriter& writer) const {
  writer.put_u8(kVersion);
  writer.put_i64(clock_us_);
  Vec<uint32_t> order;
  if (table_) {
    order = table_->sorted();
  } else if (groups_ > 0) {
    order.push_back(0);
  }
  const std::string nothing = empty_group(event_now);
  for (const uint32_t group : order) {
    SnapshotWriter one;
    snapshot_group(group, event_now, one);
    if (one.bytes() == nothing) continue;
    writer.put_u8(1);
    writer.put_text(key_bytes(group));
    writer.put_text(one.bytes());
  }
  if (spilled_) {
    for (SpillStore::Cursor cursor(*spilled_, "k"); cursor.valid() && cursor.key().front() == 'k';
         cursor.next()) {
      writer.put_u8(1);
      writer.put_text(cursor.key().substr(1));
      writer.put_text(cursor.value());
    }
  }
  writer.put_u8(0);
}

void ProcessState::snapshot_group(uint32_t group, int64_t event_now, SnapshotWriter& writer) const {
  for (size_t s = 0; s < stores_.size(); ++s) {
    const Store& store = stores_[s];
    const bool limited = program_.states[s].ttl.limited();
    const int64_t at = now(s, event_now);
    if (store.values) {
      const bool set = store.values->is_set(group, at);
      writer.put_u8(set ? 1 : 0);
      if (!set) continue;
      const auto saved = store.values->save(group);
      if (limited) writer.put_i64(saved->stamp);
      writer.put_text(saved->bytes);
    } else if (store.lists) {
      writer.put_u64(store.lists->count(group, at));
      for (const auto& e : store.lists->list(group)) {
        if (store.lists->ttl().expired(e.stamp, at)) continue;
        if (limited) writer.put_i64(e.stamp);
        writer.put_text(e.bytes);
      }
    } else {
      writer.put_u64(store.maps->count(group, at));
      if (store.maps->map(group) == nullptr) continue;
      for (const auto& [key, e] : *store.maps->map(group)) {
        if (store.maps->ttl().expired(e.stamp, at)) continue;
        writer.put_text(key);
        if (limited) writer.put_i64(e.stamp);
        writer.put_text(e.value);
      }
    }
  }
  for (size_t t = 0; t < program_.timers.size(); ++t) {
    const Timers& timers = program_.timers[t].event_time ? event_timers_ : clock_timers_;
    writer.put_i64(timers.at(t, group));
  }
}

void ProcessState::restore(SnapshotReader& reader) {
  const uint8_t version = reader.get_u8();
  clock_us_ = reader.get_i64();
  if (version == 1) {
    const uint64_t keys = reader.get_u64();
    SnapshotReader rest(reader.get_text());
    for (uint64_t k = 0; k < keys && rest.ok(); ++k) {
      const std::string_view key = rest.get_text();
      restore_key(key, rest.get_text(), rest);
    }
    if (!rest.ok() || !rest.at_end()) refuse(reader);
    return;
  }
  if (version != kVersion) return refuse(reader);
  while (reader.get_u8() != 0 && reader.ok()) {
    const std::string_view key = reader.get_text();
    restore_key(key, reader.get_text(), reader);
    if (table_ && space_ && groups_ >= spill_at_) spill(kMinTime);
  }
}

void ProcessState::restore_key(std::string_view key, std::string_view group,
                               SnapshotReader& reader) {
  Batch row;
  row.rows = 1;
  row.columns.resize(program_.input.size());
  bool ok = reader.ok();
  for (size_t i = 0; i < program_.key_columns.size() && ok; ++i) {
    auto column = make_column(program_.key_types[i]);
    ok = decode_value(key, *column, row.arena());
    row.columns[program_.key_columns[i]] = std::move(column);
  }
  ok = ok && key.empty();
  SnapshotReader one(group);
  if (ok) {
    Vec<uint32_t> found;
    find_groups(row, found);
    ok = restore_group(found[0], one) && one.at_end();
  }
  if (!ok) refuse(reader);
}

bool ProcessState::restore_group(uint32_t group, SnapshotReader& reader) {
  for (size_t s = 0; s < stores_.size(); ++s) {
    const StateDef& def = program_.states[s];
    if (def.kind == StateKind::kList) {
      if (!restore_list(s, group, reader)) return false;
    } else if (def.kind == StateKind::kMap) {
      if (!restore_map(s, group, reader)) return false;
    } else if (reader.get_u8() != 0) {
      ProcessValues::Saved saved;
      if (def.ttl.limited()) saved.stamp = reader.get_i64();
      saved.bytes = std::string(reader.get_text());
      if (!is_kept_value(saved.bytes, def.type)) return false;
      stores_[s].values->put(group, saved);
    }
  }
  for (size_t t = 0; t < program_.timers.size(); ++t) {
    const int64_t time = reader.get_i64();
    if (time != kNoTimer) timers_of(t).set(t, group, time);
  }
  return reader.ok();
}

bool ProcessState::restore_list(size_t state, uint32_t group, SnapshotReader& reader) {
  const StateDef& def = program_.states[state];
  const uint64_t count = reader.get_u64();
  KeyedLists::List list;
  for (uint64_t k = 0; k < count && reader.ok(); ++k) {
    const int64_t stamp = def.ttl.limited() ? reader.get_i64() : 0;
    list.push_back({stamp, std::string(reader.get_text())});
    if (!is_value(list.back().bytes, def.type)) return false;
  }
  stores_[state].lists->exchange(group, std::move(list));
  return reader.ok();
}

bool ProcessState::restore_map(size_t state, uint32_t group, SnapshotReader& reader) {
  const StateDef& def = program_.states[state];
  const uint64_t count = reader.get_u64();
  for (uint64_t k = 0; k < count && reader.ok(); ++k) {
    const std::string_view key = reader.get_text();
    KeyedMaps::Entry entry;
    if (def.ttl.limited()) entry.stamp = reader.get_i64();
    entry.value = std::string(reader.get_text());
    if (!is_value(key, def.key_type) || !is_value(entry.value, def.type)) return false;
    stores_[state].maps->exchange(group, key, std::move(entry));
  }
  return reader.ok();
}

}  // namespace weir
