#include "expr/json_operands.h"

namespace weir {

std::vector<std::string> words_with_raw(const Ast& call) {
  std::vector<std::string> words = call.words;
  const bool pairs = call.name == "JSON_OBJECT" || call.name == "JSON_OBJECTAGG";
  if (!pairs && call.name != "JSON_ARRAY" && call.name != "JSON_ARRAYAGG") return words;
  for (size_t i = pairs ? 1 : 0; i < call.args.size(); i += pairs ? 2 : 1) {
    const Ast& arg = *call.args[i];
    if (arg.kind == AstKind::kCall &&
        (arg.name == "JSON" || arg.name == "JSON_OBJECT" || arg.name == "JSON_ARRAY"))
      words.push_back("RAW " + std::to_string(i));
  }
  return words;
}

}  // namespace weir
