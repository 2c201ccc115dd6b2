// How syslog messages stand in a stream: a line each, or with their length before them.
//
//   57 <34>1 2003-10-11T22:14:15.003Z host app - - - message     57 bytes behind the blank
//
// Source: RFC 6587, 3.4.1 (octet counting) and 3.4.2.
#pragma once

#include <memory>
#include <string_view>

#include "io/cutter.h"

namespace weir {

enum class SyslogFraming {
  kLines,
  kCounted,  // octet counting
  kDetected,  // by each message's first byte: a digit begins a length, since a message begins with `<`
};

enum class FrameStatus { kDone, kShort, kDamaged };

// Takes the message at `at` without its length or line end, and moves `at` behind it. kShort: it goes on behind
// `bytes`, which with `complete` makes the rest of them a line; kDamaged: there is no length where one must be.
FrameStatus next_syslog_frame(SyslogFraming framing, std::string_view bytes, size_t& at,
                              bool complete, std::string_view& message);

std::unique_ptr<RecordCutter> make_syslog_cutter(SyslogFraming framing);

}  // namespace weir
