// The contract of sources.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/options.h"
#include "config/spec.h"
#include "data/batch.h"
#include "formats/format.h"
#include "io/feed.h"

namespace weir {

// A piece of input in order: a block of bytes to decode, or a ready batch, or an error in its place.
struct SourceItem {
  Block block;
  std::optional<Batch> batch;
  std::optional<Error> error;
};

// A source at work. claim is called by all workers at once.
class Source {
 public:
  virtual ~Source() = default;
  virtual bool claim(SourceItem& item) = 0;  // false at the end; sequences from 0 without gaps
  virtual void stop() = 0;                   // thread-safe; claim returns false soon after
  // For resumable sources, by the ordered stage: everything up to the end of this block is done, and what
  // SourcePlan::resume needs to go on behind it.
  virtual void consumed(const BlockOrigin& block) { (void)block; }
  virtual Result<std::string> position() const { return std::string(); }
  // Partitions that have records of which none was given yet, where that is known: event time waits for them.
  // Thread-safe.
  virtual std::vector<uint32_t> awaited() const { return {}; }
  virtual uint64_t bytes_done() const { return 0; }
  virtual uint64_t bytes_total() const { return 0; }
  // What a user may want to know of the run, a line; called at its end.
  virtual std::string summary() const { return {}; }
  // What of the input it has left for a later run, unasked; empty: nothing. Called at the end.
  virtual std::string warning() const { return {}; }
};

// A bound source: checked, schema known, nothing opened for good.
class SourcePlan {
 public:
  virtual ~SourcePlan() = default;
  virtual const Schema& schema() const = 0;
  virtual bool bounded() const = 0;
  // The format that decodes its blocks; nullptr if it gives batches.
  virtual const Format* format() const = 0;
  virtual std::string explain() const = 0;  // "file: logs/access.log (1.2 GB), combined"
  // The name of a partition for messages: a path, "stdin".
  virtual std::string partition_name(uint32_t partition) const = 0;
  // True if its partitions come side by side, so that each has a watermark of its own.
  virtual bool partitioned() const { return false; }
  // True if a partition has the same number in the next run.
  virtual bool partitions_last() const { return true; }
  // The files it reads, if any: they are refused as outputs.
  virtual std::vector<std::string> paths() const { return {}; }
  virtual Result<std::unique_ptr<Source>> open(const FeedOptions& options) const = 0;
  // True if a later run can go on where one stopped.
  virtual bool resumable() const { return false; }
  // Goes on at `position` (of Source::position), or, in a first run (nullptr), at the start.
  virtual Result<std::unique_ptr<Source>> resume(const FeedOptions& options,
                                                 const std::string* position,
                                                 std::vector<std::string>& warnings) const {
    (void)position;
    (void)warnings;
    return open(options);
  }
};

struct SourceContext {
  const TimeZone* zone = utc();
  int64_t now_us = 0;
  bool sample = true;  // false: `check` without touching the input; schemas may then be empty
  bool connections =
      false;  // records come over connections: what says where one ends may be of another form
};

struct SourceDescriptor {
  std::string_view name;  // value of `type`
  std::string_view doc;
  std::vector<OptionDoc> (*options)();
  // Problems go to `errors`; nullptr then.
  std::unique_ptr<SourcePlan> (*bind)(const SourceSpec& spec, const SourceContext& context,
                                      Errors& errors);
};

// Ends a bind that waits for the head of a pipe, with an error. For signal handlers: async-signal-safe.
void interrupt_sampling();

std::span<const SourceDescriptor* const> sources();
const SourceDescriptor* find_source(std::string_view name);

// Makes the format a source's spec names; when none is named and `sample` is given, by sniffing it.
// Infers the schema from the sample where the format needs it.
std::unique_ptr<Format> make_source_format(const SourceSpec& spec, const SourceContext& context,
                                           std::string_view sample, bool whole,
                                           int64_t reference_us, Errors& errors);

}  // namespace weir
