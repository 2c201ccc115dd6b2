// Cumulating windows: from one start, a window to each step up to the whole size.

#include "windows/fixed_window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

struct CumulateOptions : WindowOptions {
  Duration size;
  Duration step;
  Duration offset;
};

const OptionTable<CumulateOptions>& cumulate_options() {
  static const OptionTable<CumulateOptions> table = window_option_table<CumulateOptions>({
      {"size", &CumulateOptions::size, "the length of the longest window, a multiple of the step",
       true},
      {"step", &CumulateOptions::step, "by how much each window is longer than the one before",
       true},
      {"offset", &CumulateOptions::offset, "shifts the windows' starts; shorter than the size"},
  });
  return table;
}

std::unique_ptr<OperatorPlan> bind_cumulate(const ComponentSpec& spec, const Schema& input,
                                            const BindContext& context, Errors& errors) {
  WindowComplaints complaints(spec, errors);
  CumulateOptions options;
  read_options(cumulate_options(), spec.options, options, errors, "the cumulate window",
               {"type", "op", "name"});
  if (complaints.any()) return nullptr;
  check_length("size", options.size, complaints);
  check_length("step", options.step, complaints);
  if (complaints.any()) return nullptr;
  check_offset(options.offset, options.size, "window", complaints);
  if (options.size.us % options.step.us != 0)
    complaints.at("size",
                  "the size must be a multiple of the step: " + format_duration(options.size) +
                      " is no multiple of " + format_duration(options.step));
  if (options.size.us / options.step.us > kMaxSteps)
    complaints.at("step", "a window would have more than 10,000,000 steps",
                  "a longer step or a shorter size");
  if (complaints.any()) return nullptr;
  FixedWindow fixed{"cumulate window",
                    "cumulate window of " + format_duration(options.size) + " in steps of " +
                        format_duration(options.step),
                    SliceLayout::cumulate(options.size.us, options.step.us, options.offset.us),
                    make_cumulate_assigner(options.size.us, options.step.us, options.offset.us)};
  if (options.offset.us != 0) fixed.text += ", offset " + format_duration(options.offset);
  return bind_fixed_window(std::move(fixed), options, input, context, complaints);
}

}  // namespace

const OperatorDescriptor kCumulateWindow = {
    "cumulate",
    "Gives the result since the window's start at every step, until the window is complete.",
    [] { return option_docs(cumulate_options()); },
    bind_cumulate,
};

}  // namespace weir
