// Paths of partitioned output: "out/%Y-%m-%d/{status}.csv.zst".
//
// %Y %m %d %H %M %S %j are parts of a row's time, {NAME} the text of its column as io/folder_name.h writes it.
// NULL is __NULL__.
//
// Threads: one at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "data/civil.h"
#include "data/schema.h"

namespace weir {

class PartitionPath {
 public:
  // True if the path has such parts at all.
  static bool is_pattern(std::string_view path);
  // Error: kConfig.
  static Result<PartitionPath> parse(std::string_view pattern, const Schema& schema,
                                     const TimeZone* zone);

  bool uses_time() const { return uses_time_; }
  // The column that gives the time.
  void set_time_column(size_t column, const Type& type) {
    time_column_ = column;
    time_type_ = type;
  }
  // The folder above all that varies; "" is the current one.
  const std::string& base() const { return base_; }
  // How many folders there are below it.
  int depth() const { return depth_; }
  // The path of a row.
  void expand(const Batch& batch, size_t row, std::string& out);

 private:
  struct Part {
    enum class Kind { kText, kTime, kColumn };
    Kind kind = Kind::kText;
    std::string text;
    char field = 0;     // kTime
    size_t column = 0;  // kColumn
  };
  void append_time(char field, int64_t local_us, std::string& out) const;

  std::vector<Part> parts_;
  std::string base_;
  int depth_ = 0;
  bool uses_time_ = false;
  size_t time_column_ = 0;
  Type time_type_;
  const TimeZone* zone_ = utc();
};

}  // namespace weir
