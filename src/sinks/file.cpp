#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "sinks/byte_sink.h"
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
};

const OptionTable<FileSinkSpec>& file_sink_options() {
  static const OptionTable<FileSinkSpec> table = {
      {"path", &FileSinkSpec::path, "the file; it appears when the run has succeeded", true},
      {"compression",
       &FileSinkSpec::compression,
       {"auto", "none", "gzip", "zstd", "bzip2", "xz"},
       "auto: by the path's end, .gz .zst .bz2 .xz"},
      {"level", &FileSinkSpec::level, "the compression's level; -1: its own default"},
      {"threads", &FileSinkSpec::threads, "worker threads of zstd"},
      {"overwrite", &FileSinkSpec::overwrite, "replace an existing file when the run succeeds"},
      {"append", &FileSinkSpec::append, "add to an existing file"},
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
    if (continues && compression_.kind == Compression::kNone && !ends_with_newline(path_)) {
      if (auto r = (*file)->write("\n"); !r) return fail(r.error());
    }
    auto bytes = make_compressing_sink(std::move(*file), compression_);
    if (!bytes) return fail(bytes.error());
    return make_byte_sink(std::move(*bytes), special || file_.append || is_stdout(path_),
                          continues);
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
    return Place{std::to_string(length) + " " + path_, length == 0};
  }
  Result<Place> find(const std::string& position) const override {
    const size_t space = position.find(' ');
    if (space == std::string::npos || position.substr(space + 1) != path_) return begin();
    return Place{position, position.starts_with("0 ")};
  }
  // Written in place: what a reader sees may be cut back once, after a crash.
  Result<std::unique_ptr<Sink>> resume(const Place& place) const override {
    if (is_special()) return open();
    auto file = make_resumed_file_sink(path_, std::strtoull(place.position.c_str(), nullptr, 10));
    if (!file) return fail(file.error());
    auto bytes = make_compressing_sink(std::move(*file), compression_);
    if (!bytes) return fail(bytes.error());
    return make_byte_sink(std::move(*bytes), true, !place.fresh, path_);
  }

 private:
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

std::vector<OptionDoc> file_docs() {
  std::vector<OptionDoc> all = option_docs(file_sink_options());
  all.push_back(sink_format_doc("by the path's end, else json"));
  return all;
}

std::unique_ptr<SinkPlan> bind_file(const SinkSpec& spec, const Schema&, const SinkContext& context,
                                    Errors& errors) {
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
