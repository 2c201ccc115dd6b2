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

Result<std::string> RejectHandler::find(const std::string* position) {
  if (!plan_.dead_letter) return std::string();
  auto place =
      position == nullptr ? plan_.dead_letter->begin() : plan_.dead_letter->find(*position);
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

Result<std::string> RejectHandler::checkpoint() {
  if (!sink_) return std::string();
  if (!encoded_.empty()) {
    if (auto r = sink_->write(Batch{}, encoded_); !r) return fail(r.error());
    encoded_.clear();
  }
  return sink_->checkpoint();
}

std::string RejectHandler::describe(const Batch& batch, const Reject& reject) {
  const auto& source = plan_.sources[batch.origin.source].source;
  const std::string name = source->partition_name(batch.origin.partition);
  std::string where = name;
  if (source->format() != nullptr) {
    uint64_t line = lines_.line_at(name, reject.offset);
    if (line == 0 && batch.first_line > 0 && batch.block_begin != nullptr) {
      const size_t length = static_cast<size_t>(reject.offset - batch.origin.begin);
      line = batch.first_line +
             static_cast<uint64_t>(std::count(batch.block_begin, batch.block_begin + length, '\n'));
    }
    where += line > 0 ? fmt::format(":{}", line) : fmt::format(": offset {}", reject.offset);
  }
  std::string text = where + ": ";
  if (!reject.field.empty()) text += "field `" + reject.field + "`: ";
  text += reject.reason;
  if (!reject.raw.empty()) text += "\n  record: " + quote_for_message(reject.raw, 200);
  return text;
}

Result<void> RejectHandler::take(const Batch& batch) {
  if (batch.rejects.empty()) return {};
  const bool skip = plan_.errors.skip || plan_.dead_letter != nullptr;
  if (!skip) {
    ++count_;
    Error e{ErrorKind::kData, describe(batch, batch.rejects.front()), {}, {}, {}};
    e.hint = hint_for(batch.rejects.front(), batch.origin.partition == 0);
    return fail(std::move(e));
  }

  if (sink_) {
    Batch out;
    out.rows = batch.rejects.size();
    const auto& source = plan_.sources[batch.origin.source].source;
    const std::string name = source->partition_name(batch.origin.partition);
    const Schema schema = dead_letter_schema();
    for (const auto& c : schema) out.columns.push_back(make_column(c.type));
    for (const auto& r : batch.rejects) {
      out.columns[0]->push<StringRef>(StringRef(name));
      uint64_t line = lines_.line_at(name, r.offset);
      if (line == 0 && batch.first_line > 0 && batch.block_begin != nullptr) {
        line = batch.first_line +
               static_cast<uint64_t>(std::count(
                   batch.block_begin, batch.block_begin + (r.offset - batch.origin.begin), '\n'));
      }
      if (line > 0) {
        out.columns[1]->push<int64_t>(static_cast<int64_t>(line));
      } else {
        out.columns[1]->push_null();
      }
      out.columns[2]->push<int64_t>(static_cast<int64_t>(r.offset));
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
      message_("weir: skipped: " + describe(batch, r));
      if (shown_ == kMostShown) message_("weir: further bad records are only counted");
    }
    if (plan_.errors.max_bad && count_ > static_cast<uint64_t>(*plan_.errors.max_bad)) {
      Error e{ErrorKind::kData,
              fmt::format("more than {} bad records; the last: {}", *plan_.errors.max_bad,
                          describe(batch, r)),
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
