// map: a new set of columns, each an expression of the old ones.

#include "operators/column_list.h"
#include "operators/operator_list.h"
#include "operators/projection.h"

namespace weir {

namespace {

struct MapOptions {
  NamedTexts columns;
};

const OptionTable<MapOptions>& map_options() {
  static const OptionTable<MapOptions> table = {
      {"columns", &MapOptions::columns, "the new columns: name = \"expression\"", true},
  };
  return table;
}

std::unique_ptr<OperatorPlan> bind_map(const ComponentSpec& spec, const Schema& input,
                                       const BindContext& context, Errors& errors) {
  MapOptions options;
  const size_t before = errors.size();
  read_options(map_options(), spec.options, options, errors, "the map operator", {"op"});
  if (errors.size() != before) return nullptr;
  auto columns = bind_columns(options.columns, input, context, errors);
  if (errors.size() != before) return nullptr;
  return make_projection("map", input, std::move(columns), "map: " + join_texts(options.columns));
}

}  // namespace

const OperatorDescriptor kMapOperator = {
    "map",
    "Makes a new set of columns, each an expression of the old ones.",
    [] { return option_docs(map_options()); },
    bind_map,
};

}  // namespace weir
