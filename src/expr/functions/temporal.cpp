// The temporal family: its parts in one list.
#include <iterator>

#include "expr/functions/temporal_units.h"

namespace weir {

FunctionList temporal_functions() {
  FunctionList all;
  const auto add = [&all](FunctionList part) {
    all.insert(all.end(), std::make_move_iterator(part.begin()),
               std::make_move_iterator(part.end()));
  };
  add(temporal_now_functions());
  add(temporal_part_functions());
  add(temporal_round_functions());
  add(temporal_shift_functions());
  add(temporal_text_functions());
  for (FunctionDescriptor& d : all) d.family = "temporal";
  return all;
}

}  // namespace weir
