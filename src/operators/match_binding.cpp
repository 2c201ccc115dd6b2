#include <algorithm>
#include <cctype>

#include "expr/names.h"
#include "expr/parser.h"
#include "operators/column_list.h"
#include "operators/match.h"

namespace weir {

namespace {

struct MatchOptions {
  std::vector<SourceText> partition_by;
  std::optional<SourceText> order_by;
  SourceText pattern;
  NamedTexts define;
  NamedTexts measures;
  std::string after_match = "skip past last row";
  std::optional<Duration> within;
};

const OptionTable<MatchOptions>& match_options() {
  static const OptionTable<MatchOptions> table = {
      {"partition_by", &MatchOptions::partition_by,
       "columns; the rows of a match have the same values"},
      {"order_by", &MatchOptions::order_by,
       "the order in which rows follow one another; event time when not given, the only one on a "
       "stream"},
      {"pattern", &MatchOptions::pattern,
       "variables in the order of their rows, with *, +, ?, {n}, {n,} or {n,m}, greedy or with ? "
       "reluctant: \"A B+? C\"",
       true},
      {"define", &MatchOptions::define,
       "which rows a variable stands for: A = \"price > LAST(A.price, 1)\"; any row when not "
       "given"},
      {"measures", &MatchOptions::measures,
       "the result's columns beside those of partition_by: low = \"MIN(B.price)\"", true},
      {"after_match", &MatchOptions::after_match,
       "where the search goes on: skip past last row, skip to next row, skip to first A, skip to "
       "last A"},
      {"within", &MatchOptions::within, "a match must be shorter than this"},
  };
  return table;
}

class MatchBinder {
 public:
  MatchBinder(const ComponentSpec& spec, const Schema& input, const BindContext& context,
              Errors& errors)
      : spec_(spec), context_(context), errors_(errors), match_(std::make_unique<Match>()) {
    match_->input = input;
  }

  std::unique_ptr<Match> bind() {
    const size_t before = errors_.size();
    read_options(match_options(), spec_.options, options_, errors_, "the match operator", {"op"});
    if (errors_.size() != before) return nullptr;
    match_->partition = resolve_columns(options_.partition_by, match_->input, errors_);
    for (const size_t c : match_->partition) {
      match_->partition_types.push_back(match_->input[c].type);
      match_->output.add(match_->input[c].name, match_->input[c].type);
    }
    bind_order();
    bind_pattern();
    if (errors_.size() != before) return nullptr;
    bind_skip();
    bind_define();
    bind_measures();
    if (options_.within) {
      match_->within_us = options_.within->us;
      if (!context_.has_event_time)
        complain("within", "`within` is about event time, and there is none");
    }
    if (errors_.size() != before) return nullptr;
    match_->text = options_.pattern.text;
    if (!match_->partition.empty())
      match_->text += " of each " + join_names(match_->partition, match_->input);
    return std::move(match_);
  }

 private:
  void complain(const Position& position, std::string message, std::string hint = {}) {
    errors_.push_back({ErrorKind::kConfig, std::move(message), position, std::move(hint), {}});
  }
  void complain(const char* key, std::string message, std::string hint = {}) {
    const Node* node = spec_.options.find(key);
    complain(node != nullptr ? node->position : spec_.position, std::move(message),
             std::move(hint));
  }

  void bind_order() {
    match_->streaming = context_.streaming;
    match_->by_time = !options_.order_by || context_.streaming;
    if (match_->by_time && !context_.has_event_time)
      complain("order_by", "rows follow one another by event time, and there is none",
               context_.streaming ? "name the column: [source.event_time] column = \"time\""
                                  : "say order_by = \"time\"");
    if (!options_.order_by) return;
    match_->order = OrderBy::bind(*options_.order_by, match_->input, context_, errors_);
    const bool by_time = match_->order.size() == 1 && !match_->order.descending(0) &&
                         match_->order.type(0).is_timestamp();
    if (context_.streaming && match_->order.size() > 0 && !by_time)
      complain("order_by", "a stream comes in order of time only", "order_by = \"time\"");
  }

