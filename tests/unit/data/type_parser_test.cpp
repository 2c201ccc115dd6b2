#include <catch2/catch.hpp>

#include "data/type.h"

using namespace weir;

namespace {

std::string canonical(const std::string& text) {
  auto t = parse_type(text);
  return t ? t->to_string() : "! " + t.error().message;
}

}  // namespace

TEST_CASE("types are spelled as in SQL, in any letter case") {
  CHECK(canonical("INT") == "INT");
  CHECK(canonical(" integer ") == "INT");
  CHECK(canonical("tinyint") == "TINYINT");
  CHECK(canonical("Double Precision") == "DOUBLE");
  CHECK(canonical("VARCHAR(20)") == "STRING");
  CHECK(canonical("CHARACTER VARYING(20)") == "STRING");
  CHECK(canonical("text") == "STRING");
  CHECK(canonical("VARBINARY(3)") == "BYTES");
  CHECK(canonical("DECIMAL") == "DECIMAL(10, 0)");
  CHECK(canonical("DECIMAL(5)") == "DECIMAL(5, 0)");
  CHECK(canonical("NUMERIC ( 5 , 2 )") == "DECIMAL(5, 2)");
  CHECK(canonical("TIME(3) WITHOUT TIME ZONE") == "TIME(3)");
  CHECK(canonical("TIMESTAMP") == "TIMESTAMP(6)");
  CHECK(canonical("TIMESTAMP(3)") == "TIMESTAMP(3)");
  CHECK(canonical("TIMESTAMP(9) WITH LOCAL TIME ZONE") == "TIMESTAMP_LTZ(9)");
  CHECK(canonical("timestamp_ltz(0)") == "TIMESTAMP_LTZ(0)");
  CHECK(canonical("INTERVAL DAY(2) TO SECOND(3)") == "INTERVAL DAY TO SECOND");
  CHECK(canonical("INTERVAL YEAR") == "INTERVAL YEAR TO MONTH");
  CHECK(canonical("INT NOT NULL") == "INT");
}

TEST_CASE("nested types") {
  CHECK(canonical("ARRAY<INT>") == "ARRAY<INT>");
  CHECK(canonical("INT ARRAY ARRAY") == "ARRAY<ARRAY<INT>>");
  CHECK(canonical("MAP<STRING, ARRAY<DECIMAL(3,1)>>") == "MAP<STRING, ARRAY<DECIMAL(3, 1)>>");
  CHECK(canonical("ROW<a INT, `b c` STRING NOT NULL, date DATE>") ==
        "ROW<a INT, `b c` STRING, date DATE>");
  CHECK(canonical("ROW(a INT 'a comment', b ROW<c INT>)") == "ROW<a INT, b ROW<c INT>>");
}

TEST_CASE("a type's text reads back as the same type") {
  for (const auto* text :
       {"BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(38, 18)",
        "STRING", "BYTES", "DATE", "TIME(0)", "TIMESTAMP(6)", "TIMESTAMP_LTZ(3)",
        "INTERVAL YEAR TO MONTH", "INTERVAL DAY TO SECOND", "MAP<STRING, ROW<x-y INT>>"}) {
    if (std::string(text).find("x-y") != std::string::npos) {
      const Type t = Type::map(Type::string(), Type::row({{"x-y", Type::integer()}}));
      CHECK(*parse_type(t.to_string()) == t);
    } else {
      CHECK(canonical(text) == text);
    }
  }
}

TEST_CASE("a wrong type says where and what is near") {
  auto t = parse_type("MAP<STRNG, INT>");
  REQUIRE(!t);
  CHECK(t.error().message == "unknown type `STRNG`");
  CHECK(t.error().hint == "did you mean `STRING`?");
  CHECK(t.error().position.column == 5);
  CHECK(t.error().position.length == 5);
  CHECK(canonical("") == "! expected a type");
  CHECK(canonical("DECIMAL(39)") == "! the precision must be a number from 1 to 38");
  CHECK(canonical("DECIMAL(3, 5)") ==
        "! the scale of a DECIMAL may not be larger than its precision");
  CHECK(canonical("TIMESTAMP(10)") == "! the precision must be a number from 0 to 9");
  CHECK(canonical("ARRAY<INT") == "! expected `,` or `>`");
  CHECK(canonical("ARRAY<INT, INT>") == "! an ARRAY has one element type: ARRAY<INT>");
  CHECK(canonical("ROW<a INT, a INT>") == "! the field `a` is there twice");
  CHECK(canonical("INT x") == "! expected the end of the type, found `x`");
  CHECK(canonical("ROW<>") == "! a ROW needs at least one field");
  CHECK(canonical("MULTISET<INT>") == "! the type MULTISET is not supported");
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "ARRAY<";
  CHECK(canonical(deep) == "! the type is nested too deeply");
}

TEST_CASE("a type at the start of other text ends where it ends") {
  size_t length = 0;
  CHECK(parse_type_prefix("INT) + 1", length)->to_string() == "INT");
  CHECK(length == 3);
  CHECK(parse_type_prefix("DECIMAL(3, 1) ) x", length)->to_string() == "DECIMAL(3, 1)");
  CHECK(length == 13);
  CHECK(parse_type_prefix("ROW<a INT>, b", length)->to_string() == "ROW<a INT>");
  CHECK(length == 10);
  CHECK(parse_type_prefix("INT NULL ON EMPTY", length).has_value());
  CHECK(length == 3);
}
