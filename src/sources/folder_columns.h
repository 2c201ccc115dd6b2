// Columns that stand in the names of folders: out/day=2024-01-01/kind=a/part.csv, as the file sink's
// `partition_by` writes them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"
#include "data/civil.h"
#include "data/value.h"
#include "formats/format.h"

namespace weir {

// Their values, a row of them for each file. set_path is called before any block of that file is decoded.
class FolderColumns {
 public:
  // `columns`: names and types. Problems go to `errors`.
  FolderColumns(const NamedTexts& columns, const TimeZone* zone, Errors& errors);

  const Schema& schema() const { return schema_; }
  // Error: kData, a file in no such folder, or a name that is no value of the column's type.
  Result<void> set_path(uint32_t partition, std::string_view path);
  const std::vector<Value>& values(uint32_t partition) const { return values_[partition]; }

 private:
  Schema schema_;
  const TimeZone* zone_;
  std::vector<std::vector<Value>> values_;  // by partition
};

// `format` with these columns behind its own.
std::unique_ptr<Format> with_folder_columns(std::unique_ptr<Format> format,
                                            std::shared_ptr<const FolderColumns> columns);

// Without those that readers of such folders pass over: _SUCCESS, .part.csv.inprogress
std::vector<std::string> files_of_folders(std::vector<std::string> paths);

}  // namespace weir
