#include "base/vec.h"
#include "io/codec.h"
#include "io/output.h"

namespace weir {
namespace {

constexpr size_t kOutputBytes = size_t{64} << 10;

class CompressingSink final : public ByteSink {
 public:
  CompressingSink(std::unique_ptr<ByteSink> inner, std::unique_ptr<Compressor> compressor,
                  const CompressionOptions& options)
      : inner_(std::move(inner)),
        compressor_(std::move(compressor)),
        options_(options),
        output_(kOutputBytes) {}

  Result<void> write(std::string_view bytes) override {
    if (bytes.empty()) return {};
    if (!compressor_) {
      auto made = make_compressor(options_);
      if (!made) return fail(made.error());
      compressor_ = std::move(*made);
    }
    in_frame_ = true;
    unflushed_ = true;
    return run(bytes, Compressor::Action::kRun);
  }
  Result<void> flush() override {
    if (unflushed_) {
      if (auto r = run({}, Compressor::Action::kFlush); !r) return r;
      unflushed_ = false;
    }
    return inner_->flush();
  }
  // Ends the frame, so that what lies on disk is a whole file; the next bytes begin another one.
  Result<uint64_t> checkpoint() override {
    if (in_frame_) {
      if (auto r = run({}, Compressor::Action::kFinish); !r) return fail(r.error());
      compressor_.reset();
      in_frame_ = false;
      unflushed_ = false;
      checkpointed_ = true;
    }
    const auto length = inner_->checkpoint();
    // Behind what an earlier run has written nothing is due.
    if (length && *length > 0) checkpointed_ = true;
    return length;
  }
  void sync_later(std::vector<int>* files) override { inner_->sync_later(files); }
  Result<void> commit() override {
    // Even an empty file is a whole one.
    if (in_frame_ || !checkpointed_) {
      if (auto r = run({}, Compressor::Action::kFinish); !r) return r;
    }
    return inner_->commit();
  }
  void abort() override { inner_->abort(); }
  uint64_t bytes_written() const override { return inner_->bytes_written(); }
  int descriptor() const override { return inner_->descriptor(); }
  bool closed_pipe() const override { return inner_->closed_pipe(); }

 private:
  Result<void> run(std::string_view bytes, Compressor::Action action) {
    const char* in = bytes.data();
    const char* const in_end = in + bytes.size();
    for (bool done = false; !done;) {
      char* out = output_.data();
      const auto step = compressor_->encode(in, in_end, out, output_.data() + kOutputBytes, action);
      if (!step) return fail(step.error());
      done = *step;
      const auto n = static_cast<size_t>(out - output_.data());
      if (n > 0) {
        if (auto r = inner_->write({output_.data(), n}); !r) return r;
      }
    }
    return {};
  }

  std::unique_ptr<ByteSink> inner_;
  std::unique_ptr<Compressor> compressor_;  // null after a checkpoint
  const CompressionOptions options_;
  Vec<char> output_;
  bool in_frame_ = false;
  bool unflushed_ = false;
  bool checkpointed_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSink>> make_compressing_sink(std::unique_ptr<ByteSink> inner,
                                                        const CompressionOptions& options) {
  if (auto r = check_compression(options); !r) return fail(r.error());
  if (options.kind == Compression::kNone) return inner;
  auto compressor = make_compressor(options);
  if (!compressor) return fail(compressor.error());
  return std::make_unique<CompressingSink>(std::move(inner), std::move(*compressor), options);
}

}  // namespace weir
