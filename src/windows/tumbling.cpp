// Tumbling windows: one length, one after another without gaps.

#include "windows/fixed_window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

struct TumblingOptions : WindowOptions {
  Duration size;
  Duration offset;
};

const OptionTable<TumblingOptions>& tumbling_options() {
  static const OptionTable<TumblingOptions> table = window_option_table<TumblingOptions>({
      {"size", &TumblingOptions::size, "the length of a window, at least 1ms", true},
      {"offset", &TumblingOptions::offset, "shifts the windows' starts; shorter than the size"},
  });
  return table;
}

std::unique_ptr<OperatorPlan> bind_tumbling(const ComponentSpec& spec, const Schema& input,
                                            const BindContext& context, Errors& errors) {
  WindowComplaints complaints(spec, errors);
  TumblingOptions options;
  read_options(tumbling_options(), spec.options, options, errors, "the tumbling window",
               {"type", "op", "name"});
  if (complaints.any()) return nullptr;
  check_length("size", options.size, complaints);
  if (!complaints.any()) check_offset(options.offset, options.size, "window", complaints);
  if (complaints.any()) return nullptr;
  FixedWindow fixed{"tumbling window", "tumbling window of " + format_duration(options.size),
                    SliceLayout::tumbling(options.size.us, options.offset.us),
                    make_tumbling_assigner(options.size.us, options.offset.us)};
  if (options.offset.us != 0) fixed.text += ", offset " + format_duration(options.offset);
  return bind_fixed_window(std::move(fixed), options, input, context, complaints);
}

}  // namespace

const OperatorDescriptor kTumblingWindow = {
    "tumbling",
    "Groups records by time into windows of one length that follow each other without gaps.",
    [] { return option_docs(tumbling_options()); },
    bind_tumbling,
};

}  // namespace weir
