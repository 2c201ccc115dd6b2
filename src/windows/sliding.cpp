// Sliding windows: one length, a new one every slide, so that they overlap, or leave gaps.

#include "windows/fixed_window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

struct SlidingOptions : WindowOptions {
  Duration size;
  Duration slide;
  Duration offset;
};

const OptionTable<SlidingOptions>& sliding_options() {
  static const OptionTable<SlidingOptions> table = window_option_table<SlidingOptions>({
      {"size", &SlidingOptions::size, "the length of a window, at least 1ms", true},
      {"slide", &SlidingOptions::slide,
       "from one window's start to the next; longer than the size it leaves gaps", true},
      {"offset", &SlidingOptions::offset, "shifts the windows' starts; shorter than the slide"},
  });
  return table;
}

std::unique_ptr<OperatorPlan> bind_sliding(const ComponentSpec& spec, const Schema& input,
                                           const BindContext& context, Errors& errors) {
  WindowComplaints complaints(spec, errors);
  SlidingOptions options;
  read_options(sliding_options(), spec.options, options, errors, "the sliding window",
               {"type", "op", "name"});
  if (complaints.any()) return nullptr;
  check_length("size", options.size, complaints);
  check_length("slide", options.slide, complaints);
  if (complaints.any()) return nullptr;
  check_offset(options.offset, options.slide, "slide", complaints);
  if (options.size.us / options.slide.us > kMaxSteps)
    complaints.at("slide", "a record would be in more than 10,000,000 windows",
                  "a longer slide or a shorter size");
  if (complaints.any()) return nullptr;
  FixedWindow fixed{"sliding window",
                    "sliding window of " + format_duration(options.size) + " every " +
                        format_duration(options.slide),
                    SliceLayout::sliding(options.size.us, options.slide.us, options.offset.us),
                    make_sliding_assigner(options.size.us, options.slide.us, options.offset.us)};
  if (options.offset.us != 0) fixed.text += ", offset " + format_duration(options.offset);
  return bind_fixed_window(std::move(fixed), options, input, context, complaints);
}

}  // namespace

const OperatorDescriptor kSlidingWindow = {
    "sliding",
    "Groups records by time into windows of one length that start at a fixed interval and overlap.",
    [] { return option_docs(sliding_options()); },
    bind_sliding,
};

}  // namespace weir
