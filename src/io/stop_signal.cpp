#include "io/stop_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace weir {

StopSignal::StopSignal() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

StopSignal::~StopSignal() {
  if (fd_ >= 0) ::close(fd_);
}

void StopSignal::raise() {
  if (raised_.exchange(true) || fd_ < 0) return;
  ::eventfd_write(fd_, 1);  // never read back, so it stays readable for all who wait
}

}  // namespace weir
