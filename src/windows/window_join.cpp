// window_join: joins the rows of two inputs that fall into the same window and have the same key.
// Source: Flink, window join of the DataStream API and of the window table functions.

#include "windows/window_join.h"

#include <map>
#include <optional>

#include "windows/fixed_window.h"
#include "windows/window_list.h"
#include "windows/window_options.h"

namespace weir {

namespace {

struct WindowJoinOptions {
  std::string type;
  Duration size;
  Duration slide;
  Duration step;
  Duration gap;
  Duration offset;
  Node on;
  std::string join = "inner";
};

const OptionTable<WindowJoinOptions>& window_join_options() {
  static const OptionTable<WindowJoinOptions> table = {
      {"type", &WindowJoinOptions::type,
       std::vector<std::string>{"tumbling", "sliding", "cumulate", "session"},
       "the windows of both inputs; a session is made of the rows of both"},
      {"size", &WindowJoinOptions::size,
       "the length of a window, at least 1ms; cumulate: of the longest"},
      {"slide", &WindowJoinOptions::slide, "sliding: the distance of the windows' starts"},
      {"step", &WindowJoinOptions::step, "cumulate: by how much each window is longer"},
      {"gap", &WindowJoinOptions::gap,
       "session: the time without a row of the key after which it is over"},
      {"offset", &WindowJoinOptions::offset, "shifts the windows' starts"},
      {"on", &WindowJoinOptions::on,
       "the key: columns that both inputs have, [\"id\"], or pairs, { left = \"right\" }", true},
      {"join", &WindowJoinOptions::join,
       std::vector<std::string>{"inner", "left", "right", "full", "semi", "anti"},
       "which rows without a partner are given: those of the left input, of the right or of both; "
       "semi "
       "and anti give left rows alone, with or without a partner"},
  };
  return table;
}

class WindowJoinPlan final : public OperatorPlan {
 public:
  WindowJoinPlan(const Schema& input, Schema output, WindowJoin join, std::string text)
      : OperatorPlan("window join", input, std::move(output)),
        join_(std::move(join)),
        text_(std::move(text)) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return input_columns_needed(0, output_needed);
  }
  std::vector<bool> input_columns_needed(size_t side,
                                         const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(join_.sides[side].schema.size(), false);
    const size_t first = 2 + (side == 0 ? 0 : join_.sides[0].schema.size());
    for (size_t c = 0; c < needed.size() && first + c < output_needed.size(); ++c)
      needed[c] = output_needed[first + c];
    for (const size_t c : join_.sides[side].key_columns) needed[c] = true;
    return needed;
  }
  std::string explain() const override { return text_; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return join_.gap_us > 0 ? make_session_join(join_, context)
                            : make_fixed_window_join(join_, context);
  }

