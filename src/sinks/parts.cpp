#include "sinks/parts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <list>
#include <map>

#include "base/clock.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

// An unfinished file.
struct Part {
  std::string path;       // the name it will have
  std::string temporary;  // the name it has
  std::string partition;
  uint64_t length = 0;  // on disk, while it is closed
  uint64_t rows = 0;
  int64_t since_us = 0;
  std::unique_ptr<ByteSink> bytes;  // while it is open
  uint64_t before = 0;              // length when it was opened
  uint64_t written = 0;             // in all
};

struct Finished {
  std::string temporary;
  std::string path;
  uint64_t length = 0;
};

// --- positions: texts with their lengths before them, and numbers ---

void put_name(std::string& out, const std::string& text) {
  out += std::to_string(text.size()) + ":" + text;
}
void put_number(std::string& out, uint64_t n) { out += std::to_string(n) + ";"; }

class PositionReader {
 public:
  explicit PositionReader(std::string_view rest) : rest_(rest) {}
  bool at_end() const { return rest_.empty(); }
  // False once something was read that cannot be.
  bool ok() const { return ok_; }
  uint64_t number() { return digits(';'); }
  std::string text() {
    const uint64_t size = digits(':');
    if (size > rest_.size()) return refuse(), std::string();
    std::string taken(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  uint64_t digits(char end) {
    uint64_t n = 0;
    while (!rest_.empty() && rest_[0] != end) {
      if (rest_[0] < '0' || rest_[0] > '9') return refuse(), 0;
      n = n * 10 + static_cast<uint64_t>(rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return refuse(), 0;
    rest_.remove_prefix(1);
    return n;
  }
  void refuse() {
    ok_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

std::string temporary_of(const std::string& path, const std::string& id) {
  const size_t slash = path.rfind('/');
  const size_t name = slash == std::string::npos ? 0 : slash + 1;
  return path.substr(0, name) + "." + path.substr(name) + id;
}

bool exists(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

// "out/a.csv.zst", 2 -> "out/a-2.csv.zst"
std::string numbered(const std::string& path, uint64_t number) {
  if (number == 0) return path;
  const size_t slash = path.rfind('/');
  const size_t name = slash == std::string::npos ? 0 : slash + 1;
  const size_t dot = std::min(path.find('.', name + 1), path.size());
  return path.substr(0, dot) + "-" + std::to_string(number) + path.substr(dot);
}

class PartsSink final : public Sink {
 public:
  PartsSink(const PartsOptions& options, PartitionPath path, const Format& format,
            const Schema& schema, const EncodeOptions& encode)
      : options_(options),
        path_(std::move(path)),
        encoder_(format.make_encoder(columns_of(schema, options.columns), encode)),
        rolls_(options.roll_bytes + options.roll_rows +
                   static_cast<uint64_t>(options.roll_every_us) >
               0) {}
  ~PartsSink() override { abort(); }

  // Of a run with checkpoints.
  Result<void> go_on(const std::string& position) {
    keeps_ = true;
    PositionReader reader(position);
    for (uint64_t n = reader.number(); n > 0 && !reader.at_end(); --n) {
      Finished done;
      done.temporary = reader.text();
      done.path = reader.text();
      done.length = reader.number();
      finished_.push_back(std::move(done));
    }
    std::vector<std::unique_ptr<Part>> parts;
    while (!reader.at_end()) {
      auto part = std::make_unique<Part>();
      part->temporary = reader.text();
      part->path = reader.text();
      part->partition = reader.text();
      part->length = reader.number();
      part->rows = reader.number();
      part->since_us = static_cast<int64_t>(reader.number());
      part->written = part->length;
      parts.push_back(std::move(part));
    }
    if (!reader.ok()) {
      finished_.clear();
      return fail(ErrorKind::kState,
                  "the checkpoint's list of the files of " + options_.pattern + " cannot be read");
    }
    for (auto& part : parts)
      if (auto r = take_back(std::move(part)); !r) return r;
    remove_leftovers();
    return committed();
  }

  Result<void> write(const Batch& batch, std::string_view) override {
    // Rows of one partition as they come, in runs that are not longer than the batch.
    rows_of_.clear();
    std::vector<const std::string*> order;
    for (size_t row = 0; row < batch.rows; ++row) {
      path_.expand(batch, row, scratch_);
      auto [at, added] = rows_of_.try_emplace(scratch_);
      if (added) order.push_back(&at->first);
      at->second.push_back(static_cast<uint32_t>(row));
    }
    for (const std::string* partition : order)
      if (auto r = write_rows(*partition, batch, rows_of_.find(*partition)->second); !r) return r;
    return {};
  }

  Result<void> flush() override {
    for (auto& [partition, part] : parts_) {
      if (!part->bytes) continue;
      if (auto r = part->bytes->flush(); !r) return r;
    }
    return roll_old();
  }

  Result<std::string> checkpoint() override {
    if (auto r = roll_old(); !r) return fail(r.error());
    std::string position;
    put_number(position, finished_.size());
    for (const auto& done : finished_) {
      put_name(position, done.temporary);
      put_name(position, done.path);
      put_number(position, done.length);
    }
    for (auto& [partition, part] : parts_) {
      if (part->bytes) {
        auto length = part->bytes->checkpoint();
        if (!length) return fail(length.error());
        part->length = *length;
      }
      put_name(position, part->temporary);
      put_name(position, part->path);
      put_name(position, part->partition);
      put_number(position, part->length);
      put_number(position, part->rows);
      put_number(position, static_cast<uint64_t>(part->since_us));
    }
    return position;
  }

  // Finished files get their names.
  Result<void> committed() override {
    for (const auto& done : finished_) {
      if (!exists(done.temporary) && has_length(done.path, done.length))
        continue;  // before a crash
      if (auto r = publish_file(done.temporary, done.path, options_.overwrite); !r) return r;
    }
    finished_.clear();
    return {};
  }

  Result<void> commit() override {
    while (!parts_.empty())
      if (auto r = finish(parts_.begin()); !r) return r;
    return committed();
  }

  void abort() override {
    for (auto& [partition, part] : parts_) {
      if (keeps_) continue;  // the next run cuts it back
      if (part->bytes) part->bytes->abort();
      ::unlink(part->temporary.c_str());
    }
    if (!keeps_)
      for (const auto& done : finished_) ::unlink(done.temporary.c_str());
    parts_.clear();
    finished_.clear();
    used_.clear();
  }

  uint64_t bytes_written() const override { return bytes_; }

 private:
  using Parts = std::map<std::string, std::unique_ptr<Part>>;

  static Schema columns_of(const Schema& schema, const std::vector<size_t>& columns) {
    Schema some;
    for (const size_t c : columns) some.add(schema[c].name, schema[c].type);
    return some;
  }

  static bool has_length(const std::string& path, uint64_t length) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
           static_cast<uint64_t>(info.st_size) == length;
  }

  // A part of the last checkpoint. At the end of its run it may have been finished after it.
  Result<void> take_back(std::unique_ptr<Part> part) {
    if (!exists(part->temporary)) {
      if (has_length(part->path, part->length)) return {};
      return fail(ErrorKind::kState,
                  part->path + " is not as the last checkpoint knows it: its unfinished file " +
                      part->temporary + " is gone",
                  "it was changed by somebody else; --fresh starts over");
    }
    const std::string partition = part->partition;
    parts_[partition] = std::move(part);
    return {};
  }

  // Unfinished files that the checkpoint does not know: rows that come again.
  void remove_leftovers() {
    std::error_code ignored;
    const fs::path base = path_.base().empty() ? "." : path_.base();
    std::vector<fs::path> unknown;
    for (auto at = fs::recursive_directory_iterator(base, ignored);
         at != fs::recursive_directory_iterator(); at.increment(ignored)) {
      if (at.depth() >= path_.depth()) at.disable_recursion_pending();
      const std::string name = at->path().filename().string();
      if (!name.starts_with('.') || !name.ends_with(options_.id)) continue;
      unknown.push_back(at->path().lexically_normal());
    }
    for (const auto& file : unknown) {
      const auto is_it = [&](const std::string& temporary) {
        return fs::path(temporary).lexically_normal() == file;
      };
      const bool known =
          std::any_of(parts_.begin(), parts_.end(),
                      [&](const auto& part) { return is_it(part.second->temporary); }) ||
          std::any_of(finished_.begin(), finished_.end(),
                      [&](const auto& done) { return is_it(done.temporary); });
      if (!known) fs::remove(file, ignored);
    }
  }

  Result<void> write_rows(const std::string& partition, const Batch& batch,
                          const std::vector<uint32_t>& rows) {
    for (size_t at = 0; at < rows.size();) {
      auto part = open(partition);
      if (!part) return fail(part.error());
      Part& file = **part;
      size_t n = rows.size() - at;
      if (options_.roll_rows > 0) n = std::min<uint64_t>(n, options_.roll_rows - file.rows);
      // By size a file ends behind the piece that filled it.
      if (options_.roll_bytes > 0) n = std::min<size_t>(n, 1024);
      Batch some = batch;
      if (n < batch.rows) some.select(std::span(rows).subspan(at, n));
      std::vector<ColumnPtr> written;
      for (const size_t c : options_.columns) written.push_back(some.columns[c]);
      some.columns = std::move(written);
      encoded_.clear();
      encoder_->encode(some, encoded_);
      if (auto r = put(file, encoded_); !r) return r;
      file.rows += n;
      at += n;
      if (auto r = roll(partition, file); !r) return r;
    }
    return {};
  }

  Result<void> put(Part& part, const std::string& text) {
    bytes_ += text.size();
    if (auto r = part.bytes->write(text); !r) return r;
    part.written = part.before + part.bytes->bytes_written();
    return {};
  }

  bool is_old(const Part& part) const {
    return options_.roll_every_us > 0 &&
           wall_clock().now_us() - part.since_us >= options_.roll_every_us;
  }
  Result<void> roll(const std::string& partition, const Part& part) {
    const bool full = (options_.roll_rows > 0 && part.rows >= options_.roll_rows) ||
                      (options_.roll_bytes > 0 && part.written >= options_.roll_bytes);
    if (!full && !is_old(part)) return {};
    if (auto r = finish(parts_.find(partition)); !r) return r;
    return keeps_ ? Result<void>{} : committed();
  }
  Result<void> roll_old() {
    for (auto at = parts_.begin(); at != parts_.end();) {
      const auto part = at++;
      if (!is_old(*part->second)) continue;
      if (auto r = finish(part); !r) return r;
    }
    return keeps_ ? Result<void>{} : committed();
  }

  // --- files ---

  Result<Part*> open(const std::string& partition) {
    auto at = parts_.find(partition);
    if (at == parts_.end()) {
      auto made = make(partition);
      if (!made) return fail(made.error());
      at = parts_.emplace(partition, std::move(*made)).first;
      if (auto r = attach(*at->second); !r) return fail(r.error());
      encoded_.clear();
      encoder_->begin(encoded_);
      if (auto r = put(*at->second, encoded_); !r) return fail(r.error());
    } else if (!at->second->bytes) {
      if (auto r = attach(*at->second); !r) return fail(r.error());
    }
    used_.remove(at->first);
    used_.push_back(at->first);
    return at->second.get();
  }

  // A file of its own for a partition, not opened yet.
  Result<std::unique_ptr<Part>> make(const std::string& partition) {
    auto part = std::make_unique<Part>();
    part->partition = partition;
    part->since_us = wall_clock().now_us();
    if (auto r = make_folders(partition); !r) return fail(r.error());
    uint64_t number = next_[partition];
    const bool numbers = rolls_ || keeps_ || options_.numbers;
    if (numbers) {
      while (exists(numbered(partition, number)) ||
             exists(temporary_of(numbered(partition, number), options_.id)))
        ++number;
      next_[partition] = number + 1;
    } else if (exists(partition) && !options_.overwrite) {
      return fail(ErrorKind::kConfig, "the file " + partition + " exists already",
                  "`overwrite = true` replaces it when the run succeeds");
    }
    part->path = numbered(partition, number);
    part->temporary = temporary_of(part->path, options_.id);
    if (!numbers) ::unlink(part->temporary.c_str());  // of a run that died
    const int fd =
        ::open(part->temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) return fail(io_error("cannot create " + part->path, errno));
    ::close(fd);
    return part;
  }

  // Makes the folders of a path below the base. One that is a symbolic link is not followed.
  Result<void> make_folders(const std::string& path) {
    const std::string folder = fs::path(path).parent_path().string();
    if (folder.empty() || folder == made_folder_) return {};
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return fail(io_error("cannot make the folder " + folder, error.value()));
    const fs::path base = fs::canonical(path_.base().empty() ? "." : path_.base(), error);
    const fs::path real = fs::canonical(folder, error);
    const auto [end, unused] = std::mismatch(base.begin(), base.end(), real.begin(), real.end());
    if (error || end != base.end())
      return fail(ErrorKind::kConfig,
                  folder + " leads out of " + (path_.base().empty() ? "." : path_.base()),
                  "a symbolic link is in the way");
    made_folder_ = folder;
    return {};
  }

  // Opens a part behind what it holds.
  Result<void> attach(Part& part) {
    while (open_files() >= static_cast<size_t>(std::max(1, options_.max_open)))
      if (auto r = close_one(); !r) return r;
    auto file = make_resumed_file_sink(part.temporary, part.length);
    if (!file) return fail(file.error());
    auto bytes = make_compressing_sink(std::move(*file), options_.compression);
    if (!bytes) return fail(bytes.error());
    part.bytes = std::move(*bytes);
    part.before = part.length;
    return {};
  }

  size_t open_files() const { return used_.size(); }

  // Closes the file that was written least recently.
  Result<void> close_one() {
    const std::string partition = used_.front();
    used_.pop_front();
    const auto at = parts_.find(partition);
    return at == parts_.end() ? Result<void>{} : detach(*at->second);
  }

  Result<void> detach(Part& part) {
    if (!part.bytes) return {};
    auto length = part.bytes->checkpoint();
    if (!length) return fail(length.error());
    part.length = *length;
    auto closed = part.bytes->commit();
    part.bytes.reset();
    return closed;
  }

  Result<void> finish(Parts::iterator at) {
    Part& part = *at->second;
    encoded_.clear();
    encoder_->end(encoded_);
    if (!encoded_.empty()) {
      if (!part.bytes) {
        if (auto r = attach(part); !r) return r;
      }
      if (auto r = put(part, encoded_); !r) return r;
    }
    if (auto r = detach(part); !r) return r;
    finished_.push_back({part.temporary, part.path, part.length});
    used_.remove(at->first);
    parts_.erase(at);
    return {};
  }

  const PartsOptions& options_;
  PartitionPath path_;
  std::unique_ptr<Encoder> encoder_;
  const bool rolls_;
  bool keeps_ = false;           // with checkpoints
  Parts parts_;                  // by partition
  std::list<std::string> used_;  // partitions with an open file, the least recently written first
  std::vector<Finished> finished_;
  std::map<std::string, uint64_t> next_;  // numbers of partitions' files
  std::map<std::string, std::vector<uint32_t>> rows_of_;
  std::string made_folder_;
  std::string scratch_;
  std::string encoded_;
  uint64_t bytes_ = 0;
};

class PartsPlan final : public SinkPlan {
 public:
  PartsPlan(PartsOptions options, PartitionPath path, SinkFormat format, const Schema& schema,
            const SinkContext& context)
      : options_(std::move(options)),
        path_(std::move(path)),
        format_(std::move(format)),
        schema_(schema) {
    encode_options_.timezone = context.timezone;
  }

  const Format* format() const override { return nullptr; }  // rows must be told apart first
  std::string explain() const override {
    return "file: " + options_.pattern + ", " + format_.name + ", in parts";
  }
  Delivery delivery() const override { return Delivery::kExactlyOnce; }
  Result<std::unique_ptr<Sink>> open() const override { return make(); }
  Result<Place> begin() const override { return Place{"0;", true}; }
  Result<std::unique_ptr<Sink>> resume(const Place& place) const override {
    auto sink = make();
    if (auto r = sink->go_on(place.position); !r) return fail(r.error());
    return std::unique_ptr<Sink>(std::move(sink));
  }

 private:
  std::unique_ptr<PartsSink> make() const {
    return std::make_unique<PartsSink>(options_, path_, *format_.format, schema_, encode_options_);
  }

  PartsOptions options_;
  PartitionPath path_;
  SinkFormat format_;
  Schema schema_;
  EncodeOptions encode_options_;
};

}  // namespace

std::unique_ptr<SinkPlan> make_parts_plan(PartsOptions options, PartitionPath path,
                                          SinkFormat format, const Schema& schema,
                                          const SinkContext& context) {
  return std::make_unique<PartsPlan>(std::move(options), std::move(path), std::move(format), schema,
                                     context);
}

}  // namespace weir
