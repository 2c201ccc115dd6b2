#include <algorithm>
#include <array>

#include "expr/parser.h"
#include "operators/column_list.h"
#include "operators/over.h"
#include "operators/over_options.h"

namespace weir {

const OptionTable<OverOptions>& over_options() {
  static const OptionTable<OverOptions> table = {
      {"partition_by", &OverOptions::partition_by,
       "columns; rows see only those with the same values"},
      {"order_by", &OverOptions::order_by, "the order of a partition's rows: \"time, price DESC\""},
      {"frame", &OverOptions::frame,
       "which rows an aggregate sees: \"ROWS BETWEEN 2 PRECEDING AND CURRENT ROW\", \"RANGE "
       "BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW\"; all up to the row and its peers "
       "when "
       "not given, or the whole partition without an order"},
      {"columns", &OverOptions::columns,
       "the columns to add: name = \"SUM(x)\", name = \"ROW_NUMBER()\"", true},
  };
  return table;
}

namespace {

struct RankName {
  std::string_view name;
  RankCall call;
  size_t least;  // arguments
  size_t most;
};

constexpr std::array kRankNames = {
    RankName{"ROW_NUMBER", RankCall::kRowNumber, 0, 0},
    RankName{"RANK", RankCall::kRank, 0, 0},
    RankName{"DENSE_RANK", RankCall::kDenseRank, 0, 0},
    RankName{"PERCENT_RANK", RankCall::kPercentRank, 0, 0},
    RankName{"CUME_DIST", RankCall::kCumeDist, 0, 0},
    RankName{"NTILE", RankCall::kNtile, 1, 1},
    RankName{"LAG", RankCall::kLag, 1, 3},
    RankName{"LEAD", RankCall::kLead, 1, 3},
};

const RankName* rank_name(const Ast& ast) {
  if (ast.kind != AstKind::kCall) return nullptr;
  for (const auto& name : kRankNames)
    if (name.name == ast.name) return &name;
  return nullptr;
}

class OverBinder {
 public:
  OverBinder(const ComponentSpec& spec, const Schema& input, const BindContext& context,
             Errors& errors)
      : spec_(spec), context_(context), errors_(errors), over_(std::make_unique<Over>()) {
    over_->input = input;
  }

  std::unique_ptr<Over> bind() {
    const size_t before = errors_.size();
    read_options(over_options(), spec_.options, options_, errors_, "the over operator", {"op"});
    over_->partition = resolve_columns(options_.partition_by, over_->input, errors_);
    if (options_.order_by)
      over_->order = OrderBy::bind(*options_.order_by, over_->input, context_, errors_);
    if (errors_.size() != before) return nullptr;
    bind_frame();
    if (errors_.size() != before) return nullptr;
    bind_columns();
    if (errors_.size() != before) return nullptr;
    write_text();
    return std::move(over_);
  }

 private:
  void complain(const Position& position, std::string message, std::string hint = {}) {
    errors_.push_back({ErrorKind::kConfig, std::move(message), position, std::move(hint), {}});
  }

  // --- the frame ---

  void bind_frame() {
    Frame& frame = over_->frame;
    frame.from.unbounded = true;
    frame.to.current = true;
    over_->whole = over_->order.empty();
    if (!options_.frame) return;
    const SourceText& text = *options_.frame;
    const std::string opening = "COUNT(*) OVER (";
    auto ast = parse_expression(SourceText{opening + text.text + ")", text.position});
    if (!ast || !(*ast)->over || !(*ast)->over->has_frame || !(*ast)->over->order_by.empty() ||
        !(*ast)->over->partition_by.empty()) {
      complain(text.position, ast ? "this is no frame" : ast.error().message,
               "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW");
      return;
    }
    const OverWindow& window = *(*ast)->over;
    frame.rows = window.rows;
    frame.from = bind_bound(window.from, text);
    frame.to = bind_bound(window.to, text);
    over_->whole = frame.from.unbounded && frame.to.unbounded;
    if (!frame.rows && over_->order.empty()) over_->whole = true;  // all are peers
  }

