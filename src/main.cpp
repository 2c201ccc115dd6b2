// The process: what must be right before anything is opened, and the only catch-all.
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

#include "cli/command.h"

namespace {

// A closed stdin, stdout or stderr would be the number of the next file opened, and results would
// be written into it. /dev/null opened the wrong way round takes the place: reading and writing
// fail.
void occupy_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    const int mode = fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY;
    if (::open("/dev/null", mode) != fd) _exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // a gone reader is an error of write, and ends the run quietly
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write as well
  // Buffers of megabytes come and go with every block: keep them in the heap, whose pages are warm.
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 512 << 20);
  try {
    return weir::run_cli(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("weir: error: out of memory\n", stderr);
    return 6;
  } catch (const std::system_error& e) {  // no thread, as a rule
    std::fprintf(stderr, "weir: error: the system refuses what is needed: %s\n", e.what());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "weir: internal error: %s; please report it\n", e.what());
  } catch (...) {
    std::fputs("weir: internal error: unknown exception; please report it\n", stderr);
  }
  return 1;
}
