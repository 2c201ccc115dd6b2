// Compares the windows of the program with naive_windows.h on random pipelines and inputs.
//
//   windows_reference FIRST COUNT     seeds FIRST .. FIRST + COUNT - 1
//
// Every seed draws a pipeline and an input: disordered, with ties and times before 1970. The plan runs in
// this process at parallelism 1 and 3 and with blocks of 64 bytes up to the default; rows, and the late
// records with their number, must be those of the naive implementation. A seed that fails prints the
// pipeline, the input, and both outcomes.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "config/spec.h"
#include "naive_windows.h"
#include "plan/plan.h"
#include "run/run.h"

namespace {

namespace fs = std::filesystem;
using naive::Evict;
using naive::Kind;
using naive::Record;
using naive::Setup;
using naive::Trigger;

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}
  int64_t between(int64_t low, int64_t high) {  // inclusive
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
  }
  bool once_in(int64_t n) { return between(1, n) == 1; }

 private:
  std::mt19937_64 random_;
};

Setup draw_setup(Draw& draw) {
  Setup s;
  s.kind = static_cast<Kind>(draw.between(0, 6));
  s.size = draw.between(1, 40);
  s.slide = draw.between(1, 40);
  if (s.kind == Kind::kSliding) s.slide = draw.between(1, s.size + 5);
  if (s.kind == Kind::kCumulate) {
    s.slide = draw.between(1, 12);
    s.size = s.slide * draw.between(1, 5);
  }
  if (s.kind == Kind::kCount) {
    s.size = draw.between(1, 8);
    s.slide = draw.once_in(2) ? s.size : draw.between(1, 10);
    s.full = draw.once_in(2);
    s.partial = draw.once_in(2);
  }
  const int64_t step = s.kind == Kind::kSliding ? s.slide : s.size;
  if (draw.once_in(2) && s.kind <= Kind::kCumulate) s.offset = draw.between(1 - step, step - 1);
  if (draw.once_in(2)) s.out_of_orderness = draw.between(0, 25);
  const bool timed = s.kind != Kind::kCount && s.kind != Kind::kGlobal;
  if (timed && draw.once_in(2)) s.lateness = draw.between(1, 30);
  s.filtered = draw.once_in(3);
  s.keys = static_cast<int>(draw.between(0, 2));
  s.reduce = draw.once_in(4);
  s.spelt_out = s.kind != Kind::kCount && draw.once_in(2);
  if (s.kind == Kind::kCount || draw.once_in(2)) return s;
  s.trigger = static_cast<Trigger>(draw.between(0, 5));
  if (s.trigger == Trigger::kDelta && (s.kind == Kind::kSession || s.kind == Kind::kDynamicSession))
    s.trigger = Trigger::kCount;
  s.trigger_limit = draw.between(1, 12);
  s.purge = draw.once_in(3);
  if (draw.once_in(2)) return s;
  s.evict = static_cast<Evict>(draw.between(0, 3));
  s.evict_limit = draw.between(1, 8);
  s.evict_after = draw.once_in(2);
  return s;
}

std::vector<Record> draw_records(Draw& draw) {
  std::vector<Record> records;
  int64_t now = draw.between(-60, 20);
  const int64_t disorder = draw.once_in(3) ? 0 : draw.between(1, 30);
  const int64_t stride = draw.between(0, 6);
  const int64_t keys = draw.between(1, 4);
  const int64_t n = draw.between(1, 60);
  for (int64_t id = 1; id <= n; ++id) {
    now += draw.once_in(12) ? draw.between(20, 120) : draw.between(0, stride);
    Record r;
    r.time = now - draw.between(0, disorder);
    r.k = std::string(1, static_cast<char>('a' + draw.between(0, keys - 1)));
    r.j = draw.between(0, 1);
    r.v = draw.between(0, 9);
    r.id = id;
    r.gap = draw.between(1, 20);
    records.push_back(r);
  }
  return records;
}

std::string ms(int64_t n) { return "\"" + std::to_string(n) + "ms\""; }

std::string trigger_text(const Setup& s) {
  const std::string limit = std::to_string(s.trigger_limit);
  std::string text;
  switch (s.trigger) {
    case Trigger::kDefault:
      // Spelt out, the default is served by the windows of single records.
      if (!s.purge && !s.spelt_out) return {};
      text = "type = \"on_close\"";
      break;
    case Trigger::kCount: text = "type = \"count\", n = " + limit; break;
    case Trigger::kContinuous:
      text = "type = \"continuous\", every = " + ms(s.trigger_limit);
      break;
    case Trigger::kDelta: text = "type = \"delta\", of = \"v\", threshold = " + limit; break;
    case Trigger::kNever: text = "type = \"never\""; break;
    case Trigger::kEnd: text = "type = \"end\""; break;
  }
  return "trigger = { " + text + (s.purge ? ", purge = true }\n" : " }\n");
}

