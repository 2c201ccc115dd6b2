#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/spelling.h"
#include "io/folder_name.h"
#include "sinks/byte_sink.h"
#include "sinks/file_place.h"
#include "sinks/parts.h"
#include "sinks/sink_list.h"
#include "sinks/stdout_plan.h"

namespace weir {
namespace {

struct FileSinkSpec {
  std::string path;
  std::string compression = "auto";
  int level = -1;
  int threads = 0;
  bool overwrite = false;
  bool append = false;
  Node roll;
  std::string time;
  int max_open = 100;
  std::vector<std::string> partition_by;
};

struct RollSpec {
  ByteSize size;
  Duration every;
  int64_t count = 0;
};

const OptionTable<RollSpec>& roll_options() {
  static const OptionTable<RollSpec> table = {
      {"size", &RollSpec::size, "a file of so many bytes is finished"},
      {"every", &RollSpec::every, "one so old"},
      {"count", &RollSpec::count, "one of so many rows"},
  };
  return table;
}

const OptionTable<FileSinkSpec>& file_sink_options() {
  static const OptionTable<FileSinkSpec> table = {
      {"path", &FileSinkSpec::path,
       "the file; it appears when the run has succeeded. With %Y %m %d %H %M %S %j (parts of a "
       "row's time) or {COLUMN} it is many files, each finished on its own. A symbolic link is "
       "refused",
       true},
      {"compression",
       &FileSinkSpec::compression,
       {"auto", "none", "gzip", "zstd", "bzip2", "xz"},
       "auto: by the path's end, .gz .zst .bz2 .xz"},
      {"level", &FileSinkSpec::level, "the compression's level; -1: its own default"},
      {"threads", &FileSinkSpec::threads, "worker threads of zstd"},
      {"overwrite", &FileSinkSpec::overwrite, "replace an existing file when the run succeeds"},
      {"append", &FileSinkSpec::append, "add to an existing file"},
      {"roll", &FileSinkSpec::roll,
       "when a file is finished and another one, numbered, begun: { size = \"256MB\", every = "
       "\"1h\", count = 100000 }, any of them"},
      {"time", &FileSinkSpec::time,
       "the column of the time in the path; the first TIMESTAMP if not given"},
      {"max_open", &FileSinkSpec::max_open, "files that are open at the same time, with many"},
      {"partition_by", &FileSinkSpec::partition_by,
       "columns that say the folder instead of standing in the files: `path` is a folder, and a "
       "row "
       "goes into COLUMN=VALUE/part.FORMAT below it; files that are there stay"},
  };
  return table;
}

// The format by the path's end, compression left out.
std::string_view standard_format(std::string_view path) {
  if (compression_of_path(path) != Compression::kNone) path = path.substr(0, path.rfind('.'));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSuffixes = {
      {{".csv", "csv"}, {".tsv", "tsv"}, {".txt", "text"}, {".log", "text"}}};
  for (const auto& [suffix, format] : kSuffixes) {
    if (path.ends_with(suffix)) return format;
  }
  return "json";
}

// Opening /dev/stdout would open the file behind it once more, with an offset of its own.
bool is_stdout(std::string_view path) { return path == "-" || path == "/dev/stdout"; }

// False only if the file could be looked at and its last line has no end: a row would join it.
bool ends_with_newline(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char last = '\n';
  if (file.seekg(-1, std::ios::end)) file.get(last);
  return last == '\n';
}

class FilePlan final : public SinkPlan {
 public:
  FilePlan(std::string path, const FileSinkOptions& file, const CompressionOptions& compression,
           SinkFormat format, const SinkContext& context)
      : path_(std::move(path)), file_(file), compression_(compression), format_(std::move(format)) {
    encode_options_.timezone = context.timezone;
  }

