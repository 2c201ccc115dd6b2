// Session windows: the records of a key that follow each other by no more than a gap.

#include <algorithm>
#include <cctype>

#include "windows/row_window.h"
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
       "the time without a record of the key after which its session is over; or an expression "
       "over "
       "the record that gives it, as an INTERVAL or a number of milliseconds",
       true},
  });
  return table;
}

// "30mn" is a misspelt duration, "30 * n" an expression.
bool is_one_word(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) != 0 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '.'; });
}

std::unique_ptr<OperatorPlan> bind_session(const ComponentSpec& spec, const Schema& input,
                                           const BindContext& context, Errors& errors) {
  WindowComplaints complaints(spec, errors);
  SessionOptions options;
  read_options(session_options(), spec.options, options, errors, "the session window",
               {"type", "op", "name"});
  if (complaints.any()) return nullptr;
  const auto gap = parse_duration(options.gap.text);
  if (gap && gap->us < kMillisecond) complaints.at("gap", "the gap must be at least 1ms long");
  if (!gap && is_one_word(options.gap.text))
    complaints.at("gap", gap.error().message, gap.error().hint);
  auto binding = bind_window(options, {"the session window"}, input, context, complaints);
  if (!binding) return nullptr;
  const std::string text =
      "session window with a gap of " + (gap ? format_duration(*gap) : options.gap.text);
  if (gap && !needs_rows(options, *binding))
    return make_session_window(text, gap->us, std::move(*binding));
  RowWindowSpec window;
  window.name = "session window";
  window.text = text;
  window.assigner = make_session_assigner();
  if (gap) {
    window.gap_us = gap->us;
  } else {
    window.gap = options.gap;
  }
  return make_row_window(std::move(window), options, std::move(*binding), context, complaints);
}

}  // namespace

const OperatorDescriptor kSessionWindow = {
    "session",
    "Groups the records of a key that follow each other without a gap in time.",
    [] { return option_docs(session_options()); },
    bind_session,
};

}  // namespace weir
