#include "config/event_time_options.h"

namespace weir {

const OptionTable<EventTimeSpec>& event_time_options() {
  static const OptionTable<EventTimeSpec> table = {
      {"column", &EventTimeSpec::column, "the column that holds the time", true},
      {"format", &EventTimeSpec::format,
       "how to read a text or number column: iso8601, clf, syslog, epoch_s, epoch_ms, epoch_us, "
       "epoch_ns or a "
       "strptime pattern"},
      {"max_out_of_orderness", &EventTimeSpec::max_out_of_orderness,
       "how far behind the latest time a record may come"},
      {"idle_timeout", &EventTimeSpec::idle_timeout,
       "streaming: a source silent for so long no longer holds the watermark back"},
      {"max_future", &EventTimeSpec::max_future,
       "a record further ahead of the clock is bad; 24h in streaming mode and with checkpoints, "
       "else "
       "off"},
      {"max_jump", &EventTimeSpec::max_jump,
       "a record further ahead of the largest time before it is bad; off when not given"},
      {"inclusive", &EventTimeSpec::inclusive,
       "the watermark is the latest time less max_out_of_orderness itself, as in SQL; otherwise "
       "one "
       "millisecond earlier"},
  };
  return table;
}

EventTimeSpec read_event_time(const Node& table, std::string_view where, Errors& errors,
                              const std::vector<std::string>& ignored) {
  EventTimeSpec time;
  time.position = table.position;
  read_options(event_time_options(), table, time, errors, where, ignored);
  if (const Node* bound = table.find("max_out_of_orderness");
      bound != nullptr && time.max_out_of_orderness.us < 0)
    errors.push_back(
        {ErrorKind::kConfig, "max_out_of_orderness cannot be negative", bound->position, {}, {}});
  // The watermark of an EventTimeSpec is one millisecond earlier than this.
  if (time.inclusive) time.max_out_of_orderness.us -= 1000;
  return time;
}

}  // namespace weir