  // --- the pattern ---

  size_t variable(const std::string& name) {
    auto& names = match_->variables;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<size_t>(found - names.begin());
    names.push_back(name);
    return names.size() - 1;
  }

  void bind_pattern() {
    text_ = options_.pattern.text;
    at_ = 0;
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
      const size_t begin = at_;
      while (at_ < text_.size() && (std::isalnum(byte()) != 0 || text_[at_] == '_')) ++at_;
      if (at_ == begin || std::isdigit(static_cast<unsigned char>(text_[begin])) != 0)
        return pattern_error(at_, "expected a variable");
      PatternStep step;
      step.variable = variable(std::string(text_.substr(begin, at_ - begin)));
      if (!take_quantifier(step)) return;
      match_->pattern.push_back(step);
    }
    if (match_->pattern.empty()) return pattern_error(0, "the pattern is empty");
    uint64_t least = 0;
    for (const auto& step : match_->pattern) least += step.min;
    if (least == 0) return pattern_error(0, "the pattern could be matched by no row at all");
    const PatternStep& last = match_->pattern.back();
    if (match_->streaming && last.max == kEndless && !last.reluctant)
      pattern_error(0, "a stream never knows the end of the last variable: it must not be greedy");
  }
  unsigned char byte() const { return static_cast<unsigned char>(text_[at_]); }
  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(byte()) != 0) ++at_;
  }
  void pattern_error(size_t offset, std::string message) {
    complain(options_.pattern.at(offset), std::move(message), "pattern = \"A B+ C\"");
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_number(uint64_t& number) {
    const size_t begin = at_;
    number = 0;
    while (at_ < text_.size() && std::isdigit(byte()) != 0 && at_ - begin < 9)
      number = number * 10 + static_cast<uint64_t>(text_[at_++] - '0');
    return at_ > begin;
  }
  bool take_quantifier(PatternStep& step) {
    bool quantified = true;
    if (take('*')) {
      step.min = 0;
      step.max = kEndless;
    } else if (take('+')) {
      step.max = kEndless;
    } else if (take('?')) {
      step.min = 0;
    } else if (take('{')) {
      const bool has_min = take_number(step.min);
      step.max = step.min;
      if (!has_min) step.min = 0;
      if (take(',') && !take_number(step.max)) step.max = kEndless;
      if (!take('}') || step.max < step.min || step.max == 0) {
        pattern_error(at_, "expected {n}, {n,} or {n,m}");
        return false;
      }
    } else {
      quantified = false;
    }
    if (quantified) step.reluctant = take('?');
    return true;
  }

  void bind_skip() {
    std::vector<std::string> words;
    std::string word;
    for (const char c : options_.after_match + " ") {
      if (c != ' ') {
        word += c;
      } else if (!word.empty()) {
        words.push_back(word);
        word.clear();
      }
    }
    const auto is = [&](size_t i, std::string_view text) {
      return i < words.size() &&
             std::equal(
                 words[i].begin(), words[i].end(), text.begin(), text.end(),
                 [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
    };
    using Skip = Match::Skip;
    if (is(0, "skip") && is(1, "past") && is(2, "last") && is(3, "row") && words.size() == 4)
      return;
    if (is(0, "skip") && is(1, "to") && is(2, "next") && is(3, "row") && words.size() == 4) {
      match_->skip = Skip::kToNext;
      return;
    }
    const bool first = is(2, "first");
    if (is(0, "skip") && is(1, "to") && (first || is(2, "last")) && words.size() == 4) {
      const auto& names = match_->variables;
      const auto found = std::find(names.begin(), names.end(), words[3]);
      if (found == names.end())
        return complain("after_match", "the pattern has no variable `" + words[3] + "`");
      match_->skip = first ? Skip::kToFirst : Skip::kToLast;
      match_->skip_to = static_cast<size_t>(found - names.begin());
      return;
    }
    complain("after_match",
             "expected skip past last row, skip to next row, skip to first A or "
             "skip to last A");
  }

  // --- conditions and measures ---

  void bind_define() {
    match_->conditions.resize(match_->variables.size());
    for (const auto& definition : options_.define) {
      const auto& names = match_->variables;
      const auto found = std::find(names.begin(), names.end(), definition.name);
      if (found == names.end()) {
        complain(definition.name_position, "the pattern has no variable `" + definition.name + "`");
        continue;
      }
      auto bound = bind_expression(definition.value);
      if (!bound) continue;
      if (bound->expression->type().id != TypeId::kBoolean) {
        complain(definition.value.position,
                 "a condition must be BOOLEAN, this is " + bound->expression->type().to_string());
        continue;
      }
      match_->conditions[static_cast<size_t>(found - names.begin())] = std::move(bound);
    }
  }

  void bind_measures() {
    for (const auto& measure : options_.measures) {
      if (match_->output.find(measure.name))
        complain(measure.name_position, "there is a column `" + measure.name + "` already");
      auto bound = bind_expression(measure.value);
      if (!bound) continue;
      match_->output.add(measure.name, bound->expression->type());
      match_->measures.push_back(std::move(*bound));
    }
  }

  std::optional<MatchExpression> bind_expression(const SourceText& text) {
    auto ast = parse_expression(text);
    if (!ast) {
      errors_.push_back(ast.error());
      return std::nullopt;
    }
    MatchExpression bound;
    Schema inner = match_->input;
    if (!take_terms(**ast, text, bound, inner)) return std::nullopt;
    auto expression = weir::bind(**ast, BindScope{&inner, context_.zone, &text, {}});
    if (!expression) {
      errors_.push_back(expression.error());
      return std::nullopt;
    }
    bound.expression = std::move(*expression);
    return bound;
  }

  // Puts hidden columns in the place of what looks at other rows of the match.
  bool take_terms(Ast& ast, const SourceText& text, MatchExpression& bound, Schema& inner) {
    const Position position = text.at(ast.offset, ast.length);
    if (ast.kind == AstKind::kCall) {
      if (ast.name == "PREV" || ast.name == "NEXT") {
        complain(position, ast.name + " is not known here",
                 "LAST(A.x, 1) is the value of A's row before its last one");
        return false;
      }
      if (ast.name == "MATCH_ROWTIME" && ast.args.empty()) {
        MatchTerm term;
        term.kind = MatchTerm::Kind::kRowTime;
        term.type = Type::timestamp(3);
        return put_term(ast, std::move(term), bound, inner);
      }
      if (ast.name == "FIRST" || ast.name == "LAST") return take_offset(ast, text, bound, inner);
      if (find_aggregate(ast.name) != nullptr) return take_aggregate(ast, text, bound, inner);
    }
    if (is_qualified(ast)) {  // A.x: its last row's
      auto value = clone(ast);
      size_t of = SIZE_MAX;
      return strip(*value, text, of) &&
             bind_value(*value, text, of, 0, MatchTerm::Kind::kLast, ast, bound, inner);
    }
    for (auto& arg : ast.args)
      if (!take_terms(*arg, text, bound, inner)) return false;
    return true;
  }

  bool is_qualified(const Ast& ast) const {
    return ast.kind == AstKind::kField && ast.args[0]->kind == AstKind::kColumn &&
           !match_->input.find(ast.args[0]->name) && is_variable(ast.args[0]->name);
  }
  bool is_variable(const std::string& name) const {
    const auto& names = match_->variables;
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  size_t variable_of(const Ast& ast) { return variable(ast.args[0]->name); }

  // Makes A.x of a tree x; all must be of one variable, or of none.
  bool strip(Ast& ast, const SourceText& text, size_t& of) {
    if (is_qualified(ast)) {
      const size_t found = variable_of(ast);
      if (of != SIZE_MAX && of != found) {
        complain(text.at(ast.offset, ast.length), "this mixes rows of several variables");
        return false;
      }
      of = found;
      ast.kind = AstKind::kColumn;
      ast.args.clear();
      return true;
    }
    for (auto& arg : ast.args)
      if (!strip(*arg, text, of)) return false;
    return !ast.filter || strip(*ast.filter, text, of);
  }

  bool take_offset(Ast& ast, const SourceText& text, MatchExpression& bound, Schema& inner) {
    const Position position = text.at(ast.offset, ast.length);
    uint64_t steps = 0;
    if (ast.args.empty() || ast.args.size() > 2) {
      complain(position, ast.name + " takes a value and perhaps how many rows from there");
      return false;
    }
    if (ast.args.size() == 2) {
      const Ast& number = *ast.args[1];
      if (number.kind != AstKind::kLiteral || !number.value.type.is_integer()) {
        complain(position, ast.name + " needs an integer here, 0 or more");
        return false;
      }
      steps = static_cast<uint64_t>(number.value.number);
    }
    const auto kind = ast.name == "FIRST" ? MatchTerm::Kind::kFirst : MatchTerm::Kind::kLast;
    auto value = clone(*ast.args[0]);
    size_t of = SIZE_MAX;
    return strip(*value, text, of) && bind_value(*value, text, of, steps, kind, ast, bound, inner);
  }

  bool bind_value(const Ast& value, const SourceText& text, size_t of, uint64_t steps,
                  MatchTerm::Kind kind, Ast& place, MatchExpression& bound, Schema& inner) {
    auto expression = weir::bind(value, BindScope{&match_->input, context_.zone, &text, {}});
    if (!expression) {
      errors_.push_back(expression.error());
      return false;
    }
    MatchTerm term;
    term.kind = kind;
    term.variable = of;
    term.steps = steps;
    term.value = match_->values.size();
    term.type = (*expression)->type();
    match_->values.push_back(std::move(*expression));
    return put_term(place, std::move(term), bound, inner);
  }

  bool take_aggregate(Ast& ast, const SourceText& text, MatchExpression& bound, Schema& inner) {
    auto call = clone(ast);
    MatchTerm term;
    term.kind = MatchTerm::Kind::kAggregate;
    term.variable = SIZE_MAX;
    if (call->args.size() == 1 && is_count_of_variable(*call)) {  // COUNT(A.*)
      term.variable = variable_of(*call->args[0]);
      call->args[0] = std::make_unique<Ast>();
      call->args[0]->kind = AstKind::kStar;
    } else if (!strip(*call, text, term.variable)) {
      return false;
    }
    SourceText written = text;
    written.text = to_sql(*call);
    auto binding = bind_aggregates({NamedText{"value", text.position, written}}, match_->input, {},
                                   context_.zone);
    if (!binding) {
      errors_.push_back(binding.error());
      errors_.back().position = text.at(ast.offset, ast.length);
      return false;
    }
    term.type = binding->output[0].type;
    term.program = std::make_unique<AggregateProgram>(*binding, 0, match_->input.size());
    return put_term(ast, std::move(term), bound, inner);
  }
  bool is_count_of_variable(const Ast& call) const {
    return call.name == "COUNT" && call.args[0]->kind == AstKind::kField &&
           call.args[0]->name == "*" && is_variable(call.args[0]->args[0]->name);
  }

  bool put_term(Ast& ast, MatchTerm term, MatchExpression& bound, Schema& inner) {
    const std::string name = kHiddenName + std::to_string(bound.terms.size());
    inner.add(name, term.type);
    bound.terms.push_back(std::move(term));
    ast.kind = AstKind::kColumn;
    ast.name = name;
    ast.args.clear();
    ast.filter.reset();
    ast.distinct = false;
    return true;
  }

  const ComponentSpec& spec_;
  const BindContext& context_;
  Errors& errors_;
  MatchOptions options_;
  std::unique_ptr<Match> match_;
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<Match> bind_match(const ComponentSpec& spec, const Schema& input,
                                  const BindContext& context, Errors& errors) {
  return MatchBinder(spec, input, context, errors).bind();
}

std::vector<OptionDoc> match_docs() { return option_docs(match_options()); }

}  // namespace weir
