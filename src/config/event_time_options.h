// The keys of [source.event_time], which are those of op = "event_time" as well.
#pragma once

#include <string_view>

#include "config/options.h"
#include "config/spec.h"

namespace weir {

const OptionTable<EventTimeSpec>& event_time_options();

// Reads such a table; `where` names it in messages, keys in `ignored` belong to someone else. Problems go to
// `errors`.
EventTimeSpec read_event_time(const Node& table, std::string_view where, Errors& errors,
                              const std::vector<std::string>& ignored = {});

}  // namespace weir
