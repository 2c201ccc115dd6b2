// What only a disk of one's own can show; where mounts are not allowed it says so and counts as not run.
//
//   B1 B2   loss of power on ext4 and xfs: the file system is shut down without writing what was not synced, mounted
//           again, and the run goes on
//   B3      the same right after the first checkpoint of a new folder
//   B5 B6   the disk of the output, or of the state, is full; later there is room again
//   B12     the disk becomes read-only while a run is at work
//
//   disks WEIR FOLDER [LOSSES]

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "bench.h"

using namespace faults;

namespace {

bool run_command(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

// A file system in a file, mounted at `folder`.
class Disk {
 public:
  Disk(fs::path folder, std::string kind) : folder_(std::move(folder)), kind_(std::move(kind)) {
    image_ = folder_.string() + ".img";
    fs::create_directories(folder_);
  }
  ~Disk() {
    unmount();
    fs::remove(image_);
  }

  // Empty text: it is there. Else why not.
  std::string make(size_t megabytes) {
    fs::remove(image_);
    std::ofstream(image_).close();
    fs::resize_file(image_, megabytes << 20);
    if (!run_command("mkfs." + kind_ + (kind_ == "ext4" ? " -q -F " : " -q -f ") + image_.string()))
      return "mkfs." + kind_ + " is not here";
    return mount() ? "" : "mounting is not allowed here";
  }
  bool mount() {
    // ext4 would hide syncs that are missing.
    const std::string options = kind_ == "ext4" ? "loop,noauto_da_alloc,commit=1" : "loop";
    return run_command("mount -t " + kind_ + " -o " + options + " " + image_.string() + " " +
                       folder_.string());
  }
  void unmount() const {
    if (!run_command("umount " + folder_.string())) run_command("umount -l " + folder_.string());
  }
  // What was not synced is gone.
  bool lose_power() const {
    constexpr unsigned long kShutdown = 0x8004587D;  // EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN
    unsigned without_log = 2;
    const int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = ::ioctl(fd, kShutdown, &without_log) == 0;
    ::close(fd);
    return done;
  }
  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
  fs::path image_;
  std::string kind_;
};

void power_losses(const std::string& id, const std::string& weir, const fs::path& base,
                  const std::string& kind, int losses) {
  Disk disk(base / kind, kind);
  if (const std::string why = disk.make(kind == "xfs" ? 320 : 48); !why.empty())
    return skip(id + " loss of power on " + kind, why);
  for (const auto& pipeline : pipelines()) {
    const std::string name = pipeline.name;
    if (name != "rows to a plain file" && name != "windows to zstd" && name != "several outputs")
      continue;
    const std::string what = id + " loss of power on " + kind + ", " + name;
    Bench bench(weir, disk.folder());
    std::mt19937 random(17);
    if (!bench.make_reference(pipeline, make_log(11, 20'000))) return;
    ::sync();
    int lost = 0;
    bool ended = false;
    for (int tries = 0; tries < losses * 3 && !ended; ++tries) {
      Fault fault;
      // B3: the first of them soon after the start, when there is hardly a checkpoint.
      const long window = tries < losses / 4 ? 20'000 : 150'000;
      fault.kill_after_us = lost < losses ? static_cast<long>(random()) % window : -1;
      bool down = true;
      if (fault.kill_after_us >= 0) fault.meanwhile = [&] { down = disk.lose_power(); };
      const int rc = bench.run({"--drain"}, fault);
      if (!down) return skip(what, "the file system cannot be shut down");
      if (fault.kill_after_us >= 0) {
        ++lost;
        disk.unmount();
        if (!disk.mount()) return fail(what + ": it cannot be mounted any more");
        continue;
      }
      if (rc != 0) return fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
      ended = true;
    }
    if (!ended) return fail(what + ": it does not end");
    if (!bench.same_output(pipeline, what)) return;
    report(what + ": " + std::to_string(lost) + " losses, exact");
    pass(static_cast<size_t>(lost));
  }
}

// `full`: "." for the output, "state" for the state folder.
void full_disk(const std::string& id, const std::string& weir, const fs::path& base, bool state) {
  const Pipeline& pipeline = pipelines()[0];
  const std::string what =
      id + (state ? " the state's disk is full" : " the output's disk is full");
  const fs::path small = base / "work" / (state ? "state" : "small");
  Bench bench(weir, base / "work");
  if (!bench.make_reference(pipeline, make_log(3, 30'000))) return;
  fs::create_directories(small);
  if (::mount("none", small.c_str(), "tmpfs", 0, state ? "size=12k" : "size=64k") != 0)
    return skip(what, std::string("mounting is not allowed here: ") + std::strerror(errno));
  Pipeline moved = pipeline;
  if (!state) moved.outputs = {"small/out.csv"};
  bench.write_pipeline(moved, "", "state");
  if (state) write_file(small / "filler", std::string(6000, 'x'));
  const int rc = bench.run({"--drain"});
  const bool said = bench.errors().find("No space left") != std::string::npos;
  if (rc != 6 || !said) {
    fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
  } else {
    ::mount("none", small.c_str(), "tmpfs", MS_REMOUNT, "size=64m");
    const int again = bench.run({"--drain"});
    const std::string out = state ? "out.csv" : "small/out.csv";
    if (again != 0) {
      fail(what + ", with room again: exit " + std::to_string(again) + " " + bench.errors());
    } else if (!bench.same_output(out, "ref-out.csv")) {
      fail(what + ": the output differs");
    } else {
      report(what + ": exit 6, and exact when there is room again");
      pass();
    }
  }
  ::umount(small.c_str());
}

void read_only(const std::string& weir, const fs::path& base) {
  const std::string what = "B12 the disk becomes read-only";
  const Pipeline& pipeline = pipelines()[2];
  Disk disk(base / "remounted", "ext4");
  if (const std::string why = disk.make(48); !why.empty()) return skip(what, why);
  Bench bench(weir, disk.folder());
  if (!bench.make_reference(pipeline, make_log(5, 60'000))) return;
  ::sync();
  Fault fault;
  fault.meanwhile = [&] {
    ::usleep(60'000);
    // As after an error of the disk: also while files are open for writing.
    run_command("mount -o remount,abort " + disk.folder().string());
    run_command("mount -o remount,ro " + disk.folder().string());
  };
  const int rc = bench.run({"--drain"}, fault);
  disk.unmount();
  if (!disk.mount()) return fail(what + ": it cannot be mounted any more");
  if (rc != 0 && rc != 1) return fail(what + ": exit " + std::to_string(rc));
  const int again = bench.run({"--drain"});
  if (again != 0)
    return fail(what + ", afterwards: exit " + std::to_string(again) + bench.errors());
  if (!bench.same_output(pipeline, what)) return;
  report(what + ": exit " + std::to_string(rc) + ", exact afterwards");
  pass();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int losses = argc > 3 ? std::atoi(argv[3]) : 100;
  const fs::path base = fs::absolute(argv[2]);
  fs::create_directories(base);
  full_disk("B5", argv[1], base, false);
  full_disk("B6", argv[1], base, true);
  power_losses("B1 B3", argv[1], base, "ext4", losses);
  power_losses("B2", argv[1], base, "xfs", losses / 2);
  read_only(argv[1], base);
  const int code = finish();
  if (code == 0) fs::remove_all(base);
  return code;
}
