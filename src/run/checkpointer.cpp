#include "run/checkpointer.h"

#include "state/hash.h"
#include "state/step_section.h"

namespace weir {

namespace {

constexpr uint64_t kBackgroundBytes = uint64_t{32} << 20;  // some 50 ms of writing

}  // namespace

Result<std::unique_ptr<Checkpointer>> Checkpointer::open(const Plan& plan,
                                                         const RunOptions& options) {
  auto store =
      CheckpointStore::open(plan.checkpoint->dir, options.wait_for_lock_us, options.stop_signal);
  if (!store) return fail(store.error());
  std::unique_ptr<Checkpointer> made(new Checkpointer(plan, std::move(*store)));
  if (options.fresh) {
    if (auto r = made->store_->clear(); !r) return fail(r.error());
    return made;
  }
  auto last = made->store_->load();
  if (!last) return fail(last.error());
  made->last_ = std::move(*last);
  if (!made->last_) {
    if (options.reset_steps.empty()) return made;
    return fail(ErrorKind::kState, "there is no checkpoint in " + plan.checkpoint->dir +
                                       ", so no state of `" + options.reset_steps.front() + "`");
  }
  made->epoch_ = made->last_->epoch;
  const auto name = made->find("pipeline");
  if (name && *name != plan.name)
    return fail(ErrorKind::kState,
                "the checkpoints in " + plan.checkpoint->dir + " are those of the pipeline `" +
                    *name + "`, this one is `" + plan.name + "`",
                "every pipeline needs a folder of its own; --fresh starts over in this one");
  for (const auto& step : options.reset_steps)
    if (auto r = reset_step(*made->last_, step); !r) return fail(r.error());
  return made;
}

std::optional<std::string> Checkpointer::find(std::string_view section) const {
  if (!last_) return std::nullopt;
  const auto bytes = last_->find(section);
  return bytes ? std::optional<std::string>(*bytes) : std::nullopt;
}

bool Checkpointer::wants_background(const std::function<uint64_t()>& state_bytes) const {
  return store_->saved_bytes() >= kBackgroundBytes || state_bytes() >= kBackgroundBytes;
}

Result<void> Checkpointer::save(CheckpointFile checkpoint, const CheckpointStore::Fill& steps,
                                int64_t now_us, const std::vector<int>* files) {
  if (auto r = look(true); !r) return r;
  if (!checkpoint.find("pipeline")) checkpoint.add("pipeline", name_);
  saved_at_us_ = now_us;
  const uint64_t id = hash_bytes(name_);
  const auto fill = [&](CheckpointWriter& writer) {
    for (const auto& section : checkpoint.sections) writer.add(section.name, section.bytes);
    steps(writer);
  };
  ++epoch_;
  return files == nullptr ? store_->save(epoch_, id, fill)
                          : store_->start_saving(epoch_, id, fill, *files);
}

}  // namespace weir
