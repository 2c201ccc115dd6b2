#include "expr_tester.h"

using namespace weir;

namespace {

Schema sales() {
  Schema s;
  s.add("city", Type::string());
  s.add("amount", Type::bigint());
  s.add("price", Type::float64());
  return s;
}

NamedTexts texts(const std::vector<std::pair<std::string, std::string>>& list) {
  NamedTexts out;
  for (const auto& [name, text] : list) out.push_back({name, {}, SourceText(text)});
  return out;
}

std::string problem(const std::string& text, const std::vector<std::string>& keys = {"city"}) {
  auto r = bind_aggregates(texts({{"x", text}}), sales(), keys);
  if (r) return "no error";
  return r.error().message + (r.error().hint.empty() ? "" : " / " + r.error().hint);
}

}  // namespace

TEST_CASE("an aggregate list becomes calls and expressions around them") {
  auto r = bind_aggregates(texts({{"hits", "COUNT(*)"},
                                  {"rate", "SUM(amount) * 1.0 / COUNT(*)"},
                                  {"label", "UPPER(city) || '!'"},
                                  {"big", "count(*) FILTER (WHERE amount > 5)"},
                                  {"kinds", "COUNT(DISTINCT amount, price)"}}),
                           sales(), {"city"});
  REQUIRE(r.has_value());
  REQUIRE(r->aggregates.size() == 4);
  CHECK(r->aggregates[0].text == "COUNT(*)");
  CHECK(r->aggregates[0].args.empty());
  CHECK(r->aggregates[1].text == "SUM(amount)");
  REQUIRE(r->aggregates[1].args.size() == 1);
  CHECK(r->aggregates[1].args[0]->as_column() == 1);
  CHECK(r->aggregates[2].text == "COUNT(*) FILTER (WHERE amount > 5)");
  CHECK(r->aggregates[2].filter != nullptr);
  CHECK(r->aggregates[3].distinct);
  CHECK(r->aggregates[3].args.size() == 2);
  REQUIRE(r->outputs.size() == 5);
  CHECK(r->output[0].name == "hits");
  CHECK(r->output[0].type == Type::bigint());
  CHECK(r->output[2].type == Type::string());
  CHECK(r->outputs[0]->as_column() == 1);

  // The outputs run over keys and aggregates: city, COUNT(*), SUM(amount), ...
  Table t;
  t.add("city", "STRING", {"'rome'"}).add("n", "BIGINT", {"4"}).add("sum", "BIGINT", {"10"});
  t.add("f", "BIGINT", {"1"}).add("d", "BIGINT", {"2"});
  CHECK(outcomes(*r->outputs[1], t.batch, t.context)[0].starts_with("2.5"));
  CHECK(outcomes(*r->outputs[2], t.batch, t.context) == Texts{"ROME!"});
}

TEST_CASE("mistakes in aggregate lists") {
  CHECK(problem("amount + COUNT(*)") ==
        "`amount` is neither a key nor inside an aggregate / add it to the keys, or write an "
        "aggregate such as FIRST_VALUE(amount)");
  CHECK(problem("SUM(amout)") == "no column `amout` / did you mean `amount`?");
  CHECK(problem("SUM(COUNT(*))") == "an aggregate may not stand inside another");
  CHECK(problem("SUM(*)") == "`*` stands only in COUNT(*)");
  CHECK(problem("SUM(amount) FILTER (WHERE amount)") ==
        "the condition of FILTER must be BOOLEAN, it is BIGINT");
  CHECK(problem("SUMM(amount)") == "unknown function SUMM / did you mean SUM?");
  CHECK(problem("COUNT(*)", {"town"}).starts_with("no column `town`"));
  CHECK(problem("nosuch + COUNT(*)") == "no column `nosuch` / known: city");
}

TEST_CASE("whether a tree holds an aggregate") {
  const auto holds = [](const std::string& text) {
    return contains_aggregate(**parse_expression(SourceText(text)));
  };
  CHECK(holds("1 + SUM(a)"));
  CHECK(holds("CASE WHEN COUNT(*) > 1 THEN 2 END"));
  CHECK_FALSE(holds("a + UPPER(b)"));
}
