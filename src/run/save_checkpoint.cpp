#include "run/stage.h"
#include "state/spill.h"

namespace weir {

namespace {

// The thread sanitizer does not follow a process that forks with threads.
#ifdef __SANITIZE_THREAD__
constexpr bool kForks = false;
#else
constexpr bool kForks = true;
#endif

}  // namespace

Result<void> note_saved(RunState& state, bool wait) {
  if (!state.checkpointer->is_saving()) return {};
  if (auto r = state.checkpointer->look(wait); !r || state.checkpointer->is_saving()) return r;
  if (auto r = state.graph.committed(); !r) return r;
  return state.rejects.committed();
}

Result<void> save_checkpoint(RunState& state, bool at_once) {
  Checkpointer& checkpointer = *state.checkpointer;
  // What an earlier one has made certain goes out before anything is added to it.
  if (auto r = note_saved(state, true); !r) return r;
  std::vector<int> files;
  const bool background = !at_once && kForks &&
                          !(state.operators.spill && state.operators.spill->used()) &&
                          checkpointer.wants_background([&] { return state.graph.state_bytes(); });
  std::vector<int>* const later = background ? &files : nullptr;
  CheckpointFile checkpoint;
  if (auto r = state.graph.checkpoint(checkpoint, later); !r) return r;
  auto place = state.rejects.checkpoint(later);
  if (!place) return fail(place.error());
  checkpoint.add("dead_letter", std::move(*place));
  for (const auto& [section, bytes] : state.source_sections) checkpoint.add(section, bytes);
  if (auto r = checkpointer.save(std::move(checkpoint), state.graph.snapshot(),
                                 state.options.clock->now_us(), later);
      !r || background)
    return r;
  const uint64_t bad = state.rejects.count();
  if (auto r = state.graph.committed(); !r) return r;
  if (auto r = state.rejects.committed(); !r) return r;
  // Rows that were refused only now stand in the dead letters behind this checkpoint.
  return state.rejects.count() == bad ? Result<void>{} : save_checkpoint(state, true);
}

}  // namespace weir
