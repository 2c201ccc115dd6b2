// Windows as Flink defines them, one record at a time, in the plainest form: straight loops over a list
// of windows that keep their records. Nothing here is shared with src/windows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace naive {

// Times in milliseconds.
struct Record {
  int64_t time = 0;
  std::string k;
  int64_t j = 0;
  int64_t v = 0;
  int64_t id = 0;
  int64_t gap = 0;  // the session's gap, where the records say it
};

enum class Kind { kTumbling, kSliding, kCumulate, kSession, kDynamicSession, kCount, kGlobal };
enum class Trigger { kDefault, kCount, kContinuous, kDelta, kNever, kEnd };
enum class Evict { kNone, kCount, kTime, kDelta };

struct Setup {
  Kind kind = Kind::kTumbling;
  int64_t size = 10;
  int64_t slide = 10;  // or the step, or the gap
  int64_t offset = 0;
  int64_t lateness = 0;
  int64_t out_of_orderness = 0;
  bool filtered = false;  // records with v = 3 only move the watermark
  int keys = 1;           // none, k, or k and j
  bool full = false;      // count windows
  bool partial = false;
  Trigger trigger = Trigger::kDefault;
  int64_t trigger_limit = 1;  // n, interval or threshold
  bool spelt_out = false;  // the default trigger is written down: only the pipeline's text shows it
  bool purge = false;
  Evict evict = Evict::kNone;
  int64_t evict_limit = 1;
  bool evict_after = false;
  bool reduce = false;  // v = a.v * 3 + b.v, id = b.id; else LISTAGG of ids, SUM, MAX, FIRST_VALUE
};

struct Outcome {
  std::vector<std::string> rows;  // as the format `print` shows them
  std::vector<int64_t> late;      // ids, as they came
};

Outcome run(const Setup& setup, const std::vector<Record>& records);

}  // namespace naive
