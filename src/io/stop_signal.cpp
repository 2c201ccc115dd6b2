#include "io/stop_signal.h"

#include <sys/eventfd.h>

namespace weir {

StopSignal::StopSignal() : fd_(above_standard(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {}

void StopSignal::raise() {
  if (raised_.exchange(true) || !fd_) return;
  ::eventfd_write(fd_.get(), 1);  // never read back, so it stays readable for all who wait
}

}  // namespace weir
