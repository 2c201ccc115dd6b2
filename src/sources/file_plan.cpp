#include "sources/file_plan.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/units.h"
#include "io/feed.h"
#include "sources/feed_source.h"
#include "sources/file_position.h"
#include "sources/follow_feed.h"
#include "sources/source_format.h"

namespace weir {
namespace {

constexpr size_t kSampleBytes = size_t{256} << 10;
constexpr size_t kLargestSample = size_t{64} << 20;  // as long as a record may be
constexpr size_t kMostPeeked = 16;                   // files looked into for one that is not empty

bool stat_input(const std::string& path, struct stat& info) {
  return (path == "-" ? ::fstat(0, &info) : ::stat(path.c_str(), &info)) == 0;
}

bool is_regular(const std::string& path) {
  struct stat info{};
  return stat_input(path, info) && S_ISREG(info.st_mode);
}

// When the first file was written last: times without a year are near it. Else now.
int64_t reference_time(const std::vector<std::string>& paths, int64_t now_us) {
  struct stat info{};
  if (paths.empty() || !stat_input(paths.front(), info) || !S_ISREG(info.st_mode)) return now_us;
  return int64_t{info.st_mtim.tv_sec} * 1'000'000 + info.st_mtim.tv_nsec / 1000;
}

// A sample with one whole record at least, where records are lines that are not too long.
Result<Peek> sample_with_a_record(const std::string& path) {
  for (size_t size = kSampleBytes;; size *= 8) {
    auto sample = peek_file(path, std::min(size, kLargestSample));
    if (!sample || sample->whole || size >= kLargestSample ||
        sample->head.find('\n') != std::string::npos)
      return sample;
  }
}

// The head of the first input that has one. Beyond the first, only files are asked: a pipe would wait.
Result<Peek> sample_of(const std::vector<std::string>& paths) {
  Result<Peek> sample = Peek{"", true};
  for (size_t i = 0; i < std::min(paths.size(), kMostPeeked); ++i) {
    if (i > 0 && !is_regular(paths[i])) break;
    sample = sample_with_a_record(paths[i]);
    if (!sample || !sample->head.empty()) break;
  }
  return sample;
}

std::string shown(const std::string& path) { return path == "-" ? "stdin" : path; }

class FilePlan final : public SourcePlan {
 public:
  FilePlan(std::string kind, std::vector<std::string> paths, bool found, SourceFormat format,
           std::optional<Following> following, std::shared_ptr<FolderColumns> folders)
      : following_(std::move(following)),
        folders_(std::move(folders)),
        kind_(std::move(kind)),
        paths_(std::move(paths)),
        found_(found),
        format_(std::move(format.format)),
        format_name_(std::move(format.name)) {}

  const Schema& schema() const override {
    static const Schema none;
    return format_ ? format_->schema() : none;
  }
  bool bounded() const override { return !following_; }
  bool partitioned() const override { return following_.has_value(); }
  bool partitions_last() const override { return !following_; }
  const Format* format() const override { return format_.get(); }
  std::vector<std::string> paths() const override { return paths_; }

  std::string explain() const override {
    std::string text = kind_ + ": ";
    if (kind_ != "stdin") text += files_text() + ", ";
    if (following_) text += "followed, ";
    return text + (format_name_.empty() ? "format not known yet" : format_name_);
  }

  std::string partition_name(uint32_t partition) const override {
    if (following_) return following_->paths.front();
    return partition < paths_.size() ? shown(paths_[partition]) : kind_;
  }

  Result<std::unique_ptr<Source>> open(const FeedOptions& options) const override {
    if (!format_)
      return fail(ErrorKind::kInternal, "the source was bound without a look at its input");
    if (following_) return follow(options, {}, false);
    std::vector<std::string> files = paths_;
    if (!found_) {
      auto expanded = expand_paths(paths_);
      if (!expanded) return fail(expanded.error());
      files = std::move(*expanded);
    }
    if (auto named = name_folders(files); !named) return fail(named.error());
    auto feed = make_file_feed(std::move(files), format_->cutter(), options);
    if (!feed) return fail(feed.error());
    return make_feed_source(std::move(*feed), schema());
  }

  bool resumable() const override { return kind_ == "file"; }