std::string evict_text(const Setup& s) {
  const std::string limit = std::to_string(s.evict_limit);
  std::string text;
  switch (s.evict) {
    case Evict::kNone: return {};
    case Evict::kCount: text = "type = \"count\", keep = " + limit; break;
    case Evict::kTime: text = "type = \"time\", keep = " + ms(s.evict_limit); break;
    case Evict::kDelta: text = "type = \"delta\", of = \"v\", threshold = " + limit; break;
  }
  return "evict = { " + text + (s.evict_after ? ", when = \"after\" }\n" : " }\n");
}

std::string window_text(const Setup& s) {
  std::string text = "[window]\n";
  const std::string offset = s.offset == 0 ? "" : "offset = " + ms(s.offset) + "\n";
  switch (s.kind) {
    case Kind::kTumbling:
      text += "type = \"tumbling\"\nsize = " + ms(s.size) + "\n" + offset;
      break;
    case Kind::kSliding:
      text +=
          "type = \"sliding\"\nsize = " + ms(s.size) + "\nslide = " + ms(s.slide) + "\n" + offset;
      break;
    case Kind::kCumulate:
      text +=
          "type = \"cumulate\"\nsize = " + ms(s.size) + "\nstep = " + ms(s.slide) + "\n" + offset;
      break;
    case Kind::kSession: text += "type = \"session\"\ngap = " + ms(s.slide) + "\n"; break;
    case Kind::kDynamicSession: text += "type = \"session\"\ngap = \"gap + 0\"\n"; break;
    case Kind::kGlobal: text += "type = \"global\"\n"; break;
    case Kind::kCount:
      text += "type = \"count\"\nsize = " + std::to_string(s.size) + "\n";
      if (s.slide != s.size) text += "slide = " + std::to_string(s.slide) + "\n";
      if (s.full) text += "full = true\n";
      if (s.partial) text += "emit_partial = true\n";
  }
  if (s.lateness > 0) text += "allowed_lateness = " + ms(s.lateness) + "\n";
  if (s.keys == 1) text += "key_by = [\"k\"]\n";
  if (s.keys == 2) text += "key_by = [\"k\", \"j\"]\n";
  text += s.reduce ? "reduce = { v = \"MOD(a.v * 3 + b.v, 1000)\", id = \"b.id\" }\n"
                   : "aggregate = { ids = \"LISTAGG(CAST(id AS STRING), '.')\", n = \"COUNT(*)\", "
                     "s = \"SUM(v)\", m = \"MAX(v)\", f = \"FIRST_VALUE(v)\" }\n";
  return text + trigger_text(s) + evict_text(s);
}