  Frame::Bound bind_bound(const FrameBound& from, const SourceText& text) {
    using Kind = FrameBound::Kind;
    Frame::Bound bound;
    bound.unbounded =
        from.kind == Kind::kUnboundedPreceding || from.kind == Kind::kUnboundedFollowing;
    bound.current = from.kind == Kind::kCurrentRow;
    bound.following = from.kind == Kind::kFollowing || from.kind == Kind::kUnboundedFollowing;
    if (from.distance) bind_distance(*from.distance, text, bound);
    return bound;
  }

  void bind_distance(const Ast& ast, const SourceText& text, Frame::Bound& bound) {
    const Schema none;
    auto expr = weir::bind(ast, BindScope{&none, context_.zone, &text, {}});
    const Value* value = expr ? (*expr)->as_literal() : nullptr;
    if (value == nullptr || value->is_null) {
      complain(text.position, "the distance of a frame's bound must be a number or an interval");
      return;
    }
    if (over_->frame.rows) {
      if (!value->type.is_integer() || value->number < 0)
        complain(text.position, "ROWS counts rows: the distance must be an integer, 0 or more");
      bound.distance = value->number;
      return;
    }
    if (over_->order.size() != 1) {
      complain(text.position, "RANGE with a distance needs an order by one value");
      return;
    }
    bind_range(over_->order.type(0), *value, text, bound);
  }

  // In the unit of the value that the order is by.
  void bind_range(const Type& key, const Value& value, const SourceText& text,
                  Frame::Bound& bound) {
    const bool interval = value.type.id == TypeId::kIntervalMillis;
    const bool number = value.type.is_numeric();
    if (key.is_timestamp() && interval) {
      bound.distance = value.number * (key.in_nanos() ? 1'000'000 : 1000);
    } else if (key.id == TypeId::kDate && interval && value.number % 86'400'000 == 0) {
      bound.distance = value.number / 86'400'000;
    } else if (key.id == TypeId::kTime && interval) {
      bound.distance = value.number;
    } else if (key.is_approximate() && number) {
      bound.real = value.type.is_approximate() ? value.real : decimal_real(value);
    } else if ((key.is_integer() || key.id == TypeId::kDecimal) && number &&
               !value.type.is_approximate() && scale_of(value.type) <= scale_of(key)) {
      bound.distance = value.number;
      for (int s = scale_of(value.type); s < scale_of(key); ++s) bound.distance *= 10;
    } else {
      complain(text.position,
               "a RANGE over " + key.to_string() + " cannot have a distance of " +
                   value.type.to_string(),
               key.is_timestamp() ? "INTERVAL '10' MINUTE PRECEDING" : "");
    }
    if (bound.distance < 0 || bound.real < 0)
      complain(text.position, "the distance of a frame's bound must not be negative");
  }
  static int scale_of(const Type& type) { return type.id == TypeId::kDecimal ? type.scale : 0; }
  static double decimal_real(const Value& value) {
    double real = static_cast<double>(value.number);
    for (int s = 0; s < scale_of(value.type); ++s) real /= 10;
    return real;
  }

  // --- the columns ---

  void bind_columns() {
    const size_t before = errors_.size();
    Schema inner = over_->input;
    NamedTexts texts;
    over_->output = over_->input;
    for (const auto& column : options_.columns) {
      if (over_->input.find(column.name))
        complain(column.name_position, "there is a column `" + column.name + "` already",
                 "give another name");
      auto ast = parse_expression(column.value);
      if (!ast) {
        errors_.push_back(ast.error());
        continue;
      }
      bool changed = false;
      if (!take_rankings(**ast, column.value, inner, changed)) continue;
      NamedText text = column;
      if (changed) text.value.text = to_sql(**ast);
      texts.push_back(std::move(text));
    }
    if (errors_.size() != before) return;
    const std::vector<std::string> keys = inner.names();
    auto binding = bind_aggregates(texts, inner, keys, context_.zone);
    if (!binding) {
      add_aggregate_errors(texts, inner, keys, context_.zone, errors_);
      return;
    }
    for (const auto& column : binding->output) over_->output.add(column.name, column.type);
    over_->program = std::make_unique<AggregateProgram>(*binding, inner.size(), inner.size());
  }