  const Format* format() const override { return format_.format.get(); }
  EncodeOptions encode_options() const override { return encode_options_; }
  std::string explain() const override {
    std::string text = "file: " + path_ + ", " + format_.name;
    if (compression_.kind != Compression::kNone) {
      text += ", " + std::string(compression_name(compression_.kind));
    }
    return text + (file_.append ? ", appended" : "");
  }
  Result<std::unique_ptr<Sink>> open() const override {
    struct stat info{};
    const bool special = ::stat(path_.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
    const bool continues = file_.append && !special && info.st_size > 0;
    auto file = open_file();
    if (!file) return fail(file.error());
    if (continues && lacks_line_end()) {
      if (auto r = (*file)->write("\n"); !r) return fail(r.error());
    }
    auto bytes = make_compressing_sink(std::move(*file), compression_);
    if (!bytes) return fail(bytes.error());
    return make_byte_sink(std::move(*bytes), special || file_.append || is_stdout(path_), continues,
                          file_.append && !special ? in_place() : FileInPlace{});
  }

  Delivery delivery() const override {
    return is_special() ? Delivery::kAtLeastOnce : Delivery::kExactlyOnce;
  }
  // Positions are the length and the path.
  Result<Place> begin() const override {
    struct stat info{};
    if (is_special()) return Place{};
    uint64_t length = 0;
    if (::stat(path_.c_str(), &info) == 0 && !file_.overwrite) {
      length = static_cast<uint64_t>(info.st_size);
      if (length > 0 && !file_.append)
        return fail(
            ErrorKind::kConfig, "the file " + path_ + " exists already",
            "no checkpoint knows it; `overwrite = true` replaces it, `append = true` adds to it");
    }
    FilePlace place;
    place.length = length;
    place.path = path_;
    return Place{encode_file_place(place), length == 0};
  }
  Result<Place> find(const std::string& position) const override {
    const auto place = decode_file_place(position);
    if (!place || place->path != path_) return begin();
    const auto found = find_file_place(*place);
    if (!found) return fail(found.error());
    return Place{position, place->length == 0 || found->rotated, found->rotated};
  }
  // Written in place: what a reader sees may be cut back once, after a crash.
  Result<std::unique_ptr<Sink>> resume(const Place& place) const override {
    if (is_special()) return open();
    const auto saved = decode_file_place(place.position);
    const auto found =
        saved ? find_file_place(*saved) : fail(ErrorKind::kState, "the place in " + path_);
    if (!found) return fail(found.error());
    if (found->rotated && !found->path.empty()) {
      if (auto r = cut_back(found->path, saved->length); !r) return fail(r.error());
    }
    auto file = make_resumed_file_sink(path_, found->rotated ? 0 : saved->length);
    if (!file) return fail(file.error());
    if (!place.fresh && lacks_line_end()) {
      if (auto r = (*file)->write("\n"); !r) return fail(r.error());
    }
    auto bytes = make_compressing_sink(std::move(*file), compression_);
    if (!bytes) return fail(bytes.error());
    return make_byte_sink(std::move(*bytes), true, !place.fresh, in_place());
  }

 private:
  // A last line without its end is ended before lines are added.
  bool lacks_line_end() const {
    return compression_.kind == Compression::kNone &&
           !(format_.format && format_.format->is_binary()) && !ends_with_newline(path_);
  }

  FileInPlace in_place() const {
    return {path_, [this]() -> Result<std::unique_ptr<ByteSink>> {
              auto file = make_file_sink(path_, {false, true, file_.sync});
              if (!file) return fail(file.error());
              return make_compressing_sink(std::move(*file), compression_);
            }};
  }
  bool is_special() const {
    struct stat info{};
    return is_stdout(path_) || (::stat(path_.c_str(), &info) == 0 && !S_ISREG(info.st_mode));
  }

  Result<std::unique_ptr<ByteSink>> open_file() const {
    if (!is_stdout(path_)) return make_file_sink(path_, file_);
    if (auto r = check_stdout(); !r) return fail(r.error());
    return make_descriptor_sink(STDOUT_FILENO, "stdout");
  }

  std::string path_;
  FileSinkOptions file_;
  CompressionOptions compression_;
  SinkFormat format_;
  EncodeOptions encode_options_;
};

// Writing the file that is being read would destroy it, or never end.
bool is_input(const std::string& path, const std::vector<std::string>& inputs) {
  struct stat output{};
  if (::stat(path.c_str(), &output) != 0 || !S_ISREG(output.st_mode)) return false;
  for (const std::string& input : inputs) {
    struct stat info{};
    const int rc = input == "-" ? ::fstat(0, &info) : ::stat(input.c_str(), &info);
    if (rc == 0 && info.st_dev == output.st_dev && info.st_ino == output.st_ino) return true;
  }
  return false;
}

// Output in many files.
std::unique_ptr<SinkPlan> bind_parts(const FileSinkSpec& options,
                                     const CompressionOptions& compression, SinkFormat format,
                                     const SinkSpec& spec, const Schema& schema,
                                     const SinkContext& context, Errors& errors) {
  const size_t before = errors.size();
  const auto complain = [&](const char* key, Error error) {
    const Node* node = spec.options.find(key);
    if (error.position.line == 0) error.position = node != nullptr ? node->position : spec.position;
    errors.push_back(std::move(error));
  };
  const auto wrong = [&](const char* key, std::string message, std::string hint = {}) {
    complain(key, {ErrorKind::kConfig, std::move(message), {}, std::move(hint), {}});
  };
  auto path = PartitionPath::parse(options.path, schema, context.zone);
  if (!path) complain("path", path.error());
  if (path && path->uses_time()) {
    std::optional<size_t> column = schema.find(options.time);
    for (size_t c = 0; c < schema.size() && options.time.empty() && !column; ++c)
      if (schema[c].type.is_timestamp()) column = c;
    if (!column) {
      wrong(options.time.empty() ? "path" : "time",
            options.time.empty() ? "the path has parts of a time, and no column is a TIMESTAMP"
                                 : "no column `" + options.time + "`",
            options.time.empty() ? std::string() : spelling_hint(options.time, schema.names()));
    } else if (!schema[*column].type.is_timestamp()) {
      wrong("time", "`" + options.time + "` is no TIMESTAMP");
    } else {
      path->set_time_column(*column, schema[*column].type);
    }
  }
  if (options.append) wrong("append", "many files are not appended to", "`roll` numbers new ones");
  if (format.format && format.format->encodes_in_order())
    wrong("format", "the format `" + format.name + "` cannot be written in many files");
  RollSpec roll;
  if (options.roll.kind == Node::Kind::kTable) {
    read_options(roll_options(), options.roll, roll, errors, "roll");
  } else if (spec.options.find("roll") != nullptr) {
    wrong("roll", "expected a table", "roll = { size = \"256MB\" }");
  }
  if (roll.count < 0 || roll.every.us < 0) wrong("roll", "a limit of `roll` cannot be negative");
  if (options.max_open < 1) wrong("max_open", "`max_open` must be at least 1");
  if (errors.size() > before) return nullptr;
  PartsOptions parts;
  parts.pattern = options.path;
  const auto& by = options.partition_by;
  for (size_t c = 0; c < schema.size(); ++c)
    if (std::find(by.begin(), by.end(), schema[c].name) == by.end()) parts.columns.push_back(c);
  parts.numbers = !by.empty();
  parts.compression = compression;
  parts.roll_bytes = roll.size.bytes;
  parts.roll_every_us = roll.every.us;
  parts.roll_rows = static_cast<uint64_t>(roll.count);
  parts.max_open = options.max_open;
  parts.overwrite = options.overwrite;
  parts.id = ".weir-" + short_hash(context.pipeline + "/" + spec.name + options.path) + ".tmp";
  return make_parts_plan(std::move(parts), std::move(*path), std::move(format), schema, context);
}

// The path of many files in folders called after their rows: "out" -> "out/day={day}/part.csv"
std::string partitioned_path(const FileSinkSpec& options, const std::string& format,
                             Compression compression) {
  std::string path = options.path;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  for (const auto& column : options.partition_by) path += "/" + column + "={" + column + "}";
  path += "/part." + (format == "text" ? "txt" : format);
  switch (compression) {
    case Compression::kGzip: return path + ".gz";
    case Compression::kZstd: return path + ".zst";
    case Compression::kBzip2: return path + ".bz2";
    case Compression::kXz: return path + ".xz";
    default: return path;
  }
}

bool partitions_are_known(const FileSinkSpec& options, const Schema& schema, const SinkSpec& spec,
                          Errors& errors) {
  const Node* list = spec.options.find("partition_by");
  const size_t before = errors.size();
  for (const std::string& name : options.partition_by) {
    if (!schema.find(name))
      errors.push_back({ErrorKind::kConfig,
                        "no column `" + name + "`",
                        list->position,
                        spelling_hint(name, schema.names()),
                        {}});
  }
  if (errors.size() == before && options.partition_by.size() >= schema.size())
    errors.push_back({ErrorKind::kConfig,
                      "all columns are in `partition_by`: the files would be empty",
                      list->position,
                      "leave one out",
                      {}});
  if (options.overwrite && !options.partition_by.empty())
    errors.push_back(
        {ErrorKind::kConfig,
         "folders of partitions are not written over",
         list->position,
         "remove those that come anew before the run; without `overwrite` files are added",
         {}});
  return errors.size() == before;
}

std::vector<OptionDoc> file_docs() {
  std::vector<OptionDoc> all = option_docs(file_sink_options());
  all.push_back(sink_format_doc("by the path's end, else json"));
  return all;
}

std::unique_ptr<SinkPlan> bind_file(const SinkSpec& spec, const Schema& schema,
                                    const SinkContext& context, Errors& errors) {
  FileSinkSpec options;
  const size_t before = errors.size();
  read_options(file_sink_options(), spec.options, options, errors, "the file sink",
               {"type", "format"});
  if (errors.size() > before) return nullptr;
  const std::string& path = options.path;
  const auto place = [&](const char* key) {
    const Node* node = spec.options.find(key);
    return node != nullptr ? node->position : spec.position;
  };
  if (path.empty()) {
    errors.push_back({ErrorKind::kConfig, "`path` is empty", place("path"), {}, {}});
  }
  if (options.overwrite && options.append) {
    errors.push_back(
        {ErrorKind::kConfig, "either `overwrite` or `append`, not both", place("append"), {}, {}});
  }
  if (is_input(path, context.input_paths)) {
    errors.push_back({ErrorKind::kConfig,
                      "`" + path + "` is also an input of this pipeline",
                      place("path"),
                      "write to another file",
                      {}});
  }
  if (auto r = refuse_link(path); !r) {
    Error error = r.error();
    error.position = place("path");
    errors.push_back(std::move(error));
  }
  CompressionOptions compression{compression_of_path(path), options.level, options.threads};
  if (options.compression != "auto") {
    compression.kind = parse_compression(options.compression).value_or(Compression::kNone);
  }
  if (auto r = check_compression(compression); !r) {
    Error error = r.error();
    error.position = place(options.level != -1 ? "level" : "threads");
    errors.push_back(std::move(error));
  }
  SinkFormat format = bind_sink_format(spec, standard_format(path), context, errors);
  if (errors.size() > before) return nullptr;
  if (!options.partition_by.empty()) {
    if (!partitions_are_known(options, schema, spec, errors)) return nullptr;
    options.path = partitioned_path(options, format.name, compression.kind);
    return bind_parts(options, compression, std::move(format), spec, schema, context, errors);
  }
  if (PartitionPath::is_pattern(path) || spec.options.find("roll") != nullptr)
    return bind_parts(options, compression, std::move(format), spec, schema, context, errors);
  if (is_stdout(path) && compression.kind == Compression::kNone) {
    return make_stdout_plan("stdout", std::move(format), context);
  }
  const FileSinkOptions file{options.overwrite, options.append, true};
  return std::make_unique<FilePlan>(path, file, compression, std::move(format), context);
}

}  // namespace

const SinkDescriptor kFileSink = {
    "file", "writes a file, under another name until the run has succeeded", file_docs, bind_file};

}  // namespace weir
