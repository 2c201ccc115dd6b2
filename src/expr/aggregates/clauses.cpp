#include "expr/aggregates/clauses.h"

namespace weir {

namespace {

std::unexpected<Error> unknown_clause(std::string_view function, const std::string& word,
                                      std::string hint) {
  return fail(ErrorKind::kConfig, std::string(function) + " knows no " + word, std::move(hint));
}

}  // namespace

Result<bool> read_nulls_clause(std::string_view function, std::span<const std::string> words,
                               bool standard) {
  bool respect = standard;
  for (const std::string& word : words) {
    if (word != "IGNORE NULLS" && word != "RESPECT NULLS")
      return unknown_clause(function, word, "it knows IGNORE NULLS and RESPECT NULLS");
    respect = word == "RESPECT NULLS";
  }
  return respect;
}

Result<JsonClauses> read_json_clauses(std::string_view function, std::span<const std::string> words,
                                      bool keep_nulls) {
  JsonClauses clauses{keep_nulls, false};
  for (const std::string& word : words) {
    if (word.starts_with("RAW ")) {
      clauses.raw_value = true;
    } else if (word == "NULL ON NULL" || word == "ABSENT ON NULL") {
      clauses.keep_nulls = word == "NULL ON NULL";
    } else {
      return unknown_clause(function, word, "it knows NULL ON NULL and ABSENT ON NULL");
    }
  }
  return clauses;
}

}  // namespace weir
