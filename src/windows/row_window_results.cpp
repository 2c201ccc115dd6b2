// What triggers say, and the results that follow from it.

#include <algorithm>

#include "windows/row_window_operator.h"

namespace weir {

void RowWindow::apply(uint32_t pane, TriggerResult result, Emitter& out) {
  if (fires(result) && panes_[pane].filled) add_due(pane, out);
  if (purges(result)) {
    finish(pane, Then::kClear);
    panes_[pane].filled = false;
    panes_[pane].changed = false;
    panes_[pane].fired = false;
  }
}

void RowWindow::add_due(uint32_t pane, Emitter& out) {
  if (panes_[pane].due) flush_results(out);
  due_.push_back({pane, Then::kKeep});
  panes_[pane].due = true;
  panes_[pane].changed = false;
}

void RowWindow::finish(uint32_t pane, Then then) {
  if (panes_[pane].due) {
    // Nearly always it is the last one.
    size_t i = due_.size() - 1;
    while (due_[i].pane != pane) --i;
    due_[i].then = std::max(due_[i].then, then);
    return;
  }
  flush_rows();
  contents_->clear(pane);
  if (then == Then::kDrop) {
    updates_.forget(pane);
    panes_.release(pane);
  }
}

void RowWindow::drop(uint32_t pane) {
  panes_.close(pane);
  finish(pane, Then::kDrop);
}

void RowWindow::flush_results(Emitter& out) {
  if (due_.empty()) return;
  flush_rows();
  given_.clear();
  given_keys_.clear();
  for (const auto& due : due_) {
    panes_[due.pane].due = false;
    if (!contents_->prepare(due.pane)) continue;
    given_.push_back(due.pane);
    given_keys_.push_back(panes_[due.pane].key);
  }
  if (!given_.empty()) give_results(out);
  for (const auto& due : due_) {
    if (due.then == Then::kKeep) {
      panes_[due.pane].filled = contents_->fired(due.pane);
    } else {
      contents_->clear(due.pane);
    }
    if (due.then != Then::kDrop) continue;
    updates_.forget(due.pane);
    panes_.release(due.pane);
  }
  due_.clear();
}

void RowWindow::give_results(Emitter& out) {
  auto arena = std::make_shared<Arena>();
  Batch rows = contents_->result(keys_.columns({given_keys_.data(), given_keys_.size()}, *arena),
                                 {given_.data(), given_.size()}, updates_.eval());
  rows.keep(std::move(arena));
  windows_given_.clear();
  updates_given_.clear();
  for (const uint32_t pane : given_) {
    Pane& p = panes_[pane];
    windows_given_.push_back(p.window);
    updates_given_.push_back(p.fired ? 1 : 0);
    ++fired_;
    refired_ += p.fired ? 1 : 0;
  }
  // A purged pane's next result updates nothing.
  for (const auto& due : due_) panes_[due.pane].fired = due.then == Then::kKeep;
  const std::span<const WindowBounds> windows(windows_given_.data(), windows_given_.size());
  Batch given = rules_.early_us > 0
                    ? updates_.changes(std::move(rows), {given_.data(), given_.size()}, windows)
                    : updates_.results(std::move(rows), windows,
                                       {updates_given_.data(), updates_given_.size()});
  if (shown_ != kMinTime) out.advance(shown_);
  out.emit(std::move(given));
}

void RowWindow::retract(uint32_t pane, Emitter& out) {
  const uint32_t key = panes_[pane].key;
  auto arena = std::make_shared<Arena>();
  auto keys = keys_.columns({&key, 1}, *arena);
  Batch gone = updates_.deletion(pane, std::move(keys));
  if (gone.rows == 0) return;
  gone.keep(std::move(arena));
  if (shown_ != kMinTime) out.advance(shown_);
  out.emit(std::move(gone));
}

}  // namespace weir
