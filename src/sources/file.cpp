#include "io/input.h"
#include "sources/file_plan.h"
#include "sources/source_format.h"
#include "sources/source_list.h"

namespace weir {
namespace {

struct FileSourceOptions {
  std::vector<std::string> path;
  bool follow = false;
  Duration rotate_wait{5'000'000};
  NamedTexts partition_by;
};

const OptionTable<FileSourceOptions>& file_source_options() {
  static const OptionTable<FileSourceOptions> table = {
      {"path", &FileSourceOptions::path,
       "files, folders (their files) and globs (** goes through folders), read in order of their "
       "names; gzip, bzip2, xz and zstd are recognised by content",
       true},
      {"follow", &FileSourceOptions::follow,
       "keep reading as files grow, are rotated by renaming or truncation, and new ones come"},
      {"rotate_wait", &FileSourceOptions::rotate_wait,
       "follow: how long a file that has no name of ours any more may still grow"},
      {"partition_by", &FileSourceOptions::partition_by,
       "columns that stand in the names of folders, DAY=2024-01-31/KIND=a/part.csv, behind those "
       "of the files: "
       "{ DAY = \"DATE\", KIND = \"STRING\" }; files whose name begins with _ or . are passed "
       "over"},
  };
  return table;
}

std::vector<OptionDoc> file_docs() {
  std::vector<OptionDoc> all = option_docs(file_source_options());
  for (OptionDoc& doc : common_source_docs("found by looking")) all.push_back(std::move(doc));
  return all;
}

std::unique_ptr<SourcePlan> bind_file(const SourceSpec& spec, const SourceContext& context,
                                      Errors& errors) {
  FileSourceOptions options;
  const size_t before = errors.size();
  read_options(file_source_options(), spec.options, options, errors, "the file source",
               kCommonSourceKeys);
  if (errors.size() > before) return nullptr;
  const Node* path = spec.options.find("path");
  if (options.path.empty()) {
    errors.push_back({ErrorKind::kConfig, "`path` names no file", path->position, {}, {}});
    return nullptr;
  }
  const Node* folders = spec.options.find("partition_by");
  if (options.follow && folders != nullptr) {
    errors.push_back({ErrorKind::kConfig,
                      "folders of partitions are not followed",
                      folders->position,
                      "leave out `follow`: a later run reads what has come",
                      {}});
    return nullptr;
  }
  if (options.follow) {
    // They need not be there yet.
    std::vector<std::string> there;
    for (const auto& one : options.path) {
      auto expanded = expand_paths({one});
      if (expanded) there.insert(there.end(), expanded->begin(), expanded->end());
    }
    Following following{std::move(options.path), options.rotate_wait.us};
    return bind_files("file", std::move(there), spec, context, errors, std::move(following));
  }
  if (context.sample) {
    auto expanded = expand_paths(options.path);
    if (!expanded) {
      Error error = expanded.error();
      error.position = path->position;
      errors.push_back(std::move(error));
      return nullptr;
    }
    options.path = std::move(*expanded);
    if (folders != nullptr) options.path = files_of_folders(std::move(options.path));
  }
  return bind_files("file", std::move(options.path), spec, context, errors, std::nullopt,
                    options.partition_by);
}

}  // namespace

const SourceDescriptor kFileSource = {"file", "reads files, one after another", file_docs,
                                      bind_file};

}  // namespace weir
