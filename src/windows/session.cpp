// Session windows: the records of a key that follow each other by no more than a gap.

#include "windows/session_window.h"
#include "windows/time_window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

struct SessionOptions : WindowOptions {
  SourceText gap;
};

const OptionTable<SessionOptions>& session_options() {
  static const OptionTable<SessionOptions> table = window_option_table<SessionOptions>({
      {"gap", &SessionOptions::gap,
       "the time without a record of the key after which its session is over", true},
  });
  return table;
}

std::unique_ptr<OperatorPlan> bind_session(const ComponentSpec& spec, const Schema& input,
                                           const BindContext& context, Errors& errors) {
  WindowComplaints complaints(spec, errors);
  SessionOptions options;
  read_options(session_options(), spec.options, options, errors, "the session window",
               {"type", "op", "name"});
  if (complaints.any()) return nullptr;
  const auto gap = parse_duration(options.gap.text);
  if (!gap) {
    complaints.at("gap", gap.error().message, gap.error().hint);
  } else if (gap->us < kMillisecond) {
    complaints.at("gap", "the gap must be at least 1ms long");
  }
  std::string_view key = option_that_needs_rows(options);
  auto binding = bind_window(options, {"the session window"}, input, context, complaints);
  if (!binding) return nullptr;
  if (binding->reduction && binding->reduction->general) key = "reduce";
  if (!key.empty()) {
    complaints.at(std::string(key).c_str(),
                  "`" + std::string(key) + "` is not available here in this version");
    return nullptr;
  }
  return make_session_window("session window with a gap of " + format_duration(*gap), gap->us,
                             std::move(*binding));
}

}  // namespace

const OperatorDescriptor kSessionWindow = {
    "session",
    "Groups the records of a key that follow each other without a gap in time.",
    [] { return option_docs(session_options()); },
    bind_session,
};

}  // namespace weir
