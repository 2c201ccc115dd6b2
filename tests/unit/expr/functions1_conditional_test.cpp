#include "functions1_call.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string conditional(std::string_view name, const std::vector<Value>& args) {
  static const FunctionList family = conditional_functions();
  return eval(family, name, args);
}

std::string hash(std::string_view name, const std::vector<Value>& args) {
  static const FunctionList family = hash_functions();
  return eval(family, name, args);
}

Value list(std::vector<Value> items) {
  Value v;
  v.type = Type::array(Type::integer());
  v.is_null = false;
  v.items = std::move(items);
  return v;
}

}  // namespace

TEST_CASE("conditional functions: COALESCE and IFNULL") {
  CHECK(conditional("COALESCE", {none(), text("b"), text("c")}) == "b");
  CHECK(conditional("COALESCE", {none(), none()}) == "NULL");
  CHECK(conditional("COALESCE", {none(Type::null()), none(Type::null())}) == "NULL");
  CHECK(conditional("COALESCE", {none(Type::null()), number(4)}) == "4");
  CHECK(conditional("COALESCE", {none(Type::integer()), big(5000000000)}) == "5000000000");
  CHECK(conditional("COALESCE", {none(Type::integer()), decimal(25, 2, 1)}) == "2.5");
  CHECK(conditional("COALESCE", {text("a")}) == "a");
  CHECK(conditional("COALESCE", {text("a"), number(1)}) ==
        "bind: the arguments of COALESCE have no common type: STRING, INT");
  CHECK(conditional("IFNULL", {none(Type::integer()), number(5)}) == "5");
  CHECK(conditional("IFNULL", {number(1)}) == "bind: IFNULL takes 2 arguments, not 1");
  CHECK(conditional("COALESCE", {none(list({}).type), list({number(1), number(2)})}) == "[1, 2]");

  // Row by row, from several columns.
  const Outcome out = run(
      conditional_functions(), "COALESCE",
      {{none(), text("x"), text("y")}, {text("a"), text("b"), none()}, {none(), none(), none()}});
  CHECK(shown(out, 0) == "x");
  CHECK(shown(out, 1) == "a");
  CHECK(shown(out, 2) == "NULL");
}

TEST_CASE("conditional functions: IF") {
  CHECK(conditional("IF", {boolean(true), text("yes"), text("no")}) == "yes");
  CHECK(conditional("IF", {boolean(false), text("yes"), text("no")}) == "no");
  CHECK(conditional("IF", {none(Type::boolean()), text("yes"), text("no")}) == "no");
  CHECK(conditional("IF", {boolean(true), none(Type::integer()), number(1)}) == "NULL");
  CHECK(conditional("IF", {boolean(true), number(1), real(2.5)}) == "1.0");
  CHECK(conditional("IF", {number(1), number(1), number(2)}) ==
        "bind: argument 1 of IF must be BOOLEAN, not INT");
  const Outcome out =
      run(conditional_functions(), "IF",
          {{boolean(true), number(1), number(2)}, {boolean(false), number(3), number(4)}});
  CHECK(shown(out, 0) + shown(out, 1) == "14");
}

TEST_CASE("conditional functions: NULLIF") {
  CHECK(conditional("NULLIF", {number(5), number(5)}) == "NULL");
  CHECK(conditional("NULLIF", {number(5), number(0)}) == "5");
  CHECK(conditional("NULLIF", {number(5), none(Type::integer())}) == "5");
  CHECK(conditional("NULLIF", {none(Type::integer()), number(5)}) == "NULL");
  CHECK(conditional("NULLIF", {text("a"), text("a")}) == "NULL");
  CHECK(conditional("NULLIF", {typed(TypeId::kTinyInt, 5), big(6)}) == "5");
  CHECK(run(conditional_functions(), "NULLIF", {{typed(TypeId::kTinyInt, 5), big(6)}})
            .call->result.id == TypeId::kTinyInt);
  CHECK(conditional("NULLIF", {number(5), big(5)}) == "NULL");
}

