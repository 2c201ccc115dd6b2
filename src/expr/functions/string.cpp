// The string family: its parts in one list.
#include <iterator>

#include "expr/functions/string_families.h"

namespace weir {

FunctionList string_functions() {
  FunctionList all;
  const auto add = [&all](FunctionList part) {
    all.insert(all.end(), std::make_move_iterator(part.begin()),
               std::make_move_iterator(part.end()));
  };
  add(string_case_functions());
  add(string_length_functions());
  add(string_search_functions());
  add(string_trim_functions());
  add(string_part_functions());
  add(string_build_functions());
  add(string_join_functions());
  add(string_split_functions());
  add(string_printf_functions());
  add(string_encode_functions());
  add(string_url_functions());
  for (FunctionDescriptor& d : all) {
    if (d.family.empty()) d.family = "string";
  }
  return all;
}

}  // namespace weir
