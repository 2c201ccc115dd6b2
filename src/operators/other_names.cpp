#include "operators/other_names.h"

#include <array>
#include <utility>

namespace weir {

std::string_view operator_elsewhere_called(std::string_view name) {
  static constexpr auto kNames = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"compute", "op = \"extend\" keeps the columns and adds computed ones"},
      {"count", "op = \"aggregate\" with aggregate = { n = \"COUNT(*)\" }"},
      {"cut", "op = \"map\" makes a new set of columns, op = \"drop\" leaves some out"},
      {"dedup", "op = \"distinct\""},
      {"deduplicate", "op = \"distinct\""},
      {"explode", "op = \"flat_map\""},
      {"flatmap", "op = \"flat_map\""},
      {"flatten", "op = \"flat_map\""},
      {"global", "a window has its own table: [window] type = \"global\""},
      {"grep", "op = \"filter\" with where = \"line LIKE '%text%'\" or \"REGEXP(line, 'regex')\""},
      {"group_by", "op = \"aggregate\" with key_by and aggregate"},
      {"groupby", "op = \"aggregate\" with key_by and aggregate"},
      {"head", "op = \"limit\""},
      {"key_by", "key_by is a key of the steps that group: aggregate, reduce, [window]"},
      {"mutate", "op = \"extend\""},
      {"nest", "op = \"parse\" reads a text column, op = \"flat_map\" takes arrays apart"},
      {"order_by", "op = \"sort\" with by = \"column DESC\""},
      {"orderby", "op = \"sort\" with by = \"column DESC\""},
      {"project", "op = \"map\" makes a new set of columns, op = \"drop\" leaves some out"},
      {"put", "op = \"extend\""},
      {"select", "op = \"map\" makes a new set of columns, op = \"drop\" leaves some out"},
      {"summarize", "op = \"aggregate\""},
      {"take", "op = \"limit\""},
      {"tumbling", "a window has its own table: [window] type = \"tumbling\""},
      {"uniq", "op = \"distinct\", or op = \"aggregate\" with COUNT(*) to count"},
      {"unique", "op = \"distinct\""},
      {"unnest", "op = \"flat_map\""},
      {"where", "op = \"filter\" with where = \"condition\""},
      {"with_columns", "op = \"extend\""},
  });
  for (const auto& [elsewhere, here] : kNames)
    if (elsewhere == name) return here;
  return {};
}

}  // namespace weir