  Result<std::unique_ptr<Source>> resume(const FeedOptions& options, const std::string* position,
                                         std::vector<std::string>& warnings) const override {
    if (!resumable()) return open(options);
    std::vector<FilePosition> saved;
    if (position != nullptr) {
      auto decoded = decode_positions(*position);
      if (!decoded) return fail(decoded.error());
      saved = std::move(*decoded);
    }
    if (following_) return follow(options, std::move(saved), true, &warnings);
    auto work = plan_files(paths_, saved);
    if (!work) return fail(work.error());
    warnings.insert(warnings.end(), work->warnings.begin(), work->warnings.end());
    // Partitions keep the numbers of the paths, for messages; renamed files come after them.
    auto next = static_cast<uint32_t>(paths_.size());
    for (auto& input : work->inputs) {
      const auto at = std::find(paths_.begin(), paths_.end(), input.path);
      input.partition = at == paths_.end() ? next++ : static_cast<uint32_t>(at - paths_.begin());
      if (!folders_) continue;
      if (auto named = folders_->set_path(input.partition, input.path); !named)
        return fail(named.error());
    }
    auto feed = resume_file_feed(work->inputs, format_->cutter(), options);
    if (!feed) return fail(feed.error());
    return make_resumable_source(std::move(*feed), std::move(*work), schema());
  }

 private:
  Result<void> name_folders(const std::vector<std::string>& files) const {
    for (size_t i = 0; folders_ && i < files.size(); ++i)
      if (auto named = folders_->set_path(static_cast<uint32_t>(i), files[i]); !named) return named;
    return {};
  }

  Result<std::unique_ptr<Source>> follow(const FeedOptions& options,
                                         std::vector<FilePosition> saved, bool keeps_positions,
                                         std::vector<std::string>* warnings = nullptr) const {
    const FollowOptions follow{following_->paths, following_->rotate_wait_us, std::move(saved),
                               keeps_positions};
    std::vector<std::string> unread;
    return make_follow_source(follow, format_->cutter(), schema(), options,
                              warnings != nullptr ? *warnings : unread);
  }

  // "logs/a.log (1.2 GB)", "12 files, logs/a.log to logs/l.log (14 GB)".
  std::string files_text() const {
    std::string text;
    if (paths_.empty()) return following_ ? following_->paths.front() : text;
    if (paths_.size() == 1) {
      text = shown(paths_.front());
    } else {
      text = format_count(paths_.size()) + " files, " + shown(paths_.front()) + " to " +
             shown(paths_.back());
    }
    uint64_t bytes = 0;
    for (const std::string& path : paths_) {
      struct stat info{};
      if (!stat_input(path, info) || !S_ISREG(info.st_mode)) return text;
      bytes += static_cast<uint64_t>(info.st_size);
    }
    return text + " (" + format_byte_size(bytes) + ")";
  }

  std::optional<Following> following_;
  std::shared_ptr<FolderColumns> folders_;  // shared with the format; null: the paths say nothing
  std::string kind_;
  std::vector<std::string> paths_;
  bool found_;
  std::unique_ptr<Format> format_;
  std::string format_name_;
};

}  // namespace

void interrupt_sampling() { interrupt_peeks(); }

std::unique_ptr<SourcePlan> bind_files(std::string kind, std::vector<std::string> paths,
                                       const SourceSpec& spec, const SourceContext& context,
                                       Errors& errors, std::optional<Following> following,
                                       const NamedTexts& folder_columns) {
  const size_t before = errors.size();
  SourceFormat format = bind_source_format(
      spec, context, reference_time(paths, context.now_us), [&] { return sample_of(paths); },
      errors);
  if (errors.size() > before || (context.sample && !format.format)) return nullptr;
  std::shared_ptr<FolderColumns> folders;
  if (!folder_columns.empty()) {
    folders = std::make_shared<FolderColumns>(folder_columns, context.zone, errors);
    for (const auto& column : folder_columns)
      if (format.format && format.format->schema().find(column.name))
        errors.push_back({ErrorKind::kConfig,
                          "the files have a column `" + column.name + "` of their own",
                          column.name_position,
                          "the folders say it: leave it out of the files' schema",
                          {}});
    for (size_t i = 0; errors.size() == before && context.sample && i < paths.size(); ++i) {
      if (auto named = folders->set_path(static_cast<uint32_t>(i), paths[i]); !named) {
        errors.push_back(named.error());
        errors.back().position = folder_columns[0].name_position;
      }
    }
    if (errors.size() > before) return nullptr;
    if (format.format) format.format = with_folder_columns(std::move(format.format), folders);
  }
  return std::make_unique<FilePlan>(std::move(kind), std::move(paths), context.sample,
                                    std::move(format), std::move(following), std::move(folders));
}

}  // namespace weir
