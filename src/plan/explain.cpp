// The plan for people: what runs, in which order, over which columns, in which threads.

#include <fmt/format.h>

#include "expr/functions/json_text.h"
#include "plan/delivery.h"
#include "plan/plan.h"

namespace weir {

namespace {

std::string_view op_text(PushedPredicate::Op op) {
  using Op = PushedPredicate::Op;
  switch (op) {
    case Op::kEq: return "=";
    case Op::kNe: return "<>";
    case Op::kLt: return "<";
    case Op::kLe: return "<=";
    case Op::kGt: return ">";
    case Op::kGe: return ">=";
    case Op::kContains: return "contains";
    case Op::kStartsWith: return "starts with";
    case Op::kEndsWith: return "ends with";
  }
  return "?";
}

std::string value_text(const Value& value) {
  if (value.type.is_text()) return "'" + value.text + "'";
  if (value.type.is_approximate()) return fmt::format("{}", value.real);
  return fmt::format("{}", static_cast<int64_t>(value.number));
}

std::string_view placement_text(Placement placement) {
  switch (placement) {
    case Placement::kTransform: return "in the workers";
    case Placement::kOrdered: return "in input order";
    case Placement::kCollector: return "in the workers, merged at the end of the input";
  }
  return "";
}

// One box of the plan.
struct Box {
  std::string title;
  std::string where;
  std::vector<std::string> lines;
  std::vector<size_t> inputs;  // boxes whose rows it reads
};

std::string columns_text(const Schema& schema, const std::vector<bool>& needed) {
  std::string text;
  for (size_t i = 0; i < schema.size(); ++i) {
    if (i < needed.size() && !needed[i]) continue;
    if (!text.empty()) text += ", ";
    text += schema[i].name + " " + schema[i].type.to_string();
  }
  return text.empty() ? "none" : text;
}

// Boxes stand in this order: sources, steps, sinks.
size_t box_of(const Plan& plan, PlanNode node) {
  return node.kind == PlanNode::Kind::kSource ? node.index : plan.sources.size() + node.index;
}

// What a box reads, where that is not simply the box above.
std::string inputs_text(const std::vector<Box>& boxes, size_t i) {
  const auto& inputs = boxes[i].inputs;
  if (inputs.empty() || (inputs.size() == 1 && inputs[0] + 1 == i)) return {};
  std::string text = "reads: ";
  for (size_t k = 0; k < inputs.size(); ++k)
    text += fmt::format("{}{}", k > 0 ? ", " : "", inputs[k] + 1);
  return text;
}

// Expressions may have several lines, boxes have one.
std::string one_line(std::string_view text) {
  std::string out;
  bool gap = false;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) < 0x20;
    if (gap && c == ' ') continue;
    if (!blank) {
      out += c;
    } else if (!gap && !out.ends_with(' ')) {
      out += ' ';
    }
    gap = blank || (gap && c == ' ');
  }
  return out;
}

std::vector<Box> boxes_of(const Plan& plan) {
  std::vector<Box> boxes;
  for (const auto& source : plan.sources) {
    Box box{source.source->explain(), "in the workers", {}, {}};
    const Schema& schema = source.source->schema();
    box.lines.push_back("columns: " + columns_text(schema, {}));
    bool pruned = false;
    for (const bool n : source.decode.needed) pruned = pruned || !n;
    if (pruned) box.lines.push_back("decoded: " + columns_text(schema, source.decode.needed));
    std::string pushed;
    for (const auto& p : source.decode.predicates) {
      if (!pushed.empty()) pushed += " and ";
      pushed +=
          schema[p.column].name + " " + std::string(op_text(p.op)) + " " + value_text(p.value);
    }
    if (!pushed.empty()) box.lines.push_back("skips records unless " + pushed);
    boxes.push_back(std::move(box));
  }
  std::vector<bool> ordered;
  for (const auto& step : plan.steps) {
    const Placement placement = step.op->placement();
    Box box;
    // Behind an ordered step, or where ways meet or part, everything is in order until a collector hands
    // out work again.
    bool in_order =
        placement == Placement::kOrdered || (step.inputs.size() > 1 && !step.op->builds());
    for (size_t k = 0; k < step.inputs.size(); ++k) {
      const PlanNode input = step.inputs[k];
      box.inputs.push_back(box_of(plan, input));
      if (step.op->builds() && k == 1) continue;  // read before, by the workers
      const bool follows = input.kind == PlanNode::Kind::kStep && ordered[input.index];
      in_order = in_order || follows || plan.readers(input).size() > 1;
    }
    ordered.push_back(in_order && placement != Placement::kCollector);
    box.title = step.op->explain();
    box.where = ordered.back() ? "in input order" : placement_text(placement);
    box.lines.push_back("columns: " + columns_text(step.op->output(), {}));
    boxes.push_back(std::move(box));
  }
  for (const auto& sink : plan.sinks)
    boxes.push_back({sink.sink->explain(), "in input order", {}, {box_of(plan, sink.input)}});
  if (plan.late)
    boxes.push_back({"late records to " + plan.late->sink->explain(),
                     "in input order",
                     {},
                     {box_of(plan, plan.late->input)}});
  if (plan.dead_letter)
    boxes.push_back({"bad records to " + plan.dead_letter->explain(), "in input order", {}, {}});
  for (Box& box : boxes) box.title = one_line(box.title);
  return boxes;
}

