#include "sources/folder_columns.h"

#include <optional>

#include "expr/binder.h"
#include "expr/fold.h"
#include "expr/leaf.h"
#include "io/folder_name.h"

namespace weir {

namespace {

// The text behind NAME= in the last folder that has it.
std::optional<std::string_view> in_path(std::string_view path, std::string_view name) {
  std::optional<std::string_view> found;
  for (size_t end = 0; (end = path.find('/')) != std::string_view::npos;
       path.remove_prefix(end + 1)) {
    const std::string_view folder = path.substr(0, end);
    const size_t equals = folder.find('=');
    if (equals != std::string_view::npos && text_of_folder(folder.substr(0, equals)) == name)
      found = folder.substr(equals + 1);
  }
  return found;
}

class FolderDecoder final : public Decoder {
 public:
  FolderDecoder(std::unique_ptr<Decoder> inner, size_t columns, std::vector<bool> needed,
                const FolderColumns& folders)
      : inner_(std::move(inner)),
        columns_(columns),
        needed_(std::move(needed)),
        folders_(folders) {}

  void decode(const Block& block, Batch& batch) override {
    inner_->decode(block, batch);
    batch.columns.resize(columns_);
    const auto& values = folders_.values(block.origin.partition);
    for (size_t c = 0; c < values.size(); ++c) {
      if (!needed_[c]) {
        batch.columns.push_back(nullptr);
        continue;
      }
      ColumnPtr column = make_column(folders_.schema()[c].type);
      for (size_t row = 0; row < batch.rows; ++row) append_value(*column, values[c], batch.arena());
      batch.columns.push_back(std::move(column));
    }
  }

 private:
  std::unique_ptr<Decoder> inner_;
  const size_t columns_;  // that the files have
  const std::vector<bool> needed_;
  const FolderColumns& folders_;
};

class FolderFormat final : public Format {
 public:
  FolderFormat(std::unique_ptr<Format> inner, std::shared_ptr<const FolderColumns> folders)
      : inner_(std::move(inner)), folders_(std::move(folders)), schema_(inner_->schema()) {
    for (const auto& column : folders_->schema()) schema_.add(column.name, column.type);
  }

  std::shared_ptr<const RecordCutter> cutter() const override { return inner_->cutter(); }
  const Schema& schema() const override { return schema_; }
  bool is_binary() const override { return inner_->is_binary(); }
  bool is_container() const override { return inner_->is_container(); }

  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    const size_t columns = inner_->schema().size();
    DecodeRequest of_files = request;
    const auto behind = request.needed.begin() + static_cast<ptrdiff_t>(columns);
    of_files.needed.assign(request.needed.begin(), behind);
    // They are hints: the filter comes all the same.
    std::erase_if(of_files.predicates, [&](const auto& p) { return p.column >= columns; });
    return std::make_unique<FolderDecoder>(inner_->make_decoder(of_files), columns,
                                           std::vector<bool>(behind, request.needed.end()),
                                           *folders_);
  }

 private:
  std::unique_ptr<Format> inner_;
  std::shared_ptr<const FolderColumns> folders_;
  Schema schema_;
};

}  // namespace

FolderColumns::FolderColumns(const NamedTexts& columns, const TimeZone* zone, Errors& errors)
    : zone_(zone) {
  for (const auto& column : columns) {
    auto type = parse_type(column.value.text);
    if (!type) {
      Error error = type.error();
      error.position = column.value.at(0, column.value.text.size());
      errors.push_back(std::move(error));
    } else if (auto cast = cast_to(make_literal(Value::string("")), *type); !cast) {
      errors.push_back({ErrorKind::kConfig,
                        "no text of a folder's name is a value of " + type->to_string(),
                        column.value.position,
                        {},
                        {}});
    } else {
      schema_.add(column.name, *type);
    }
  }
}

Result<void> FolderColumns::set_path(uint32_t partition, std::string_view path) {
  std::vector<Value> values;
  for (const auto& column : schema_) {
    const auto name = in_path(path, column.name);
    if (!name)
      return fail(ErrorKind::kData,
                  "`" + std::string(path) + "` stands in no folder " + column.name + "=...",
                  "every file of a partitioned table stands in folders called after its columns");
    if (is_null_folder(*name)) {
      values.push_back(Value::null(column.type));
      continue;
    }
    auto cast = cast_to(make_literal(Value::string(text_of_folder(*name))), column.type);
    if (!cast) return fail(cast.error());
    const ExprPtr folded = fold(std::move(*cast), zone_);
    const Value* value = folded->as_literal();
    if (value == nullptr)
      return fail(ErrorKind::kData, "`" + std::string(path) + "`: '" + text_of_folder(*name) +
                                        "' is no value of " + column.name + " " +
                                        column.type.to_string());
    values.push_back(*value);
  }
  if (values_.size() <= partition) values_.resize(partition + 1);
  values_[partition] = std::move(values);
  return {};
}

std::unique_ptr<Format> with_folder_columns(std::unique_ptr<Format> format,
                                            std::shared_ptr<const FolderColumns> columns) {
  return std::make_unique<FolderFormat>(std::move(format), std::move(columns));
}

std::vector<std::string> files_of_folders(std::vector<std::string> paths) {
  std::erase_if(paths, [](const std::string& path) {
    const size_t slash = path.rfind('/');
    const size_t name = slash == std::string::npos ? 0 : slash + 1;
    return name < path.size() && (path[name] == '_' || path[name] == '.');
  });
  return paths;
}

}  // namespace weir
