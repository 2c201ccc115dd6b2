#include "sql/table_function.h"

#include <array>
#include <cctype>

#include "sql/query.h"

namespace weir::sql {

namespace {

struct WindowForm {
  std::string_view name;
  std::string_view form;
};
constexpr std::array<WindowForm, 4> kWindows = {
    {{"TUMBLE", "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)"},
     {"HOP", "HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '10' MINUTE)"},
     {"CUMULATE", "CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' HOUR)"},
     {"SESSION", "SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' MINUTE)"}}};

std::string_view form_of(std::string_view name) {
  for (const auto& window : kWindows) {
    if (window.name == name) return window.form;
  }
  return {};
}

class FunctionParser {
 public:
  explicit FunctionParser(Grammar& grammar) : g_(grammar), c_(grammar.cursor) {}

  FunctionSource parse() {
    FunctionSource out;
    out.name = g_.name("a table function");
    for (char& c : out.name.text) {
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    const size_t open = g_.here();
    c_.expect_symbol("(", "after the function's name");
    if (!c_.is_symbol(")")) {
      do {
        out.arguments.push_back(argument());
        check_window_argument(out);
      } while (c_.accept_symbol(","));
    }
    g_.may_follow("`,`");
    g_.close(open, "after the arguments of " + out.name.text);
    return out;
  }

 private:
  FunctionSource::Argument argument() {
    FunctionSource::Argument out;
    if (g_.name_ahead() && c_.is_symbol("=>", 1)) {
      out.name = g_.name("an argument's name");
      c_.next();
    }
    if (c_.is_word("TABLE")) {
      c_.next();
      out.value = table();
    } else if (c_.is_symbol("(") && query_ahead(c_, 1)) {
      out.value = table();
    } else {
      out.value = g_.expression();
    }
    return out;
  }

  TableInput table() {
    TableInput out;
    const size_t open = g_.here();
    if (c_.accept_symbol("(")) {
      if (query_ahead(c_)) {
        out.query = Branch<Query>::of(parse_query(g_));
      } else {
        out.name = g_.table_name("a table", true);
      }
      g_.close(open);
    } else {
      out.name = g_.table_name("a table", true);
    }
    // Several keys stand in parentheses: behind a comma is the function's next argument.
    const bool partitioned = g_.accept_by("PARTITION");
    size_t begin = g_.here();
    if (partitioned && c_.accept_symbol("(")) {
      out.partition_by = g_.expressions();
      g_.close(begin);
    } else if (partitioned) {
      out.partition_by.push_back(g_.expression());
    }
    const bool ordered = g_.accept_by("ORDER");
    begin = g_.here();
    if (ordered && c_.accept_symbol("(")) {
      out.order_by = g_.sort_items();
      g_.close(begin);
    } else if (ordered) {
      out.order_by.push_back(g_.sort_item());
    }
    return out;
  }

  // TUMBLE(t, ts, ...): both are columns of nothing.
  void check_window_argument(const FunctionSource& call) {
    const std::string_view form = form_of(call.name.text);
    const FunctionSource::Argument& last = call.arguments.back();
    if (form.empty() || !last.name.empty() || c_.failed()) return;
    const auto* expression = std::get_if<Expression>(&last.value);
    if (expression == nullptr) return;
    const Place place{(*expression)->offset, (*expression)->length};
    const std::string hint = "written " + std::string(form);
    if (call.arguments.size() == 1) {
      g_.fail_at(place, "the first argument of " + call.name.text + " is a table: TABLE name",
                 hint);
    } else if (call.arguments.size() == 2 && (*expression)->name != "DESCRIPTOR") {
      g_.fail_at(place,
                 "the second argument of " + call.name.text + " is a time column: DESCRIPTOR(name)",
                 hint);
    }
  }

  Grammar& g_;
  TokenCursor& c_;
};

}  // namespace

FunctionSource parse_table_function(Grammar& g) { return FunctionParser(g).parse(); }

}  // namespace weir::sql
