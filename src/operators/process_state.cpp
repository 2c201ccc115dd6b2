#include "operators/process_state.h"

#include <algorithm>

#include "data/text.h"
#include "expr/aggregates/row_codec.h"

namespace weir {

ProcessState::ProcessState(const ProcessProgram& program)
    : program_(program),
      event_timers_(program.timers.size()),
      clock_timers_(program.timers.size()) {
  if (!program.key_types.empty()) table_ = make_group_table(program.key_types, run_hash_seed());
  for (const auto& def : program.states) {
    Store store;
    switch (def.kind) {
      case StateKind::kValue:
        store.values = std::make_unique<ProcessValues>(def.type, def.fallback, def.ttl);
        break;
      case StateKind::kList: store.lists = std::make_unique<KeyedLists>(def.ttl, def.limit); break;
      case StateKind::kMap: store.maps = std::make_unique<KeyedMaps>(def.ttl); break;
    }
    stores_.push_back(std::move(store));
  }
}

void ProcessState::resize(size_t groups) {
  if (groups == groups_) return;
  for (auto& store : stores_) {
    if (store.values) store.values->resize(groups);
    if (store.lists) store.lists->resize(groups);
    if (store.maps) store.maps->resize(groups);
  }
  if (program_.has_timers(true)) event_timers_.resize(groups);
  if (program_.has_timers(false)) clock_timers_.resize(groups);
  groups_ = groups;
}

void ProcessState::find_groups(const Batch& batch, Vec<uint32_t>& groups) {
  groups.resize(batch.rows);
  if (!table_) {
    std::fill(groups.begin(), groups.end(), 0u);
    resize(1);
    return;
  }
  std::vector<ColumnPtr> keys;
  for (const size_t c : program_.key_columns) keys.push_back(batch.columns[c]);
  find_in_memory(keys, batch.rows, groups);
}

void ProcessState::find_in_memory(std::span<const ColumnPtr> keys, size_t rows,
                                  Vec<uint32_t>& groups) {
  groups.resize(rows);
  table_->find_or_add(keys, rows, groups.data());
  const size_t known = groups_;
  resize(table_->size());
  if (spilled_ && groups_ > known) load_groups(known);
}

std::vector<ColumnPtr> ProcessState::keys(std::span<const uint32_t> groups, Arena& arena) const {
  if (!table_) return {};
  auto columns = table_->keys(groups, arena);
  for (auto& column : columns) column->own_strings(arena);
  return columns;
}

std::string ProcessState::key_bytes(uint32_t group) const {
  std::string bytes;
  if (!table_) return bytes;
  Arena arena(64);
  for (const auto& column : table_->keys({&group, 1}, arena)) encode_value(*column, 0, bytes);
  return bytes;
}

std::string ProcessState::key_text(uint32_t group) const {
  std::string text;
  if (!table_) return text;
  Arena arena(64);
  for (const auto& column : table_->keys({&group, 1}, arena)) {
    text += text.empty() ? "" : ", ";
    text += column->is_null(0) ? "NULL" : text_at(*column, 0);
  }
  return text;
}

// --- reading ---

ColumnPtr ProcessState::gather(size_t state, std::span<const uint32_t> groups,
                               std::span<const int64_t> event_now, Arena& arena) {
  Store& store = stores_[state];
  Vec<int64_t> clock;
  if (!program_.states[state].event_ttl) {
    clock.assign(groups.size(), clock_us_);
    event_now = {clock.data(), clock.size()};
  }
  if (store.values) return store.values->gather(groups, event_now, arena);
  auto out = make_column(program_.states[state].column_type());
  for (size_t k = 0; k < groups.size(); ++k) {
    const auto offset = static_cast<uint32_t>(out->child(0).size());
    if (store.lists) {
      store.lists->read(groups[k], event_now[k],
                        [&](std::string_view bytes) { decode_value(bytes, out->child(0), arena); });
    } else {
      store.maps->read(groups[k], event_now[k], [&](std::string_view key, std::string_view value) {
        decode_value(key, out->child(0), arena);
        decode_value(value, out->child(1), arena);
      });
    }
    out->push<ListRef>({offset, static_cast<uint32_t>(out->child(0).size()) - offset});
  }
  return out;
}

size_t ProcessState::count(size_t state, uint32_t group, int64_t now) const {
  const Store& store = stores_[state];
  if (store.lists) return store.lists->count(group, now);
  return store.maps->count(group, now);
}

// --- writing ---

// The entry to fill with what a write replaces; nullptr while nothing can go wrong.
ProcessState::Undo* ProcessState::journal(Undo::Kind kind, size_t index, uint32_t group) {
  if (!journaling_) return nullptr;
  Undo undo{};
  undo.kind = kind;
  undo.index = index;
  undo.group = group;
  journal_.push_back(std::move(undo));
  return &journal_.back();
}

void ProcessState::set(size_t state, uint32_t group, int64_t event_now, const Column& values,
                       size_t i) {
  ProcessValues& store = *stores_[state].values;
  if (auto* undo = journal(Undo::Kind::kValue, state, group)) undo->value = store.save(group);
  store.set(group, now(state, event_now), values, i);
}

void ProcessState::append(size_t state, uint32_t group, int64_t event_now, const Column& values,
                          size_t i) {
  std::string bytes;
  encode_value(values, i, bytes);
  auto left = stores_[state].lists->append(group, now(state, event_now), std::move(bytes));
  if (auto* undo = journal(Undo::Kind::kAppend, state, group)) undo->element = std::move(left);
}

void ProcessState::put(size_t state, uint32_t group, int64_t event_now, const Column& keys,
                       const Column& values, size_t i) {
  std::string key;
  encode_value(keys, i, key);
  KeyedMaps::Entry entry{now(state, event_now), {}};
  encode_value(values, i, entry.value);
  auto before = stores_[state].maps->exchange(group, key, std::move(entry));
  if (auto* undo = journal(Undo::Kind::kEntry, state, group)) {
    undo->key = std::move(key);
    undo->entry = std::move(before);
  }
}

void ProcessState::remove(size_t state, uint32_t group, const Column& keys, size_t i) {
  std::string key;
  encode_value(keys, i, key);
  auto before = stores_[state].maps->exchange(group, key, std::nullopt);
  if (!before) return;
  if (auto* undo = journal(Undo::Kind::kEntry, state, group)) {
    undo->key = std::move(key);
    undo->entry = std::move(before);
  }
}

void ProcessState::clear(size_t state, uint32_t group) {
  Store& store = stores_[state];
  if (store.values) {
    if (auto* undo = journal(Undo::Kind::kValue, state, group))
      undo->value = store.values->save(group);
    store.values->clear(group);
  } else if (store.lists) {
    auto before = store.lists->exchange(group, KeyedLists::List{});
    if (auto* undo = journal(Undo::Kind::kList, state, group)) undo->list = std::move(before);
  } else {
    auto before = store.maps->exchange(group, KeyedMaps::MapPtr());
    if (auto* undo = journal(Undo::Kind::kMap, state, group)) undo->map = std::move(before);
  }
}

void ProcessState::set_timer(size_t timer, uint32_t group, int64_t time_us) {
  Timers& timers = timers_of(timer);
  if (auto* undo = journal(Undo::Kind::kTimer, timer, group)) undo->time = timers.at(timer, group);
  timers.set(timer, group, time_us);
}

void ProcessState::cancel_timer(size_t timer, uint32_t group) {
  Timers& timers = timers_of(timer);
  if (auto* undo = journal(Undo::Kind::kTimer, timer, group)) undo->time = timers.at(timer, group);
  timers.cancel(timer, group);
}

void ProcessState::undo(uint32_t group) {
  for (size_t k = journal_.size(); k-- > 0;) {
    Undo& undo = journal_[k];
    if (undo.group != group) continue;
    switch (undo.kind) {
      case Undo::Kind::kValue: stores_[undo.index].values->put(group, undo.value); break;
      case Undo::Kind::kAppend:
        stores_[undo.index].lists->undo_append(group, std::move(undo.element));
        break;
      case Undo::Kind::kList:
        stores_[undo.index].lists->exchange(group, std::move(undo.list));
        break;
      case Undo::Kind::kEntry:
        stores_[undo.index].maps->exchange(group, undo.key, std::move(undo.entry));
        break;
      case Undo::Kind::kMap: stores_[undo.index].maps->exchange(group, std::move(undo.map)); break;
      case Undo::Kind::kTimer: {
        Timers& timers = timers_of(undo.index);
        if (undo.time == kNoTimer) {
          timers.cancel(undo.index, group);
        } else {
          timers.set(undo.index, group, undo.time);
        }
        break;
      }
    }
    undo.group = UINT32_MAX;  // taken back
  }
}

// --- cleaning up ---

void ProcessState::clean_up(int64_t event_now, size_t work) {
  if (groups_ == 0) return;
  if (program_.has_ttl(true) || program_.has_ttl(false)) {
    // Never more than one round over the groups a call.
    sweep_credit_ += 2 * work + 16;
    for (size_t step = 0; step < groups_ && sweep_credit_ > 0; ++step) {
      if (sweep_group_ >= groups_) sweep_group_ = 0;
      const auto group = static_cast<uint32_t>(sweep_group_);
      size_t cost = 1;
      for (size_t s = 0; s < stores_.size(); ++s)
        if (stores_[s].maps && stores_[s].maps->map(group) != nullptr)
          cost += stores_[s].maps->map(group)->size() / 4;
      if (cost > sweep_credit_) break;  // a large map waits until enough work has come
      sweep_credit_ -= cost;
      ++sweep_group_;
      for (size_t s = 0; s < stores_.size(); ++s) {
        const int64_t at = now(s, event_now);
        if (stores_[s].values && stores_[s].values->ttl().limited())
          stores_[s].values->expire(group, at);
        if (stores_[s].lists) stores_[s].lists->expire(group, at);
        if (stores_[s].maps) stores_[s].maps->expire(group, at);
      }
    }
    sweep_credit_ = std::min(sweep_credit_, size_t{1} << 30);
  }
  if (table_ && groups_ >= check_dead_at_) forget_dead_keys();
  if (table_ && space_ && groups_ >= spill_at_) spill(event_now);
}

bool ProcessState::is_live(uint32_t group) const {
  for (const auto& store : stores_) {
    if (store.values && store.values->is_set(group)) return true;
    if (store.lists && !store.lists->is_empty(group)) return true;
    if (store.maps && !store.maps->is_empty(group)) return true;
  }
  for (const Timers* timers : {&event_timers_, &clock_timers_}) {
    if (timers->groups() > 0 && timers->first_due(group, kNoTimer - 1) < timers->names())
      return true;
  }
  return false;
}

void ProcessState::forget_dead_keys() {
  Vec<uint32_t> live;
  for (size_t g = 0; g < groups_; ++g)
    if (is_live(static_cast<uint32_t>(g))) live.push_back(static_cast<uint32_t>(g));
  if (live.size() * 2 > groups_) {
    check_dead_at_ = groups_ + groups_ / 2;
    return;
  }
  keep_groups({live.data(), live.size()});
  check_dead_at_ = std::max<size_t>(4096, groups_ * 3);
}

// The others are forgotten; those kept are numbered anew in this order.
void ProcessState::keep_groups(std::span<const uint32_t> kept) {
  auto table = make_group_table(program_.key_types, run_hash_seed());
  constexpr size_t kChunk = 4096;
  Vec<uint32_t> numbers(kChunk);
  for (size_t begin = 0; begin < kept.size(); begin += kChunk) {
    const size_t n = std::min(kChunk, kept.size() - begin);
    Arena arena;
    table->find_or_add(table_->keys(kept.subspan(begin, n), arena), n, numbers.data());
  }
  table_ = std::move(table);
  for (auto& store : stores_) {
    if (store.values) store.values->keep(kept);
    if (store.lists) store.lists->keep(kept);
    if (store.maps) store.maps->keep(kept);
  }
  if (event_timers_.groups() > 0) event_timers_.keep(kept);
  if (clock_timers_.groups() > 0) clock_timers_.keep(kept);
  groups_ = kept.size();
  sweep_group_ = 0;
}

size_t ProcessState::memory_bytes() const {
  size_t total = event_timers_.memory_bytes() + clock_timers_.memory_bytes();
  if (table_) total += table_->memory_bytes();
  for (const auto& store : stores_) {
    if (store.values) total += store.values->memory_bytes();
    if (store.lists) total += store.lists->memory_bytes();
    if (store.maps) total += store.maps->memory_bytes();
  }
  return total;
}

}  // namespace weir
