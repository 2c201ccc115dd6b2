// Damages the newest checkpoint in every way, and looks whether the next run notices:
//
//   B14   one bit at each of 200 places
//   B15   cut to each of 200 lengths
//   B16   zeros, random bytes, nothing, another pipeline's, in its place; all of them damaged
//   L7    an output that was edited, cut, replaced or removed between two runs
//   M1    a step that has changed; M6 a newer format
//
//   damaged_checkpoints WEIR FOLDER [PLACES]

#include <cstdlib>

#include "bench.h"

using namespace faults;

namespace {

const Pipeline& windows() { return pipelines()[2]; }

class Damage {
 public:
  explicit Damage(Bench& bench) : bench_(bench) {}

  bool prepare() {
    const std::string log = make_log(1, 600);
    if (!bench_.make_reference(windows(), log)) return false;
    write_file(bench_.path("in.csv"), "");
    // Several checkpoints, so that there is one to fall back to.
    const size_t part = log.size() / 4;
    for (int i = 0; i < 4; ++i) {
      write_file(bench_.path("in.csv"),
                 log.substr(part * static_cast<size_t>(i), i == 3 ? std::string::npos : part),
                 true);
      if (i < 3 && bench_.run({"--set", "checkpoint.interval='1h'"}) != 0) {
        fail("no state to damage: " + bench_.errors());
        return false;
      }
    }
    fs::create_directory(bench_.path("saved"));
    fs::copy(bench_.path("state"), bench_.path("saved/state"), fs::copy_options::recursive);
    fs::copy_file(bench_.path(output()), bench_.path("saved/output"));
    newest_ = read_file(newest());
    return true;
  }

  void each_bit(size_t places) {
    size_t good = 0;
    for (size_t i = 0; i < places; ++i) {
      const size_t at = newest_.size() * i / places;
      std::string bytes = newest_;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (i % 8)));
      good += falls_back("B14 a bit at byte " + std::to_string(at), bytes) ? 1 : 0;
    }
    told("B14 one bit changed", good, places);
  }
  void each_length(size_t places) {
    size_t good = 0;
    for (size_t i = 0; i < places; ++i) {
      const size_t length = newest_.size() * i / places;
      good += falls_back("B15 cut to " + std::to_string(length), newest_.substr(0, length)) ? 1 : 0;
    }
    told("B15 cut short", good, places);
  }
  void other_contents() {
    std::mt19937 random(3);
    std::string noise(4096, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    size_t good = 0;
    for (const std::string& bytes : {std::string(), std::string(4096, '\0'), noise})
      good += falls_back("B16 something else", bytes) ? 1 : 0;
    told("B16 something else in its place", good, 3);

    begin();
    for (const auto& entry : fs::directory_iterator(bench_.path("state")))
      if (is_checkpoint(entry.path())) write_file(entry.path(), noise);
    expect("B16 all of them damaged", 4, "is not a checkpoint", {"--drain"});
    expect("B16 and then started over", 0, "",
           {"--drain", "--fresh", "--set", "sink.path='n.csv'"});
    begin();
    expect("B16 another pipeline's folder", 4, "faults", {"--set", "name='another'"});
    begin();
    std::string newer = newest_;
    newer[8] = newer[12] = 99;
    write_file(newest(), newer);
    expect("M6 a newer format", 4, "format 99", {});
  }
  void changed_steps() {
    begin();
    expect("M1 another window", 4, "the step is now", {"--set", "window.size='2m'"});
    expect("M1 another key", 4, "the step is now", {"--set", "window.key_by=[]"});
    expect("M1 without its state", 0, "",
           {"--drain", "--set", "window.size='2m'", "--reset-step", "tumbling window 1"});
  }
  void changed_outputs() {
    const std::string written = read_file(bench_.path("saved/output"));
    begin();
    std::string edited = written;
    edited[edited.size() / 2] = static_cast<char>(edited[edited.size() / 2] ^ 1);
    write_file(bench_.path(output()), edited);
    expect("L7 edited", 4, "holds other bytes", {});
    begin();
    write_file(bench_.path(output()), written.substr(0, written.size() - 1));
    expect("L7 cut", 4, "the last checkpoint knows", {});
    begin();
    fs::rename(bench_.path(output()), bench_.path("saved/aside"));
    expect("L7 removed", 4, "is gone", {});
    if (fs::exists(bench_.path(output()))) fail("L7 removed: something was written");
    write_file(bench_.path(output()), "another");
    expect("L7 replaced", 4, "another file", {});
    if (read_file(bench_.path(output())) != "another") fail("L7 replaced: it was overwritten");
    // A copy is as good as the file itself, here put back from a backup.
    begin();
    fs::rename(bench_.path(output()), bench_.path("saved/aside"));
    fs::copy_file(bench_.path("saved/aside"), bench_.path(output()));
    expect("L7 restored", 0, "", {"--drain"});
    if (bench_.same_output(windows(), "L7 restored")) pass();
  }

 private:
  static const std::string& output() { return windows().outputs[0]; }
  static bool is_checkpoint(const fs::path& path) {
    return path.filename().string().starts_with("ckpt-");
  }
  fs::path newest() const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(bench_.path("state")))
      if (is_checkpoint(entry.path()) && entry.path() > found) found = entry.path();
    return found;
  }
  void begin() const {
    fs::remove_all(bench_.path("state"));
    fs::copy(bench_.path("saved/state"), bench_.path("state"), fs::copy_options::recursive);
    // In place, so that it stays the same file.
    if (!fs::exists(bench_.path(output())) || read_file(bench_.path(output())) == "another") {
      fs::remove(bench_.path(output()));
      if (fs::exists(bench_.path("saved/aside")))
        fs::rename(bench_.path("saved/aside"), bench_.path(output()));
    }
    write_file(bench_.path(output()), read_file(bench_.path("saved/output")));
  }

  bool falls_back(const std::string& what, const std::string& bytes) {
    begin();
    write_file(newest(), bytes);
    const int rc = bench_.run({"--drain"});
    if (rc == 4) return true;  // said and refused
    if (rc != 0) {
      fail(what + ": exit " + std::to_string(rc) + " " + bench_.errors());
      return false;
    }
    return bench_.same_output(windows(), what);
  }
  void told(const std::string& what, size_t good, size_t of) {
    report(what + ": " + std::to_string(good) + " of " + std::to_string(of) +
           " noticed, and made good from the one before");
    pass(good);
  }
  void expect(const std::string& what, int code, const std::string& text,
              const std::vector<std::string>& args) {
    const int rc = bench_.run(args);
    if (rc != code)
      return fail(what + ": exit " + std::to_string(rc) + ", expected " + std::to_string(code) +
                  ": " + bench_.errors());
    if (bench_.errors().find(text) == std::string::npos)
      return fail(what + ": no `" + text + "` in: " + bench_.errors());
    report(what + ": exit " + std::to_string(rc));
    pass();
  }

  Bench& bench_;
  std::string newest_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const size_t places = argc > 3 ? static_cast<size_t>(std::atoi(argv[3])) : 200;
  Bench bench(argv[1], argv[2]);
  Damage damage(bench);
  if (damage.prepare()) {
    damage.each_bit(places);
    damage.each_length(places);
    damage.other_contents();
    damage.changed_steps();
    damage.changed_outputs();
  }
  const int code = finish();
  if (code == 0) fs::remove_all(bench.folder());
  return code;
}
