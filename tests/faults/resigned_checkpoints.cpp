// Changes what stands in a checkpoint and signs it again, as no disk would but an attacker or a bug could: the sums are
// right, the contents are not.
//
//   M10   bytes flipped, cut, doubled, lengths made huge, in any section: the run ends with an exit code and, if it
//         fails, a message; no signal, no internal error, no more than 4 GiB of address space
//
//   resigned_checkpoints WEIR FOLDER [ROUNDS]
#include <sys/resource.h>

#include <cstdlib>
#include <cstring>

#include "bench.h"
#include "state/checkpoint_file.h"

using namespace faults;

namespace {

fs::path newest_checkpoint(const Bench& bench) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(bench.path("state")))
    if (entry.path().filename().string().starts_with("ckpt-") && entry.path() > found)
      found = entry.path();
  return found;
}

std::string changed(std::string bytes, std::mt19937& random) {
  const auto at = [&](size_t n) { return n == 0 ? 0 : random() % n; };
  for (size_t times = 1 + at(3); times > 0; --times) {
    switch (random() % 5) {
      case 0:
        if (!bytes.empty()) bytes[at(bytes.size())] = static_cast<char>(random());
        break;
      case 1: bytes.resize(at(bytes.size() + 1)); break;
      case 2:
        bytes.insert(at(bytes.size() + 1), bytes.substr(at(bytes.size() + 1), 1 + at(40)));
        break;
      case 3:  // a length, maybe
        if (bytes.size() >= 8) {
          const uint64_t huge[] = {~uint64_t{0}, uint64_t{1} << 63, uint64_t{1} << 40, 0xFFFFFFFF,
                                   0};
          std::memcpy(bytes.data() + at(bytes.size() - 7), &huge[at(5)], 8);
        }
        break;
      default: bytes.erase(at(bytes.size() + 1), 1 + at(16)); break;
    }
  }
  return bytes;
}

// The state behind the first half of a log, to begin every round with.
bool prepare(const Bench& bench, const Pipeline& pipeline) {
  const std::string log = make_log(3, 300);
  if (!bench.make_reference(pipeline, log)) return false;
  const size_t half = log.find('\n', log.size() / 2) + 1;
  write_file(bench.path("in.csv"), log.substr(0, half));
  if (bench.run({}) != 0) {
    fail(std::string(pipeline.name) + ": " + bench.errors());
    return false;
  }
  write_file(bench.path("in.csv"), log.substr(half), true);
  fs::remove_all(bench.path("saved"));
  fs::create_directory(bench.path("saved"));
  for (const auto& name : pipeline.outputs)
    fs::copy(bench.path(name), bench.path("saved/" + name), fs::copy_options::recursive);
  fs::copy(bench.path("state"), bench.path("saved/state"), fs::copy_options::recursive);
  return true;
}

void begin(const Bench& bench, const Pipeline& pipeline) {
  fs::remove_all(bench.path("state"));
  fs::copy(bench.path("saved/state"), bench.path("state"), fs::copy_options::recursive);
  for (const auto& name : pipeline.outputs) {
    if (fs::is_directory(bench.path("saved/" + name))) {
      fs::remove_all(bench.path(name));
      fs::copy(bench.path("saved/" + name), bench.path(name), fs::copy_options::recursive);
    } else {  // in place, so that it stays the same file
      write_file(bench.path(name), read_file(bench.path("saved/" + name)));
    }
  }
}

void resign(const Bench& bench, const Pipeline& pipeline, int rounds) {
  if (!prepare(bench, pipeline)) return;
  size_t refused = 0;
  size_t taken = 0;
  for (int round = 0; round < rounds; ++round) {
    std::mt19937 random(static_cast<unsigned>(round));
    const std::string what =
        std::string("M10 ") + pipeline.name + ", round " + std::to_string(round);
    begin(bench, pipeline);
    const fs::path path = newest_checkpoint(bench);
    auto checkpoint = weir::decode_checkpoint(read_file(path), path.string());
    if (!checkpoint) return fail(what + ": it cannot be read");
    const auto& section = checkpoint->sections[random() % checkpoint->sections.size()];
    const std::string name = section.name;
    checkpoint->replace(name, changed(std::string(section.bytes), random));
    write_file(path, weir::encode_checkpoint(*checkpoint));
    const int rc = bench.run({"--drain", "-p", "2"});
    const std::string said = bench.errors();
    if (rc < 0 || rc > 6 || (rc > 0 && said.find("error: ") == std::string::npos) ||
        said.find("internal error") != std::string::npos) {
      fail(what + ", section " + name + ": exit " + std::to_string(rc) + " " + said);
      continue;
    }
    (rc == 0 ? taken : refused) += 1;
  }
  report(std::string("M10 signed again, ") + pipeline.name + ": " + std::to_string(refused) +
         " refused, " + std::to_string(taken) + " taken");
  pass(refused + taken);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const rlimit limit{rlim_t{4} << 30, rlim_t{4} << 30};
  ::setrlimit(RLIMIT_AS, &limit);
  const Bench bench(argv[1], argv[2]);
  for (const auto& pipeline : pipelines())
    resign(bench, pipeline, argc > 3 ? std::atoi(argv[3]) : 500);
  const int code = finish();
  if (code == 0) fs::remove_all(bench.folder());
  return code;
}