std::string escape_quotes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string text_plan(const Plan& plan, const std::vector<Box>& boxes) {
  std::string out;
  if (!plan.name.empty()) out += plan.name + "\n";
  out += fmt::format("{}, {} worker{}\n", plan.streaming ? "streaming" : "batch", plan.workers,
                     plan.workers == 1 ? "" : "s");
  for (size_t i = 0; i < boxes.size(); ++i) {
    out += fmt::format("{}. {}  [{}]\n", i + 1, boxes[i].title, boxes[i].where);
    if (const std::string inputs = inputs_text(boxes, i); !inputs.empty())
      out += "     " + inputs + "\n";
    for (const auto& line : boxes[i].lines) out += "     " + line + "\n";
  }
  out += plan.dead_letter   ? "bad records: kept aside and counted\n"
         : plan.errors.skip ? "bad records: skipped and counted\n"
                            : "bad records: the first one ends the run\n";
  if (plan.checkpoint)
    for (const auto& line : delivery_lines(plan)) out += "delivery to " + line + "\n";
  for (const auto& note : plan.notes) out += "note: " + note + "\n";
  return out;
}

std::string graph_plan(const std::vector<Box>& boxes, bool dot) {
  std::string out = dot ? "digraph plan {\n  node [shape=box];\n" : "flowchart TD\n";
  for (size_t i = 0; i < boxes.size(); ++i) {
    std::string label = escape_quotes(boxes[i].title);
    if (!dot) {
      for (size_t at = 0; (at = label.find("\\\"", at)) != std::string::npos;)
        label.replace(at, 2, "#quot;");
    }
    out += dot ? fmt::format("  n{} [label=\"{}\\n{}\"];\n", i, label, boxes[i].where)
               : fmt::format("  n{}[\"{}<br/>{}\"]\n", i, label, boxes[i].where);
    for (const size_t from : boxes[i].inputs)
      out +=
          dot ? fmt::format("  n{} -> n{};\n", from, i) : fmt::format("  n{} --> n{}\n", from, i);
  }
  return dot ? out + "}\n" : out;
}

std::string quoted(std::string_view text) {
  std::string out;
  json_quote(out, text);
  return out;
}

std::string json_plan(const Plan& plan, const std::vector<Box>& boxes) {
  std::string out =
      fmt::format("{{\"name\":{},\"mode\":\"{}\",\"workers\":{},\"steps\":[", quoted(plan.name),
                  plan.streaming ? "streaming" : "batch", plan.workers);
  for (size_t i = 0; i < boxes.size(); ++i) {
    out += fmt::format("{}{{\"step\":{},\"where\":\"{}\",\"details\":[", i > 0 ? "," : "",
                       quoted(boxes[i].title), boxes[i].where);
    for (size_t k = 0; k < boxes[i].lines.size(); ++k)
      out += (k > 0 ? "," : "") + quoted(boxes[i].lines[k]);
    out += "],\"reads\":[";
    for (size_t k = 0; k < boxes[i].inputs.size(); ++k)
      out += fmt::format("{}{}", k > 0 ? "," : "", boxes[i].inputs[k]);
    out += "]}";
  }
  out += "],\"delivery\":[";
  const auto lines = delivery_lines(plan);
  for (size_t i = 0; i < lines.size(); ++i) out += (i > 0 ? "," : "") + quoted(lines[i]);
  return out + "]}\n";
}

}  // namespace

std::string explain_plan(const Plan& plan, std::string_view format) {
  const auto boxes = boxes_of(plan);
  if (format == "dot" || format == "mermaid") return graph_plan(boxes, format == "dot");
  return format == "json" ? json_plan(plan, boxes) : text_plan(plan, boxes);
}

}  // namespace weir
