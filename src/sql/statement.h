// SQL as written: statements. See ast.h.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "data/type.h"
#include "sql/ast.h"

namespace weir::sql {

struct ColumnDefinition {
  enum class Kind { kPhysical, kComputed, kMetadata };
  Kind kind = Kind::kPhysical;
  Name name;
  Type type;  // of kPhysical and kMetadata
  bool not_null = false;
  Expression expression;     // of kComputed
  std::string metadata_key;  // of kMetadata; empty: the column's name
  bool is_virtual = false;   // METADATA VIRTUAL: not written
  bool primary_key = false;  // inline
  std::string comment;
  bool is_stored() const { return kind == Kind::kPhysical; }
  bool operator==(const ColumnDefinition&) const = default;
};

// WATERMARK FOR column AS expression
struct WatermarkDefinition {
  std::vector<std::string> column;  // a path: a.b
  Expression expression;
  Place place;
  bool operator==(const WatermarkDefinition&) const = default;
};

// LIKE base (INCLUDING ALL, OVERWRITING OPTIONS)
struct LikeClause {
  struct Choice {
    std::string strategy;  // INCLUDING, EXCLUDING, OVERWRITING
    std::string feature;   // ALL, CONSTRAINTS, GENERATED, METADATA, OPTIONS, PARTITIONS, WATERMARKS
    bool operator==(const Choice&) const = default;
  };
  TableName table;
  std::vector<Choice> choices;
  bool operator==(const LikeClause&) const = default;
};

struct CreateTable {
  bool temporary = false;
  bool if_not_exists = false;
  TableName name;
  std::vector<ColumnDefinition> columns;
  std::vector<WatermarkDefinition> watermarks;
  std::vector<Name> primary_key;
  std::string comment;
  std::vector<Name> partitioned_by;
  std::vector<Option> options;
  Branch<LikeClause> like;
  Branch<Query> as;
  bool operator==(const CreateTable&) const = default;
};

struct CreateView {
  bool temporary = false;
  bool if_not_exists = false;
  TableName name;
  std::vector<Name> columns;
  std::string comment;
  Query query;
  bool operator==(const CreateView&) const = default;
};

struct Drop {
  bool view = false;  // else a table
  bool temporary = false;
  bool if_exists = false;
  TableName name;
  bool operator==(const Drop&) const = default;
};

struct Insert {
  enum class OnConflict { kNotWritten, kError, kNothing, kDeduplicate };
  bool overwrite = false;
  TableName table;
  std::vector<Hint> hints;
  struct PartitionValue {
    Name column;
    Expression value;  // empty: a partition that the rows name
    bool operator==(const PartitionValue&) const = default;
  };
  std::vector<PartitionValue> partition;
  std::vector<Name> columns;
  Query query;
  OnConflict on_conflict = OnConflict::kNotWritten;
  bool operator==(const Insert&) const = default;
};

// EXECUTE STATEMENT SET BEGIN INSERT ...; INSERT ...; END
struct StatementSet {
  std::vector<Insert> inserts;
  bool operator==(const StatementSet&) const = default;
};

struct SetOption {
  Name key;  // empty: show all
  Name value;
  bool operator==(const SetOption&) const = default;
};

struct ResetOption {
  Name key;  // empty: all
  bool operator==(const ResetOption&) const = default;
};

struct Explain {
  std::vector<std::string> details;  // CHANGELOG_MODE ..., upper case
  std::variant<Query, Insert, StatementSet> what;
  bool operator==(const Explain&) const = default;
};

struct Show {
  enum class What { kTables, kViews, kFunctions, kColumns, kCreateTable, kCreateView };
  What what = What::kTables;
  TableName name;  // of kColumns, kCreateTable, kCreateView
  bool not_like = false;
  std::optional<std::string> like;
  bool operator==(const Show&) const = default;
};

struct Describe {
  bool extended = false;
  TableName name;
  bool operator==(const Describe&) const = default;
};

struct Statement {
  std::variant<Query, CreateTable, CreateView, Drop, Insert, StatementSet, SetOption, ResetOption,
               Explain, Show, Describe>
      what;
  Place place;
  bool operator==(const Statement&) const = default;
};

}  // namespace weir::sql
