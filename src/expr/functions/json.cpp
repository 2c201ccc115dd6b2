// The JSON family: its parts in one list.
#include <iterator>

#include "expr/functions/json_families.h"

namespace weir {

FunctionList json_functions() {
  FunctionList all;
  const auto add = [&all](FunctionList part) {
    all.insert(all.end(), std::make_move_iterator(part.begin()),
               std::make_move_iterator(part.end()));
  };
  add(json_check_functions());
  add(json_query_functions());
  add(json_build_functions());
  for (FunctionDescriptor& d : all) d.family = "json";
  return all;
}

}  // namespace weir
