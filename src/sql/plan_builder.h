// What a query becomes: steps and sources of a plan. The lowering asks for each of them and gets the columns
// that it gives, so that types come from the operators themselves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "data/civil.h"
#include "data/schema.h"

namespace weir::sql {

// The rows that a source or step gives.
struct Rows {
  size_t node = 0;  // the builder's number
  Schema schema;
  bool has_event_time = false;
  bool changelog = false;   // on a stream rows are taken back
  std::string shown_as{};   // what messages call it
  std::string time_column;  // the column that holds the event time; empty: none does
};

class PlanBuilder {
 public:
  virtual ~PlanBuilder() = default;

  virtual const TimeZone* zone() const = 0;
  virtual bool streaming() const = 0;
  // A source or step that the query may read by its name; also `input`.
  virtual std::optional<Rows> find_table(const std::string& name) = 0;
  virtual std::vector<std::string> table_names() const = 0;

  // Each gives nothing after an error, which it has reported.
  virtual std::optional<Rows> add_source(SourceSpec source) = 0;
  virtual std::optional<Rows> add_step(ComponentSpec step, const std::vector<Rows>& inputs) = 0;
  // The same rows with an event time. Only right behind a source, or behind steps that workers run.
  virtual std::optional<Rows> add_event_time(EventTimeSpec time, const Rows& input) = 0;
};

}  // namespace weir::sql
