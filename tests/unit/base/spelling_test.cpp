#include "base/spelling.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace weir;

TEST_CASE("the nearest name within reach is found") {
  const std::vector<std::string> names = {"status", "state", "bytes", "url"};
  CHECK(nearest_name("statsu", names) == "status");
  CHECK(nearest_name("STATUS", names) == "status");
  CHECK(nearest_name("stat", names) == "state");
  CHECK(nearest_name("ur", names) == "url");
  CHECK(nearest_name("byte", names) == "bytes");
  CHECK(nearest_name("timestamp", names).empty());
  CHECK(nearest_name("", names).empty());
  CHECK(nearest_name("x", std::vector<std::string>{"y"}).empty());
  CHECK(nearest_name(std::string(1000, 'a'), names).empty());
}

TEST_CASE("the first of equally near names is taken") {
  const std::vector<std::string> names = {"ab", "ac"};
  CHECK(nearest_name("ad", names) == "ab");
}

TEST_CASE("a hint lists few names and proposes near ones") {
  const std::vector<std::string> few = {"json", "csv"};
  CHECK(spelling_hint("jsn", few) == "did you mean `json`?");
  CHECK(spelling_hint("parquet", few) == "known: json, csv");
  CHECK(spelling_hint("parquet", std::vector<std::string>{}).empty());
  CHECK(spelling_hint("parquet", std::vector<std::string>(13, "x")).empty());
}
