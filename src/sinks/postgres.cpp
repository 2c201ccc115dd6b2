#include "sinks/postgres_table.h"
#include "sinks/sink_list.h"

namespace weir {
namespace {

const OptionTable<TableSinkOptions>& postgres_options() {
  static const OptionTable<TableSinkOptions> table = table_sink_options(
      "url", "the database: postgres://USER@HOST/NAME, or \"host=... dbname=...\" as for psql");
  return table;
}

std::vector<OptionDoc> postgres_docs() { return option_docs(postgres_options()); }

std::unique_ptr<SinkPlan> bind_postgres(const SinkSpec& spec, const Schema& schema,
                                        const SinkContext& context, Errors& errors) {
  return bind_table_sink("postgres", postgres_options(), connect_postgres, spec, schema, context,
                         errors);
}

}  // namespace

const SinkDescriptor kPostgresSink = {"postgres", "writes rows into a table of PostgreSQL",
                                      postgres_docs, bind_postgres};

}  // namespace weir
