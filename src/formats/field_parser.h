// One field's text -> one value of a declared type, shared by csv, logfmt, regex, grok and the logs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/civil.h"
#include "data/column.h"
#include "formats/minute_cache.h"

namespace weir {

// Parses texts into one column. One per column and worker: it keeps a cache for times.
class FieldParser {
 public:
  // `format`: a time format (DESIGN: Timestamps), empty for the type's own. Error: a type that text cannot
  // give (MAP, ROW), or a wrong time format.
  static Result<FieldParser> make(const Type& type, const std::string& format, const TimeZone* zone,
                                  int64_t reference_us);

  // Appends the value; false, and nothing appended, when the text is not such a value.
  // Strings stay views of `text`. Integers: optional sign, digits, nothing else; overflow is false.
  // Doubles: decimal or scientific, "nan", "inf". Booleans: true/false, t/f, yes/no, 1/0.
  bool append(std::string_view text, Column& column);

  // "not a BIGINT: `12x`", the text cut and escaped.
  std::string complaint(std::string_view text) const;

  // True for a TIMESTAMP in microseconds written as in the Common Log Format: such texts are read one by
  // one with read_clf, fastest (and only if their minute is known) with find_clf.
  bool reads_clf() const {
    return form_ == TimeForm::kClf && type_.width() == 8 && !type_.in_nanos();
  }
  bool find_clf(std::string_view text, int64_t& us) const { return minutes_.find_clf(text, us); }
  bool read_clf(std::string_view text, int64_t& us) {
    int nanos;
    return parse_micros(text, us, nanos);
  }

 private:
  // How a time text is read: by its type's own form, as CLF, or by `time_`.
  enum class TimeForm : uint8_t { kNone, kOwn, kClf, kParser };

  explicit FieldParser(Type type) : type_(std::move(type)) {}
  bool parse_micros(std::string_view text, int64_t& us, int& nanos);
  bool append_time_value(std::string_view text, Column& column);

  Type type_;
  TimeForm form_ = TimeForm::kNone;
  const TimeZone* zone_ = nullptr;
  std::shared_ptr<const TimeParser> time_;
  MinuteCache minutes_;
  std::string cached_text_;  // the last text read by `time_`: runs of equal times are common
  int64_t cached_us_ = 0;
};

// Number texts, the whole text or nothing; inline fast paths for short ones.
bool parse_int64(std::string_view text, int64_t& out);
bool parse_double(std::string_view text, double& out);
bool parse_float(std::string_view text, float& out);
bool parse_decimal(std::string_view text, int precision, int scale, Int128& out);

// The narrowest of BOOLEAN, BIGINT, DOUBLE, DATE, TIMESTAMP, TIMESTAMP_LTZ, STRING that reads all
// texts; empty ones are left out. No texts: STRING. Also gives the time format found.
struct GuessedType {
  Type type;
  std::string format;
};
GuessedType guess_type(const std::vector<std::string>& texts);

// A text for messages: at most `limit` bytes, control and non-ASCII-safe bytes escaped, in backquotes.
std::string quote_for_message(std::string_view text, size_t limit = 60);

}  // namespace weir