TEST_CASE("conditional functions: GREATEST and LEAST") {
  CHECK(conditional("GREATEST", {number(3), number(7), number(5)}) == "7");
  CHECK(conditional("LEAST", {number(3), number(7), number(5)}) == "3");
  CHECK(conditional("GREATEST", {number(3), none(Type::integer())}) == "NULL");
  CHECK(conditional("GREATEST", {text("b"), text("abc"), text("bé")}) == "bé");
  CHECK(conditional("LEAST", {decimal(15, 2, 1), number(2)}) == "1.5");
  CHECK(conditional("GREATEST",
                    {real(1), real(std::numeric_limits<double>::quiet_NaN()), real(2)}) == "NaN");
  CHECK(conditional("LEAST", {real(1), real(std::numeric_limits<double>::quiet_NaN())}) == "1.0");
  CHECK(conditional("LEAST", {boolean(true), boolean(false)}) == "FALSE");
  CHECK(conditional("GREATEST", {typed(TypeId::kDate, 1), typed(TypeId::kDate, 0)}) ==
        "1970-01-02");
  CHECK(conditional("GREATEST", {text("a"), number(1)})
            .starts_with("bind: the arguments of GREATEST"));
}

TEST_CASE("conditional functions: TYPEOF") {
  CHECK(conditional("TYPEOF", {decimal(150, 3, 2)}) == "DECIMAL(3, 2)");
  CHECK(conditional("TYPEOF", {none()}) == "STRING");
  CHECK(conditional("TYPEOF", {number(1), boolean(true)}) == "INT");
}

TEST_CASE("conditional functions: tests of text") {
  CHECK(conditional("IS_ALPHA", {text("Größe")}) == "TRUE");
  CHECK(conditional("IS_ALPHA", {text("日本")}) == "TRUE");
  CHECK(conditional("IS_ALPHA", {text("a1")}) == "FALSE");
  CHECK(conditional("IS_ALPHA", {text("")}) == "FALSE");
  CHECK(conditional("IS_ALPHA", {none()}) == "FALSE");
  CHECK(conditional("IS_ALPHA", {number(1)}) == "FALSE");
  CHECK(conditional("IS_DIGIT", {text("0129")}) == "TRUE");
  CHECK(conditional("IS_DIGIT", {text("٣")}) == "TRUE");
  CHECK(conditional("IS_DIGIT", {text("1.2")}) == "FALSE");
  CHECK(conditional("IS_DIGIT", {number(7)}) == "TRUE");
  CHECK(conditional("IS_DIGIT", {real(7)}) == "FALSE");
  for (const char* good :
       {"1", "-1", "+1.5", ".5", "5.", "1e5", "1E-5", " 12 ", "1.5f", "NaN", "-Infinity"}) {
    CHECK(conditional("IS_DECIMAL", {text(good)}) == "TRUE");
  }
  for (const char* bad : {"", " ", "a", "1a", ".", "e5", "1e", "1 2", "--1", "infinity"}) {
    CHECK(conditional("IS_DECIMAL", {text(bad)}) == "FALSE");
  }
  CHECK(conditional("IS_DECIMAL", {decimal(1, 2, 1)}) == "TRUE");
  CHECK(conditional("IS_DECIMAL", {boolean(true)}) == "FALSE");
}

TEST_CASE("hash functions") {
  CHECK(hash("MD5", {text("")}) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(hash("MD5", {none()}) == "NULL");
  CHECK(hash("SHA2", {text("abc"), number(256)}) == hash("SHA256", {text("abc")}));
  CHECK(hash("SHA2", {text("abc"), number(100)}) ==
        "bind: SHA2 knows 224, 256, 384 and 512 bits, not 100");
  CHECK(hash("SHA2", {text("abc"), none(Type::integer())}) == "NULL");
  const Outcome out =
      run(hash_functions(), "SHA2",
          {{text("a"), number(224)}, {text("a"), number(100)}, {text("a"), number(512)}});
  CHECK(shown(out, 0) == hash("SHA224", {text("a")}));
  CHECK(shown(out, 1) == "error: SHA2 knows 224, 256, 384 and 512 bits, not 100");
  CHECK(shown(out, 2) == hash("SHA512", {text("a")}));
  CHECK(hash("CRC32", {text("")}) == "0");
  CHECK(hash("CRC32", {text("123456789")}) == "3421780262");
  CHECK(hash("CRC32", {text("The quick brown fox jumps over the lazy dog")}) == "1095738169");
  CHECK(hash("XXHASH64", {text("")}) == "-1205034819632174695");
}

TEST_CASE("hash functions give the results of their examples") {
  for (const FunctionDescriptor& d : hash_functions()) {
    if (d.parameters.size() != 1) continue;
    INFO(d.name);
    CHECK(hash(d.name, {text("abc")}) == d.result);
  }
  CHECK(hash("SHA2", {text("abc"), number(224)}) == overloads(hash_functions(), "SHA2")[0].result);
}
