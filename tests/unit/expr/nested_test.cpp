#include "expr_tester.h"

using namespace weir;

TEST_CASE("constructors") {
  Table t;
  t.add("x", "INT", {"1", "NULL", "3"}).add("s", "STRING", {"'a'", "'b'", "NULL"});
  CHECK(t.eval("ARRAY[x, 2 * x]") == Texts{"[1, 2]", "[NULL, NULL]", "[3, 6]"});
  CHECK(t.eval("ARRAY[1, 2.5]") == Texts(3, "[1.0, 2.5]"));
  CHECK(t.type("ARRAY[1, 2.5]") == "ARRAY<DECIMAL(11, 1)>");
  CHECK(t.eval("MAP[s, x, 'k', 0]")[0] == "{a=1, k=0}");
  CHECK(t.eval("ROW(x, s)") == Texts{"(1, a)", "(NULL, b)", "(3, NULL)"});
  CHECK(t.eval("(x, s)") == t.eval("ROW(x, s)"));
  CHECK(t.type("(x, s)") == "ROW<`EXPR$0` INT, `EXPR$1` STRING>");
  CHECK(t.eval("ARRAY[ROW(x, ARRAY[s])]")[1] == "[(NULL, [b])]");
  CHECK(value_of("ARRAY[]") == "[]");
  CHECK(value_of("CARDINALITY(ARRAY[1, 2])") == "2");
  CHECK(bind_error("ARRAY[1, 'x']") ==
        "the elements of an ARRAY have types that do not meet: INT, STRING / CAST(... AS STRING) "
        "brings all of them to one");
}

TEST_CASE("elements of arrays are counted from 1, others are NULL") {
  Table t;
  t.add("a", "ARRAY<STRING>", {"ARRAY['x', 'y']", "ARRAY[NULL]", "NULL", "ARRAY['z']"});
  t.add("i", "BIGINT", {"2", "1", "1", "NULL"});
  CHECK(t.eval("a[1]") == Texts{"x", "NULL", "NULL", "z"});
  CHECK(t.eval("a[2]") == Texts{"y", "NULL", "NULL", "NULL"});
  CHECK(t.eval("a[i]") == Texts{"y", "NULL", "NULL", "NULL"});
  CHECK(t.eval("a[i - 5]") == Texts(4, "NULL"));
  CHECK(value_of("ARRAY[1, 2, 3][2]") == "2");
  CHECK(value_of("ARRAY[ARRAY[1], ARRAY[2, 3]][2][2]") == "3");
  CHECK(bind_error("ARRAY[1][0]") == "the elements of an ARRAY are counted from 1");
  CHECK(bind_error("ARRAY[1]['a']") == "the index of an ARRAY is a whole number, not STRING");
  CHECK(bind_error("1[1]") == "only an ARRAY or a MAP has elements, `1` is INT");
  Table none;
  none.add("a", "ARRAY<INT>", {"NULL", "NULL"});
  CHECK(none.eval("a[1]") == Texts{"NULL", "NULL"});
}

TEST_CASE("values of maps") {
  Table t;
  t.add("m", "MAP<STRING, INT>", {"MAP['a', 1, 'b', 2]", "MAP['b', NULL]", "NULL"});
  t.add("k", "STRING", {"'b'", "'b'", "'b'"});
  CHECK(t.eval("m['a']") == Texts{"1", "NULL", "NULL"});
  CHECK(t.eval("m[k]") == Texts{"2", "NULL", "NULL"});
  CHECK(value_of("MAP[1, 'x'][1]") == "x");
  CHECK(bind_error("m[TRUE]", t.schema) == "the keys of `m` are STRING, not BOOLEAN");
}

TEST_CASE("fields of rows, at any depth") {
  Table t;
  t.add("r", "ROW<a INT, b ROW<c STRING, d ARRAY<ROW<e INT>>>>",
        {"ROW(1, ROW('x', ARRAY[ROW(7)]))", "NULL", "ROW(NULL, NULL)"});
  t.add("plain.name", "INT", {"1", "2", "3"});
  t.add("r.a2", "INT", {"4", "5", "6"});
  CHECK(t.eval("r.a") == Texts{"1", "NULL", "NULL"});
  CHECK(t.eval("r.b.c") == Texts{"x", "NULL", "NULL"});
  CHECK(t.eval("r.b.d[1].e") == Texts{"7", "NULL", "NULL"});
  CHECK(t.eval("`plain.name`") == Texts{"1", "2", "3"});
  CHECK(t.eval("plain.name") == Texts{"1", "2", "3"});
  CHECK(t.eval("r.a2") == Texts{"4", "5", "6"});
  CHECK(bind_error("r.x", t.schema) ==
        "no field `x` in ROW<a INT, b ROW<c STRING, d ARRAY<ROW<e INT>>>> / known: a, b");
  CHECK(bind_error("r.a.z", t.schema) == "only a ROW has fields, `r.a` is INT");
  CHECK(bind_error("r.b.d.e", t.schema) ==
        "only a ROW has fields, `r.b.d` is ARRAY<ROW<e INT>> / elements of an ARRAY are reached by "
        "[1], [2] ...");
  CHECK(value_of("ROW(1, 'x').`EXPR$1`") == "x");
}
