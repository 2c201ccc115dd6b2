#include "sinks/byte_sink.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/spelling.h"
#include "sinks/file_place.h"

namespace weir {
namespace {

class EncodedSink final : public Sink {
 public:
  EncodedSink(std::unique_ptr<ByteSink> bytes, bool passes_flush, bool continues, FileInPlace file)
      : bytes_(std::move(bytes)),
        passes_flush_(passes_flush),
        continues_(continues),
        file_(std::move(file)) {}

  Result<void> write(const Batch&, std::string_view encoded) override {
    return bytes_->write(encoded);
  }
  Result<void> flush() override { return passes_flush_ ? bytes_->flush() : Result<void>{}; }
  Result<std::string> checkpoint() override {
    if (auto r = still_named(); !r) return fail(r.error());
    const auto length = bytes_->checkpoint();
    if (!length) return fail(length.error());
    if (bytes_->descriptor() < 0) return std::to_string(*length) + " " + file_.path;
    const auto place = file_place(bytes_->descriptor(), file_.path, *length);
    if (!place) return fail(place.error());
    return encode_file_place(*place);
  }
  bool can_reopen() const override { return file_.reopen != nullptr; }
  Result<bool> reopen() override {
    if (!can_reopen()) return false;
    struct stat mine{};
    struct stat named{};
    if (::fstat(bytes_->descriptor(), &mine) != 0) return false;
    const bool there = ::stat(file_.path.c_str(), &named) == 0;
    if (there && mine.st_dev == named.st_dev && mine.st_ino == named.st_ino) return false;
    written_before_ += bytes_->bytes_written();
    if (auto r = bytes_->commit(); !r) return fail(r.error());
    auto reopened = file_.reopen();
    if (!reopened) return fail(reopened.error());
    bytes_ = std::move(*reopened);
    return !there || named.st_size == 0;
  }
  void sync_later(std::vector<int>* files) override { bytes_->sync_later(files); }
  Result<void> commit() override {
    if (auto r = still_named(); !r) return r;
    return bytes_->commit();
  }
  void abort() override { bytes_->abort(); }
  bool closed_pipe() const override { return bytes_->closed_pipe(); }
  bool continues() const override { return continues_; }
  uint64_t bytes_written() const override { return written_before_ + bytes_->bytes_written(); }

 private:
  // What is written to a file that has no name any more nobody can read.
  Result<void> still_named() const {
    struct stat info{};
    if (file_.path.empty() || ::fstat(bytes_->descriptor(), &info) != 0 || info.st_nlink > 0)
      return {};
    return fail(ErrorKind::kIo, "the output " + file_.path + " was removed while it was written",
                "SIGHUP goes on in a new file; what was written since is lost");
  }

  std::unique_ptr<ByteSink> bytes_;
  bool passes_flush_;
  bool continues_;
  FileInPlace file_;
  uint64_t written_before_ = 0;  // to files that were renamed since
};

}  // namespace

SinkFormat bind_sink_format(const SinkSpec& spec, std::string_view standard,
                            const SinkContext& context, Errors& errors) {
  SinkFormat bound;
  FormatSpec named = spec.format;
  if (named.name.empty()) named.name = standard;
  if (named.position.line == 0) named.position = spec.position;
  bound.name = named.name;
  const FormatDescriptor* descriptor = find_format(named.name);
  if (descriptor == nullptr || !descriptor->writes) {
    std::vector<std::string> names;
    for (const FormatDescriptor* format : formats()) {
      if (format->writes) names.emplace_back(format->name);
    }
    Error error{ErrorKind::kConfig, "no format `" + named.name + "`", named.position,
                spelling_hint(named.name, names), "sink"};
    if (descriptor != nullptr) {
      error.message = "the format `" + named.name + "` can only be read";
      error.hint = spelling_hint({}, names);
    }
    errors.push_back(std::move(error));
    return bound;
  }
  const FormatContext format_context{{}, context.zone, 0, true};
  bound.format = descriptor->make(named, format_context, errors);
  return bound;
}

std::unique_ptr<Sink> make_byte_sink(std::unique_ptr<ByteSink> bytes, bool passes_flush,
                                     bool continues, FileInPlace file) {
  return std::make_unique<EncodedSink>(std::move(bytes), passes_flush, continues, std::move(file));
}

Result<void> check_stdout() {
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
    return fail(io_error("cannot write stdout", EBADF));
  }
  return {};
}

Result<std::unique_ptr<Sink>> open_stdout_sink() {
  if (auto r = check_stdout(); !r) return fail(r.error());
  return make_byte_sink(make_descriptor_sink(STDOUT_FILENO, "stdout"), true);
}

EncodeOptions stdout_encode_options(const SinkContext& context) {
  EncodeOptions options;
  options.timezone = context.timezone;
  options.color = context.color;
  options.terminal = ::isatty(STDOUT_FILENO) == 1;
  winsize size{};
  if (options.terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    options.terminal_width = size.ws_col;
  }
  return options;
}

OptionDoc sink_format_doc(std::string standard) {
  return {"format",
          "string or table",
          std::move(standard),
          "how rows are written: a name, or a table with the name and its options",
          false,
          {}};
}

}  // namespace weir
