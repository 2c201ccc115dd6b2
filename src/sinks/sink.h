// The contract of sinks.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/options.h"
#include "config/spec.h"
#include "data/batch.h"
#include "data/schema.h"
#include "formats/format.h"

namespace weir {

// A sink at work; the ordered stage is its only caller. Bytes come encoded (by encoders that ran in
// parallel) for sinks with a format, as batches for the others.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<void> write(const Batch& batch, std::string_view encoded) = 0;
  virtual Result<void> flush() = 0;  // called when the input pauses
  // Makes all that was written so far last; gives what SinkPlan::resume needs to go on behind it.
  virtual Result<std::string> checkpoint() {
    return fail(ErrorKind::kInternal, "this sink has no checkpoints");
  }
  // From now on checkpoint() need not sync: it adds the descriptors that are to be synced before the position
  // counts. nullptr: it syncs by itself, as a sink does that does not know this.
  virtual void sync_later(std::vector<int>* files) { (void)files; }
  // The checkpoint that holds what checkpoint() gave last is on disk: rows that waited for it go out now.
  virtual Result<void> committed() { return {}; }
  // True if so much waits for the next checkpoint that it is due at once.
  virtual bool wants_checkpoint() const { return false; }
  // Rows that the other side has refused since the last call; only with SinkContext::keep_refused.
  virtual std::vector<Reject> take_refused() { return {}; }
  virtual Result<void> commit() = 0;  // the run succeeded; the last call
  virtual void abort() = 0;  // the run failed; what was not committed is taken back if possible
  virtual bool closed_pipe() const { return false; }
  // The output was renamed (log rotation): goes on in the file that has its path now. True if that is a new
  // one, so that the format's header is due. False where there is nothing to do.
  virtual Result<bool> reopen() { return false; }
  virtual bool can_reopen() const { return false; }
  // True if rows go behind others that are there already: no header then.
  virtual bool continues() const { return false; }
  virtual uint64_t bytes_written() const { return 0; }
};

// What a sink promises of runs with a checkpoint folder.
enum class Delivery { kNone, kAtLeastOnce, kExactlyOnce };

class SinkPlan {
 public:
  virtual ~SinkPlan() = default;
  // nullptr: the sink takes batches.
  virtual const Format* format() const = 0;
  virtual EncodeOptions encode_options() const { return {}; }
  virtual bool needs_columns() const { return true; }  // blackhole: false
  // True if rows that take others back may come.
  virtual bool takes_changelog() const { return format() != nullptr && format()->shows_kinds(); }
  virtual std::string explain() const = 0;  // "stdout: json"
  virtual Result<std::unique_ptr<Sink>> open() const = 0;
  // kNone: it cannot be used with checkpoints.
  virtual Delivery delivery() const { return Delivery::kNone; }
  // For runs with checkpoints: where a first run begins (an output that is in the way is refused here), and
  // going on behind a position of Sink::checkpoint. A sink that has become another one begins anew.
  struct Place {
    std::string position;
    bool fresh = true;   // nothing is there yet: the format's header is due
    bool moved = false;  // not where the position says: a checkpoint is due before rows are written
  };
  virtual Result<Place> begin() const { return Place{}; }
  // The same under --fresh: what earlier runs have left of their positions is forgotten.
  virtual Result<Place> begin_anew() const { return begin(); }
  virtual Result<Place> find(const std::string& position) const { return Place{position, false}; }
  virtual Result<std::unique_ptr<Sink>> resume(const Place& place) const {
    (void)place;
    return open();
  }
};

struct SinkContext {
  const TimeZone* zone = utc();
  std::string timezone = "UTC";
  std::vector<std::string> input_paths;  // refused as outputs
  bool color = false;
  bool changelog = false;  // rows may take others back
  std::string pipeline;    // its name, for sinks that keep their place on the other side
  bool keep_refused =
      false;  // rows that the other side refuses are bad records; else the run fails
};

struct SinkDescriptor {
  std::string_view name;  // value of `type`
  std::string_view doc;
  std::vector<OptionDoc> (*options)();
  std::unique_ptr<SinkPlan> (*bind)(const SinkSpec& spec, const Schema& schema,
                                    const SinkContext& context, Errors& errors);
};

std::span<const SinkDescriptor* const> sinks();
const SinkDescriptor* find_sink(std::string_view name);

}  // namespace weir