struct Outcome {
  std::string rows;
  std::string late;
  uint64_t late_count = 0;
  std::string problem;
  bool operator==(const Outcome&) const = default;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class Comparison {
 public:
  Comparison() {
    char pattern[] = "/tmp/weir-reference-XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  ~Comparison() { fs::remove_all(folder_); }

  bool holds(uint64_t seed) {
    Draw draw(seed);
    const Setup setup = draw_setup(draw);
    const std::vector<Record> records = draw_records(draw);
    const naive::Outcome reference = naive::run(setup, records);
    Outcome expected;
    for (const auto& row : reference.rows) expected.rows += row + "\n";
    expected.late_count = reference.late.size();
    const bool timed = setup.kind != Kind::kCount && setup.kind != Kind::kGlobal;
    const bool with_late = timed && draw.once_in(2);
    if (with_late) {
      for (const int64_t id : reference.late) expected.late += std::to_string(id) + "\n";
    }

    std::string input;
    for (const auto& r : records)
      input += std::to_string(r.time) + "," + r.k + "," + std::to_string(r.j) + "," +
               std::to_string(r.v) + "," + std::to_string(r.id) + "," + std::to_string(r.gap) +
               "\n";
    std::ofstream(folder_ / "in.csv", std::ios::binary) << input;

    for (const int parallelism : {1, 3}) {
      for (const char* block : {"64", "200", "0"}) {
        const std::string text = pipeline(setup, with_late, parallelism, block);
        if (!gives(expected, seed, text, input, with_late, {})) return false;
      }
    }
    // Between any two blocks all state goes to the disk.
    weir::RunOptions spilling;
    spilling.state_limit_bytes = 0;
    return gives(expected, seed, pipeline(setup, with_late, 1, "64"), input, with_late, spilling);
  }

 private:
  bool gives(const Outcome& expected, uint64_t seed, const std::string& text,
             const std::string& input, bool with_late, const weir::RunOptions& options) {
    const Outcome got = run(text, with_late, options);
    if (got == expected) return true;
    std::printf("FAIL seed %llu%s\n--- pipeline\n%s\n--- input (t,k,j,v,id,gap)\n%s",
                static_cast<unsigned long long>(seed),
                options.state_limit_bytes ? ", with state on the disk" : "", text.c_str(),
                input.c_str());
    show("expected", expected);
    show("got", got);
    return false;
  }

  std::string pipeline(const Setup& s, bool with_late, int parallelism, const char* block) const {
    std::string text = "[source]\ntype = \"file\"\npath = \"" + (folder_ / "in.csv").string() +
                       "\"\nformat = { name = \"csv\", header = false }\n[source.schema]\nt = "
                       "\"BIGINT\"\nk = \"STRING\"\nj = \"BIGINT\"\nv = \"BIGINT\"\nid = "
                       "\"BIGINT\"\ngap = \"BIGINT\"\n[source.event_time]\ncolumn = \"t\"\nformat "
                       "= \"epoch_ms\"\nmax_out_of_orderness = " +
                       ms(s.out_of_orderness) + "\n";
    if (s.filtered) text += "[[transform]]\nop = \"filter\"\nwhere = \"v <> 3\"\n";
    text += window_text(s);
    text += "[sink]\ntype = \"file\"\npath = \"" + (folder_ / "out").string() +
            "\"\nformat = \"print\"\n";
    if (with_late)
      text += "[late]\ntype = \"file\"\npath = \"" + (folder_ / "late").string() +
              "\"\nformat = \"csv\"\n";
    text += "[runtime]\nparallelism = " + std::to_string(parallelism) + "\npin = false\n";
    if (std::string(block) != "0") text += "block_size = \"" + std::string(block) + "\"\n";
    return text;
  }

  Outcome run(const std::string& pipeline, bool with_late, const weir::RunOptions& options) {
    fs::remove(folder_ / "out");
    fs::remove(folder_ / "late");
    Outcome outcome;
    weir::PipelineText text;
    text.fragments = {pipeline};
    const auto spec = weir::read_pipeline(text);
    if (!spec) return problem(spec.error());
    weir::PlanContext context;
    context.usable_cores = 2;
    const auto plan = weir::make_plan(*spec, context);
    if (!plan) return problem(plan.error());
    const weir::RunResult result = weir::run_plan(**plan, options);
    if (result.error) outcome.problem = weir::format_error(*result.error);
    outcome.rows = read_file(folder_ / "out");
    outcome.late_count = result.stats.late;
    if (with_late) outcome.late = ids_of(read_file(folder_ / "late"));
    return outcome;
  }

  static Outcome problem(const weir::Errors& errors) {
    Outcome outcome;
    for (const auto& error : errors) outcome.problem += weir::format_error(error);
    return outcome;
  }

  // The ids of late records: the fifth column.
  static std::string ids_of(const std::string& csv) {
    std::istringstream lines(csv);
    std::string line;
    std::string ids;
    bool header = true;
    while (std::getline(lines, line)) {
      if (std::exchange(header, false)) continue;
      std::istringstream fields(line);
      std::string field;
      for (int i = 0; i < 5; ++i) std::getline(fields, field, ',');
      ids += field + "\n";
    }
    return ids;
  }

  static void show(const char* what, const Outcome& outcome) {
    std::printf("--- %s: %llu late\n%s", what, static_cast<unsigned long long>(outcome.late_count),
                outcome.rows.c_str());
    if (!outcome.late.empty()) std::printf("--- late ids\n%s", outcome.late.c_str());
    if (!outcome.problem.empty()) std::printf("--- problem\n%s\n", outcome.problem.c_str());
  }

  fs::path folder_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: windows_reference FIRST COUNT\n");
    return 2;
  }
  const uint64_t first = std::strtoull(argv[1], nullptr, 10);
  const uint64_t count = std::strtoull(argv[2], nullptr, 10);
  Comparison comparison;
  uint64_t failed = 0;
  for (uint64_t seed = first; seed < first + count && failed < 5; ++seed) {
    if (!comparison.holds(seed)) ++failed;
  }
  std::printf("%llu seeds, %llu failed\n", static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