  // Puts columns in the place of the calls of ranking functions.
  bool take_rankings(Ast& ast, const SourceText& text, Schema& inner, bool& changed) {
    if (ast.over) {
      complain(text.at(ast.offset, ast.length), "OVER may not stand here",
               "the step's own partition_by, order_by and frame say what is looked at");
      return false;
    }
    if (const RankName* name = rank_name(ast)) {
      const std::string column = to_sql(ast);
      if (!inner.find(column)) {
        if (!bind_ranking(*name, ast, text)) return false;
        inner.add(column, over_->rankings.back().type);
      }
      ast.kind = AstKind::kColumn;
      ast.name = column;
      ast.args.clear();
      changed = true;
      return true;
    }
    if (ast.kind == AstKind::kCall && find_aggregate(ast.name) != nullptr) return true;
    for (auto& arg : ast.args)
      if (!take_rankings(*arg, text, inner, changed)) return false;
    return true;
  }

  bool bind_ranking(const RankName& name, const Ast& ast, const SourceText& text) {
    const Position position = text.at(ast.offset, ast.length);
    if (ast.args.size() < name.least || ast.args.size() > name.most) {
      complain(position, std::string(name.name) + " takes " +
                             (name.most == 0   ? "no argument"
                              : name.most == 1 ? "one argument"
                                               : "one to three arguments: a value, how many rows, "
                                                 "and a default"));
      return false;
    }
    if (over_->order.empty()) {
      complain(position, std::string(name.name) + " needs an order", "order_by = \"time\"");
      return false;
    }
    RankingCall call;
    call.function = name.call;
    call.type = Type::bigint();
    if (name.call == RankCall::kPercentRank || name.call == RankCall::kCumeDist)
      call.type = Type::float64();
    std::vector<ExprPtr> args;
    for (const auto& arg : ast.args) {
      auto expr = weir::bind(*arg, BindScope{&over_->input, context_.zone, &text, {}});
      if (!expr) {
        errors_.push_back(expr.error());
        return false;
      }
      args.push_back(std::move(*expr));
    }
    const size_t count = name.call == RankCall::kNtile ? 0 : 1;
    if (args.size() > count) {
      const Value* number = args[count]->as_literal();
      const int64_t least = name.call == RankCall::kNtile ? 1 : 0;
      if (number == nullptr || !number->type.is_integer() || number->number < least) {
        complain(position, std::string(name.name) + " needs an integer here, " +
                               std::to_string(least) + " or more");
        return false;
      }
      call.number = static_cast<int64_t>(number->number);
    }
    if (name.call == RankCall::kLag || name.call == RankCall::kLead) {
      call.value = args[0];
      call.type = args[0]->type();
      if (args.size() == 3) {
        auto otherwise = cast_to(args[2], call.type);
        if (!otherwise) {
          errors_.push_back(otherwise.error());
          errors_.back().position = position;
          return false;
        }
        call.otherwise = std::move(*otherwise);
      }
    }
    over_->rankings.push_back(std::move(call));
    return true;
  }

  void write_text() {
    over_->text = join_texts(options_.columns);
    if (!over_->partition.empty())
      over_->text += " of each " + join_names(over_->partition, over_->input);
    if (options_.order_by) over_->text += " by " + options_.order_by->text;
    if (options_.frame) over_->text += ", " + options_.frame->text;
  }

  const ComponentSpec& spec_;
  const BindContext& context_;
  Errors& errors_;
  OverOptions options_;
  std::unique_ptr<Over> over_;
};

}  // namespace

std::unique_ptr<Over> bind_over(const ComponentSpec& spec, const Schema& input,
                                const BindContext& context, Errors& errors) {
  return OverBinder(spec, input, context, errors).bind();
}

}  // namespace weir
