#include "run/checkpointer.h"

#include "state/hash.h"

namespace weir {

Result<std::unique_ptr<Checkpointer>> Checkpointer::open(const Plan& plan, bool fresh) {
  auto store = CheckpointStore::open(plan.checkpoint->dir);
  if (!store) return fail(store.error());
  std::unique_ptr<Checkpointer> made(new Checkpointer(plan, std::move(*store)));
  if (fresh) {
    if (auto r = made->store_->clear(); !r) return fail(r.error());
    return made;
  }
  auto last = made->store_->load();
  if (!last) return fail(last.error());
  made->last_ = std::move(*last);
  if (!made->last_) return made;
  made->epoch_ = made->last_->epoch;
  const std::string* name = made->find("pipeline");
  if (name != nullptr && *name != plan.name)
    return fail(ErrorKind::kState,
                "the checkpoints in " + plan.checkpoint->dir + " are those of the pipeline `" +
                    *name + "`, this one is `" + plan.name + "`",
                "every pipeline needs a folder of its own; --fresh starts over in this one");
  return made;
}

Result<void> Checkpointer::save(CheckpointFile checkpoint, int64_t now_us) {
  checkpoint.epoch = ++epoch_;
  checkpoint.pipeline_id = hash_bytes(name_);
  checkpoint.sections.emplace_back("pipeline", name_);
  saved_at_us_ = now_us;
  if (auto r = store_->save(checkpoint); !r) return r;
  if (!last_) last_ = std::move(checkpoint);
  return {};
}

}  // namespace weir
