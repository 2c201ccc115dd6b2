#include "sql/match_recognize.h"

namespace weir::sql {

namespace {

using Skip = MatchRecognize::Skip;

class MatchParser {
 public:
  explicit MatchParser(Grammar& grammar) : g_(grammar), c_(grammar.cursor) {}

  MatchRecognize parse() {
    MatchRecognize out;
    const size_t begin = c_.next().offset;
    const size_t open = g_.here();
    c_.expect_symbol("(", "after MATCH_RECOGNIZE");
    if (g_.accept_by("PARTITION")) out.partition_by = g_.expressions();
    if (g_.accept_by("ORDER")) out.order_by = g_.sort_items();
    if (c_.accept_word("MEASURES")) measures(out.measures);
    rows_per_match();
    after_match(out);
    if (!c_.is_word("PATTERN")) {
      g_.may_follow("");
      c_.fail_expected("PATTERN",
                       "the clauses of MATCH_RECOGNIZE in order: PARTITION BY, ORDER BY, "
                       "MEASURES, ONE ROW PER MATCH, AFTER MATCH SKIP, PATTERN, WITHIN, "
                       "DEFINE");
    }
    pattern(out.pattern);
    if (c_.accept_word("WITHIN")) out.within = g_.expression();
    if (c_.is_word("SUBSET")) g_.refuse(1, "write the condition for each of the variables");
    if (c_.accept_word("DEFINE")) definitions(out.definitions);
    g_.close(open, "at the end of MATCH_RECOGNIZE");
    out.place = g_.since(begin);
    return out;
  }

 private:
  void measures(std::vector<MatchRecognize::Measure>& out) {
    do {
      MatchRecognize::Measure measure;
      measure.running = c_.accept_word("RUNNING");
      if (!measure.running) c_.accept_word("FINAL");
      measure.expression = g_.expression();
      c_.expect_word("AS", "after the measure");
      measure.alias = g_.name("the measure's name");
      out.push_back(std::move(measure));
    } while (c_.accept_symbol(","));
    g_.may_follow("`,`");
  }

  void rows_per_match() {
    if (c_.is_word("ALL") && c_.is_word("ROWS", 1)) {
      g_.refuse(4, "matches give one row each: ONE ROW PER MATCH");
    }
    if (!c_.accept_word("ONE")) return;
    c_.expect_word("ROW", "after ONE");
    c_.expect_word("PER", "after ONE ROW");
    c_.expect_word("MATCH", "after ONE ROW PER");
  }

  void after_match(MatchRecognize& out) {
    if (!c_.accept_word("AFTER")) return;
    c_.expect_word("MATCH", "after AFTER");
    c_.expect_word("SKIP", "after AFTER MATCH");
    if (c_.accept_words({"PAST", "LAST", "ROW"})) {
      out.skip = Skip::kPastLastRow;
      return;
    }
    if (!c_.accept_word("TO")) {
      c_.fail_expected("PAST LAST ROW, TO NEXT ROW, TO FIRST x or TO LAST x");
    }
    if (c_.accept_words({"NEXT", "ROW"})) {
      out.skip = Skip::kToNextRow;
      return;
    }
    out.skip = c_.accept_word("FIRST") ? Skip::kToFirst : Skip::kToLast;
    if (out.skip == Skip::kToLast) c_.accept_word("LAST");
    out.skip_to = g_.name("a variable of the pattern");
  }

  void pattern(std::vector<MatchRecognize::Step>& out) {
    c_.expect_word("PATTERN");
    const size_t open = g_.here();
    if (!c_.expect_symbol("(", "before the pattern")) return;
    do {
      refuse_operators();
      MatchRecognize::Step step;
      step.variable = g_.name("a variable of the pattern");
      quantifier(step);
      out.push_back(std::move(step));
    } while (!c_.failed() && !c_.is_symbol(")") && !c_.at_end() && !c_.is_symbol(";"));
    g_.may_follow("a variable, a quantifier");
    g_.close(open, "at the end of the pattern");
  }

  void refuse_operators() {
    if (c_.is_symbol("|")) g_.refuse(1, "a pattern is a sequence of variables");
    if (c_.is_symbol("(")) g_.refuse(1, "quantifiers stand behind single variables");
    if (c_.is_symbol("^") || c_.is_symbol("$")) g_.refuse(1, "patterns have no anchors");
    if (c_.is_symbol("{")) g_.refuse(1, "a pattern excludes nothing");
    if (c_.is_word("PERMUTE") && c_.is_symbol("(", 1)) {
      g_.refuse(1, "a pattern is a sequence of variables");
    }
  }

  void quantifier(MatchRecognize::Step& step) {
    if (c_.accept_symbol("*")) {
      step.min = 0;
      step.max.reset();
    } else if (c_.accept_symbol("+")) {
      step.max.reset();
    } else if (c_.accept_symbol("?")) {
      step.min = 0;
    } else if (c_.is_symbol("{") && !c_.is_symbol("-", 1)) {
      range(step);
    } else {
      return;
    }
    step.reluctant = c_.accept_symbol("?");
  }

  // {n}, {n,}, {n,m}, {,m}
  void range(MatchRecognize::Step& step) {
    const size_t begin = c_.next().offset;
    step.min = c_.is_symbol(",") ? 0 : g_.count("a number of rows");
    step.max = step.min;
    if (c_.accept_symbol(",")) {
      step.max.reset();
      if (!c_.is_symbol("}")) step.max = g_.count("a number of rows or `}`");
    }
    c_.expect_symbol("}", "at the end of the quantifier");
    if (step.max && (*step.max < step.min || *step.max == 0)) {
      g_.fail_at(g_.since(begin), "the quantifier holds for no number of rows");
    }
  }

  void definitions(std::vector<MatchRecognize::Definition>& out) {
    do {
      MatchRecognize::Definition definition;
      definition.variable = g_.name("a variable of the pattern");
      c_.expect_word("AS", "after the variable");
      definition.condition = g_.expression();
      out.push_back(std::move(definition));
    } while (c_.accept_symbol(","));
    g_.may_follow("`,`");
  }

  Grammar& g_;
  TokenCursor& c_;
};

}  // namespace

MatchRecognize parse_match_recognize(Grammar& g) { return MatchParser(g).parse(); }

}  // namespace weir::sql
