#include "run/output.h"

namespace weir {

Result<void> Output::open() {
  auto sink = planned_.sink->open();
  if (!sink) return fail(sink.error());
  return start(std::move(*sink), true);
}

Result<std::string> Output::find(const std::string* position, bool fresh) {
  auto place = position != nullptr ? planned_.sink->find(*position)
               : fresh             ? planned_.sink->begin_anew()
                                   : planned_.sink->begin();
  if (!place) return fail(place.error());
  place_ = std::move(*place);
  return place_.position;
}

Result<void> Output::resume() {
  auto sink = planned_.sink->resume(place_);
  if (!sink) return fail(sink.error());
  return start(std::move(*sink), place_.fresh);
}

Result<void> Output::start(std::unique_ptr<Sink> sink, bool fresh) {
  sink_ = std::move(sink);
  encoder_ = make_encoder();
  if (!encoder_ || !fresh) return {};
  // What is added to a file stands under the header that is there.
  if (!sink_->continues()) encoder_->begin(scratch_);
  if (scratch_.empty()) return {};
  auto written = sink_->write(Batch{}, scratch_);
  scratch_.clear();
  return written;
}

Result<void> Output::write_held() {
  if (!encoder_) return {};
  scratch_.clear();
  encoder_->flush(scratch_);
  return scratch_.empty() ? Result<void>{} : sink_->write(Batch{}, scratch_);
}

Result<std::string> Output::checkpoint(std::vector<int>* later) {
  if (auto r = write_held(); !r) return fail(r.error());
  sink_->sync_later(later);
  return sink_->checkpoint();
}

Result<void> Output::close() {
  if (auto r = write_held(); !r) return r;
  return sink_->commit();
}

Result<void> Output::reopen() {
  if (auto r = write_held(); !r) return r;
  const auto fresh = sink_->reopen();
  if (!fresh) return fail(fresh.error());
  if (!encoder_ || !*fresh) return {};
  encoder_ = make_encoder();
  scratch_.clear();
  encoder_->begin(scratch_);
  return scratch_.empty() ? Result<void>{} : sink_->write(Batch{}, scratch_);
}

bool Output::encodes_in_parallel() const {
  const Format* format = planned_.sink->format();
  return format != nullptr && !format->encodes_in_order();
}

std::unique_ptr<Encoder> Output::make_encoder() const {
  const Format* format = planned_.sink->format();
  return format == nullptr ? nullptr
                           : format->make_encoder(planned_.schema, planned_.sink->encode_options());
}

Result<void> Output::write(const Batch& batch, const std::string* encoded) {
  if (batch.rows == 0) return {};
  count(batch.rows);
  if (encoded != nullptr) return sink_->write(batch, *encoded);
  if (!encoder_) return sink_->write(batch, {});
  scratch_.clear();
  encoder_->encode(batch, scratch_);
  return write_text(batch, scratch_);
}

Result<void> Output::write_text(const Batch& batch, const std::string& text) {
  return text.empty() ? Result<void>{} : sink_->write(batch, text);
}

Result<void> Output::flush() {
  if (auto r = write_held(); !r) return r;
  return sink_->flush();
}

Result<void> Output::commit() {
  if (encoder_) {
    scratch_.clear();
    encoder_->end(scratch_);
    if (!scratch_.empty()) {
      if (auto r = sink_->write(Batch{}, scratch_); !r) return r;
    }
  }
  return sink_->commit();
}

void Output::abort() {
  if (sink_) sink_->abort();
}

}  // namespace weir
