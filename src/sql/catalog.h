// The tables and views of a script.
#pragma once

#include <map>
#include <string>

#include "sql/parser.h"
#include "sql/statement.h"

namespace weir::sql {

class Catalog {
 public:
  Catalog(const SourceText& text, Errors& errors) : text_(text), errors_(errors) {}

  void create(const CreateTable& table);
  void create(const CreateView& view);
  void drop(const Drop& drop);

  const CreateTable* table(const std::string& name) const;
  const CreateView* view(const std::string& name) const;
  std::vector<std::string> table_names() const;
  std::vector<std::string> view_names() const;
  // The name without catalogue and database.
  static std::string name_of(const TableName& name) { return name.path.back(); }

  // "t: ..." for DESCRIBE; and SHOW CREATE.
  std::string describe(const CreateTable& table) const;
  void complain(const Place& place, std::string message, std::string hint = {}) const;

 private:
  bool is_free(const TableName& name, bool if_not_exists) const;
  void take_over(CreateTable& table, const LikeClause& like) const;

  const SourceText& text_;
  Errors& errors_;
  std::map<std::string, CreateTable> tables_;
  std::map<std::string, CreateView> views_;
};

}  // namespace weir::sql
