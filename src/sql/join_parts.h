// A join while its condition is sorted.
#pragma once

#include "sql/lowering.h"

namespace weir::sql {

struct Lowering::JoinParts {
  struct Key {
    AstPtr left;
    AstPtr right;
  };
  struct Merged {  // of USING
    std::string name;
    std::string left;
    std::string right;
  };
  Relation left;
  Relation right;
  JoinKind kind = JoinKind::kInner;
  Place place;
  std::vector<Key> keys;                 // resolved, each over its side
  std::vector<std::string> window_keys;  // window_start and window_end of both sides
  Conjuncts rest;                        // over both sides
  std::vector<Merged> merged;
  std::string semi;  // semi, anti or mark in place of `kind`
  std::string mark;
  bool null_aware = false;
};

}  // namespace weir::sql