 private:
  WindowJoin join_;
  std::string text_;
};

// The windows; what one kind has and another has not is refused. Empty after errors.
std::optional<SliceLayout> bind_layout(const WindowJoinOptions& options,
                                       WindowComplaints& complaints) {
  const std::string& type = options.type;
  const std::pair<const char*, Duration> lengths[] = {{"size", options.size},
                                                      {"slide", options.slide},
                                                      {"step", options.step},
                                                      {"gap", options.gap}};
  const std::string own = type == "sliding" ? "slide" : type == "cumulate" ? "step" : "";
  for (const auto& [key, length] : lengths) {
    const bool is_due =
        type == "session" ? key == std::string("gap") : key == std::string("size") || key == own;
    if (is_due) {
      if (!complaints.has(key)) {
        complaints.at("type", type + " windows need `" + key + "`");
      } else {
        check_length(key, length, complaints);
      }
    } else if (complaints.has(key)) {
      complaints.at(key, type + " windows have no `" + std::string(key) + "`");
    }
  }
  if (type == "session" && complaints.has("offset"))
    complaints.at("offset", "session windows have no `offset`");
  if (complaints.any()) return std::nullopt;
  const int64_t size = options.size.us;
  const int64_t offset = options.offset.us;
  if (type == "sliding") {
    check_offset(options.offset, options.slide, "slide", complaints);
    if (size / options.slide.us > kMaxSteps)
      complaints.at("slide", "a record would be in more than 10,000,000 windows");
    return SliceLayout::sliding(size, options.slide.us, offset);
  }
  if (type == "cumulate") {
    check_offset(options.offset, options.size, "window", complaints);
    if (size % options.step.us != 0)
      complaints.at("size",
                    "the size must be a multiple of the step: " + format_duration(options.size) +
                        " is no multiple of " + format_duration(options.step));
    if (size / options.step.us > kMaxSteps)
      complaints.at("step", "a window would have more than 10,000,000 steps");
    return SliceLayout::cumulate(size, options.step.us, offset);
  }
  if (type == "session") return SliceLayout::tumbling(kMillisecond, 0);  // not used
  check_offset(options.offset, options.size, "window", complaints);
  return SliceLayout::tumbling(size, offset);
}

std::string join_text(const WindowJoinOptions& options, const BindContext& context) {
  std::string text = options.join + " join of `" + context.inputs[0].name + "` and `" +
                     context.inputs[1].name + "` in " + options.type + " windows of ";
  if (options.type == "session") return text + "gap " + format_duration(options.gap);
  text += format_duration(options.size);
  if (options.type == "sliding") text += " every " + format_duration(options.slide);
  if (options.type == "cumulate") text += " in steps of " + format_duration(options.step);
  return text;
}

Schema joined_schema(const WindowJoin& join, const std::string& right_name) {
  Schema output;
  output.add("window_start", Type::timestamp(3));
  output.add("window_end", Type::timestamp(3));
  for (const auto& c : join.sides[0].schema) output.add(c.name, c.type);
  if (!join.gives_right()) return output;
  for (const auto& c : join.sides[1].schema) {
    const bool taken = output.find(c.name).has_value();
    output.add(taken ? right_name + "_" + c.name : c.name, c.type);
  }
  return output;
}

std::unique_ptr<OperatorPlan> bind_window_join(const ComponentSpec& spec, const Schema& input,
                                               const BindContext& context, Errors& errors) {
  WindowComplaints complaints(spec, errors);
  WindowJoinOptions options;
  read_options(window_join_options(), spec.options, options, errors, "the window_join operator",
               {"op"});
  if (context.inputs.size() != 2)
    complaints.at("inputs",
                  "a window join needs two inputs, found " + std::to_string(context.inputs.size()),
                  "inputs = [\"LEFT\", \"RIGHT\"]");
  for (const auto& i : context.inputs)
    if (!i.has_event_time)
      complaints.at(
          "inputs", "`" + i.name + "` has no event time",
          "name the column that holds it: [sources." + i.name + ".event_time] column = \"time\"");
  if (complaints.any()) return nullptr;
  if (options.type.empty()) options.type = "tumbling";
  const auto layout = bind_layout(options, complaints);
  if (complaints.any()) return nullptr;

  static const std::map<std::string, JoinKind> kinds = {
      {"inner", JoinKind::kInner}, {"left", JoinKind::kLeft}, {"right", JoinKind::kRight},
      {"full", JoinKind::kFull},   {"semi", JoinKind::kSemi}, {"anti", JoinKind::kAnti}};
  WindowJoin join{*layout, options.gap.us, kinds.at(options.join), {}, {}};
  const Schema schemas[2] = {context.inputs[0].schema, context.inputs[1].schema};
  std::vector<size_t> keys[2];
  bind_join_keys(options.on, schemas, keys, join.key_types, errors);
  for (size_t side = 0; side < 2; ++side) join.sides[side] = {schemas[side], keys[side]};
  if (!complaints.any() && join.key_types.empty())
    complaints.at("on", "a window join needs a key", "on = [\"id\"]");
  if (complaints.any()) return nullptr;
  Schema output = joined_schema(join, context.inputs[1].name);
  return std::make_unique<WindowJoinPlan>(input, std::move(output), std::move(join),
                                          join_text(options, context));
}

}  // namespace

const OperatorDescriptor kWindowJoinOperator = {
    "window_join",
    "Joins the rows of two inputs that fall into the same window of event time and have the same "
    "key.",
    [] { return option_docs(window_join_options()); },
    bind_window_join,
    Arity::kMany,
    true,
};

}  // namespace weir
