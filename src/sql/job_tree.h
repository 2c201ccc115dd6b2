// Builds the tree of one pipeline out of the tables, views and files that its queries read.
#pragma once

#include <set>
#include <string>

#include "sql/catalog.h"
#include "sql/script_jobs.h"
#include "sql/table_names.h"

namespace weir::sql {

class JobTree {
 public:
  JobTree(const Catalog& catalog, const SourceText& text, const ScriptInput& input, Errors& errors)
      : catalog_(catalog), text_(text), input_(input), errors_(errors) {}

  // A query whose rows go to standard output.
  void add_query(const Query& query);
  // ... or into a table. `again`: an INSERT before this one wrote to the table.
  void add_insert(const Insert& insert, bool again);
  // The tree, with the settings of SET laid over it.
  Node take(const Node& settings);

 private:
  Position at(const Place& place) const { return text_.at(place.offset, place.length); }
  void add_tables(const Query& query);
  void add_table(const TableRead& read);
  // `name`: of the source.
  void add_source(const CreateTable& table, const std::string& name);
  // The columns METADATA FROM a connector; false after an error.
  bool add_metadata(const CreateTable& table, Node& connector);
  // The columns that folders are called after; false after an error.
  bool add_partitions(const CreateTable& table, Node& connector);
  bool are_partitions(const Insert& insert, const CreateTable& table);
  void add_file(const std::string& path, const TableName& name);
  void add_input(const TableName& name);
  void add_view(const CreateView& view);
  Node event_time(const CreateTable& table, const WatermarkDefinition& watermark);
  Node query_step(const Query& query) const;

  const Catalog& catalog_;
  const SourceText& text_;
  const ScriptInput& input_;
  Errors& errors_;
  Node root_;
  std::set<std::string> known_;  // tables and views that are there
  size_t inserts_ = 0;
};

}  // namespace weir::sql
