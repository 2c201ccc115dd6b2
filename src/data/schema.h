// The names and types of a batch's columns.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/type.h"

namespace weir {

struct ColumnSpec {
  std::string name;
  Type type;
  bool operator==(const ColumnSpec&) const = default;
};

class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<ColumnSpec> columns) : columns_(std::move(columns)) {}

  size_t size() const { return columns_.size(); }
  const ColumnSpec& operator[](size_t i) const { return columns_[i]; }
  const std::vector<ColumnSpec>& columns() const { return columns_; }
  auto begin() const { return columns_.begin(); }
  auto end() const { return columns_.end(); }

  // Names are case-sensitive, as in Flink.
  std::optional<size_t> find(std::string_view name) const;
  std::vector<std::string> names() const;
  void add(std::string name, Type type) { columns_.push_back({std::move(name), std::move(type)}); }

  bool operator==(const Schema&) const = default;
  std::string to_string() const;  // "(a INT, b STRING)"

 private:
  std::vector<ColumnSpec> columns_;
};

}  // namespace weir
