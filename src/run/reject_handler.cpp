#include "run/reject_handler.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats/field_parser.h"

namespace weir {

namespace {

constexpr uint64_t kMostShown = 10;  // messages of skipped records, so that a flood stays readable

std::string hint_for(const Reject& reject, bool first_input) {
  std::string hint = "--on-error skip goes on without bad records, --dead-letter PATH keeps them";
  if (reject.reason.starts_with("not a TIMESTAMP") && !reject.field.empty() &&
      reject.reason.find("zone") == std::string::npos) {
    hint = "another form is declared: [source.schema] " + reject.field +
           " = { type = \"TIMESTAMP(3)\", format = \"%d/%m/%Y %H:%M\" }; " + hint;
  } else if (first_input && reject.offset == 0 && reject.field.empty()) {
    hint = "is the format right? -i names another; " + hint;
  }
  return hint;
}

}  // namespace

RejectHandler::RejectHandler(const Plan& plan, std::function<void(const std::string&)> message)
    : plan_(plan), message_(std::move(message)) {}

Result<void> RejectHandler::open() {
  if (!plan_.dead_letter) return {};
  auto sink = plan_.dead_letter->open();
  if (!sink) return fail(sink.error());
  return start(std::move(*sink), true);
}

Result<std::string> RejectHandler::find(const std::string* position, bool fresh) {
  if (!plan_.dead_letter) return std::string();
  auto place = position != nullptr ? plan_.dead_letter->find(*position)
               : fresh             ? plan_.dead_letter->begin_anew()
                                   : plan_.dead_letter->begin();
  if (!place) return fail(place.error());
  place_ = std::move(*place);
  return place_.position;
}

Result<void> RejectHandler::resume() {
  if (!plan_.dead_letter) return {};
  auto sink = plan_.dead_letter->resume(place_);
  if (!sink) return fail(sink.error());
  return start(std::move(*sink), place_.fresh);
}

Result<void> RejectHandler::start(std::unique_ptr<Sink> sink, bool fresh) {
  sink_ = std::move(sink);
  if (plan_.dead_letter->format() == nullptr) return {};
  encoder_ = plan_.dead_letter->format()->make_encoder(dead_letter_schema(),
                                                       plan_.dead_letter->encode_options());
  if (fresh) encoder_->begin(encoded_);
  return {};
}

Result<std::string> RejectHandler::checkpoint(std::vector<int>* later) {
  if (!sink_) return std::string();
  sink_->sync_later(later);
  if (!encoded_.empty()) {
    if (auto r = sink_->write(Batch{}, encoded_); !r) return fail(r.error());
    encoded_.clear();
  }
  return sink_->checkpoint();
}

Result<void> RejectHandler::reopen() {
  if (!can_reopen()) return {};
  if (!encoded_.empty()) {
    if (auto r = sink_->write(Batch{}, encoded_); !r) return r;
    encoded_.clear();
  }
  const auto fresh = sink_->reopen();
  if (!fresh) return fail(fresh.error());
  if (*fresh && encoder_) encoder_->begin(encoded_);
  return {};
}

uint64_t RejectHandler::line_of(const Batch& batch, const Reject& reject,
                                const std::string& partition) {
  const Format* format = plan_.sources[batch.origin.source].source->format();
  if (format != nullptr && format->is_binary()) return 0;
  if (batch.first_line == 0) return lines_.line_at(partition, reject.offset);
  if (batch.block_begin == nullptr) return batch.first_line;
  // Counted on from the reject before, where they are of one block.
  if (counted_.block != batch.block_begin || counted_.first_line != batch.first_line ||
      counted_.offset > reject.offset)
    counted_ = {batch.block_begin, batch.first_line, batch.origin.begin, batch.first_line};
  const char* const from = batch.block_begin + (counted_.offset - batch.origin.begin);
  const char* const to = batch.block_begin + (reject.offset - batch.origin.begin);
  counted_.line += static_cast<uint64_t>(std::count(from, to, '\n'));
  counted_.offset = reject.offset;
  return counted_.line;
}

std::string RejectHandler::place_of(const Batch& batch, const Reject& reject) {
  const auto& source = plan_.sources[batch.origin.source].source;
  const std::string name = source->partition_name(batch.origin.partition);
  if (source->format() == nullptr) return name;
  const uint64_t line = line_of(batch, reject, name);
  return name + (line > 0 ? fmt::format(":{}", line) : fmt::format(": offset {}", reject.offset));
}

std::string RejectHandler::describe(const Batch& batch, const Reject& reject,
                                    const std::string* sink) {
  std::string text = (sink != nullptr ? *sink : place_of(batch, reject)) + ": ";
  if (!reject.field.empty()) text += "field `" + reject.field + "`: ";
  text += reject.reason;
  if (!reject.raw.empty()) text += "\n  record: " + quote_for_message(reject.raw, 200);
  return text;
}

Result<void> RejectHandler::take(const Batch& batch) { return take(batch, nullptr); }

Result<void> RejectHandler::take_refused(const std::string& sink, std::vector<Reject> refused) {
  Batch batch;
  batch.rejects = std::move(refused);
  return take(batch, &sink);
}

Result<void> RejectHandler::take(const Batch& batch, const std::string* sink) {
  if (batch.rejects.empty()) return {};
  const bool skip = plan_.errors.skip || plan_.dead_letter != nullptr;
  if (!skip) {
    ++count_;
    Error e{ErrorKind::kData, describe(batch, batch.rejects.front(), sink), {}, {}, {}};
    e.hint = hint_for(batch.rejects.front(), sink == nullptr && batch.origin.partition == 0);
    return fail(std::move(e));
  }

  if (sink_) {
    Batch out;
    out.rows = batch.rejects.size();
    const std::string name =
        sink != nullptr
            ? *sink
            : plan_.sources[batch.origin.source].source->partition_name(batch.origin.partition);
    const Schema schema = dead_letter_schema();
    for (const auto& c : schema) out.columns.push_back(make_column(c.type));
    const auto push_number = [](Column& column, uint64_t number, bool known) {
      if (known) {
        column.push<int64_t>(static_cast<int64_t>(number));
      } else {
        column.push_null();
      }
    };
    for (const auto& r : batch.rejects) {
      out.columns[0]->push<StringRef>(StringRef(name));
      const uint64_t line = sink != nullptr ? 0 : line_of(batch, r, name);
      push_number(*out.columns[1], line, line > 0);
      push_number(*out.columns[2], r.offset, sink == nullptr);
      if (r.field.empty()) {
        out.columns[3]->push_null();
      } else {
        out.columns[3]->push<StringRef>(StringRef(r.field));
      }
      out.columns[4]->push<StringRef>(StringRef(r.reason));
      out.columns[5]->push<StringRef>(StringRef(r.raw));
    }
    if (encoder_) encoder_->encode(out, encoded_);
    if (auto r = sink_->write(out, encoded_); !r) return r;
    encoded_.clear();
  }

  for (const auto& r : batch.rejects) {
    ++count_;
    if (message_ && !sink_ && shown_ < kMostShown) {
      ++shown_;
      message_("weir: skipped: " + describe(batch, r, sink));
      if (shown_ == kMostShown) message_("weir: further bad records are only counted");
    }
    if (plan_.errors.max_bad && count_ > static_cast<uint64_t>(*plan_.errors.max_bad)) {
      Error e{ErrorKind::kData,
              fmt::format("more than {} bad records; the last: {}", *plan_.errors.max_bad,
                          describe(batch, r, sink)),
              {},
              {},
              {}};
      return fail(std::move(e));
    }
  }
  return {};
}

Result<void> RejectHandler::commit() {
  if (!sink_) return {};
  if (encoder_) encoder_->end(encoded_);
  if (!encoded_.empty()) {
    if (auto r = sink_->write(Batch{}, encoded_); !r) return r;
  }
  return sink_->commit();
}

void RejectHandler::abort() {
  if (sink_) sink_->abort();
}

}  // namespace weir
