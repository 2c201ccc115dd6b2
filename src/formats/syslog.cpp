// syslog as RFC 5424 and RFC 3164 have it, side by side in one input, a message a line or a length (RFC 6587) before each.
//
//   <34>1 2003-10-11T22:14:15.003Z host app 123 ID47 [a@1 b="c"] message
//   <34>Oct 11 22:14:15 host app[123]: message
//
// Every part may be missing in the wild: what follows the priority and is neither is the message alone. A time
// without a year is the nearest to the file's time, in the session zone.
#include <array>

#include "data/text.h"
#include "formats/field_decoder.h"
#include "formats/format_list.h"
#include "formats/syslog_frames.h"

namespace weir {
namespace {

enum SyslogColumn { kFacility, kSeverity, kTime, kHost, kApp, kPid, kId, kData, kMessage };

const std::vector<FieldColumn>& syslog_columns() {
  static const std::vector<FieldColumn> columns = {
      {"facility", Type::string(), {}},     {"severity", Type::string(), {}},
      {"time", Type::timestamp_ltz(6), {}}, {"host", Type::string(), {}},
      {"app", Type::string(), {}},          {"pid", Type::string(), {}},
      {"id", Type::string(), {}},           {"data", Type::string(), {}},
      {"message", Type::string(), {}}};
  return columns;
}

constexpr std::array<std::string_view, 24> kFacilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
constexpr std::array<std::string_view, 8> kSeverities = {"emerg",   "alert",  "crit", "err",
                                                         "warning", "notice", "info", "debug"};

// Takes the text up to a blank, and the blank.
std::string_view take_word(std::string_view& rest) {
  const size_t blank = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, blank);
  rest.remove_prefix(std::min(blank + 1, rest.size()));
  return word;
}

// Takes [..][..], quotes and escapes minded; npos-safe: an unfinished one is all of the rest.
std::string_view take_data(std::string_view& rest) {
  size_t at = 0;
  while (at < rest.size() && rest[at] == '[') {
    bool quoted = false;
    for (++at; at < rest.size() && (quoted || rest[at] != ']'); ++at) {
      if (rest[at] == '\\' && quoted) {
        ++at;
      } else if (rest[at] == '"') {
        quoted = !quoted;
      }
    }
    at = std::min(at + 1, rest.size());
  }
  const std::string_view data = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return data;
}

class SyslogDecoder final : public Decoder, private RecordSplitter {
 public:
  SyslogDecoder(SyslogFraming framing, const DecodeRequest& request, const TimeZone* zone,
                int64_t reference_us)
      : framing_(framing),
        fields_(syslog_columns(), request, NullRule{}, zone, reference_us),
        old_times_(*FieldParser::make(Type::timestamp_ltz(6), "syslog", zone, reference_us)) {
    for (const uint32_t column : fields_.wanted()) wanted_.push_back(column);
  }

  void decode(const Block& block, Batch& batch) override {
    fields_.begin(block, batch);
    const bool marked = block.starts_partition && block.bytes.starts_with("\xEF\xBB\xBF");
    std::string_view record;
    for (size_t at = marked ? 3 : 0; at < block.bytes.size();) {
      if (next_syslog_frame(framing_, block.bytes, at, true, record) != FrameStatus::kDone) {
        record = block.bytes.substr(
            at);  // a message of Kafka, say, whose length is wrong: it is one record
        at = block.bytes.size();
      }
      if (record.ends_with('\n')) record.remove_suffix(1);
      if (record.ends_with('\r')) record.remove_suffix(1);
      if (record.empty()) continue;
      if (!fields_.take_record(record, *this)) break;
    }
    fields_.end();
  }

 private:
  bool split(std::string_view record, Arena& arena, FieldSpan* out, RecordFault& fault) override {
    fields_of_.fill(absent_field());
    std::string_view rest = record;
    if (!take_priority(rest, arena)) {
      fault.reason = "no priority <0> to <191> at the start";
      return false;
    }
    if (rest.starts_with("1 ")) {
      rest.remove_prefix(2);
      take_new(rest);
    } else {
      take_old(rest, arena);
    }
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    set(kMessage, rest);
    for (size_t k = 0; k < wanted_.size(); ++k) out[k] = fields_of_[wanted_[k]];
    return true;
  }

  void set(SyslogColumn column, std::string_view text) {
    fields_of_[column] = {text.data(), static_cast<uint32_t>(text.size()), FieldSpan::kPlain};
  }
  // Texts that do not stand in the record.
  void set_copy(SyslogColumn column, std::string_view text, Arena& arena) {
    char* copy = arena.allocate(text.size() + kFieldPadding);
    std::memset(copy, 0, text.size() + kFieldPadding);
    std::memcpy(copy, text.data(), text.size());
    set(column, {copy, text.size()});
  }
  void set_given(SyslogColumn column, std::string_view text) {
    if (text != "-" && !text.empty()) set(column, text);
  }

  bool take_priority(std::string_view& rest, Arena& arena) {
    const size_t end = rest.find('>');
    if (!rest.starts_with('<') || end == std::string_view::npos || end < 2 || end > 4) return false;
    size_t priority = 0;
    for (const char c : rest.substr(1, end - 1)) {
      if (c < '0' || c > '9') return false;
      priority = priority * 10 + static_cast<size_t>(c - '0');
    }
    if (priority >= kFacilities.size() * 8) return false;
    set_copy(kFacility, kFacilities[priority / 8], arena);
    set_copy(kSeverity, kSeverities[priority % 8], arena);
    rest.remove_prefix(end + 1);
    return true;
  }

  void take_new(std::string_view& rest) {
    for (const SyslogColumn column : {kTime, kHost, kApp, kPid, kId})
      set_given(column, take_word(rest));
    if (rest.starts_with('[')) {
      set(kData, take_data(rest));
    } else if (rest.starts_with('-')) {
      take_word(rest);
    }
  }

  // "Oct 11 22:14:15 host app[123]: "; some write RFC 3339 times there.
  void take_old(std::string_view& rest, Arena& arena) {
    constexpr size_t kTimeLength = 15;
    if (rest.size() > kTimeLength && rest[3] == ' ' && rest[6] == ' ' && rest[9] == ':') {
      Column time(Type::timestamp_ltz(6));
      if (!old_times_.append(rest.substr(0, kTimeLength), time)) return;
      set_copy(kTime, text_at(time, 0) + "Z", arena);
      rest.remove_prefix(kTimeLength);
      rest.remove_prefix(rest.starts_with(' ') ? 1 : 0);
    } else if (rest.size() > 19 && rest[4] == '-' && rest[10] == 'T') {
      set(kTime, take_word(rest));
    } else {
      return;
    }
    set_given(kHost, take_word(rest));
    const size_t colon = rest.find(':');
    const size_t blank = std::min(rest.find(' '), rest.size());
    if (colon == std::string_view::npos || colon > blank) return;
    std::string_view tag = rest.substr(0, colon);
    if (const size_t bracket = tag.find('['); bracket != std::string_view::npos) {
      std::string_view pid = tag.substr(bracket + 1);
      if (pid.ends_with(']')) pid.remove_suffix(1);
      set_given(kPid, pid);
      tag = tag.substr(0, bracket);
    }
    set_given(kApp, tag);
    rest.remove_prefix(colon + 1);
    rest.remove_prefix(rest.starts_with(' ') ? 1 : 0);
  }

  const SyslogFraming framing_;
  FieldDecoder fields_;
  FieldParser old_times_;
  std::vector<size_t> wanted_;
  std::array<FieldSpan, kMessage + 1> fields_of_{};
};

class SyslogFormat final : public Format {
 public:
  SyslogFormat(SyslogFraming framing, const FormatContext& context)
      : framing_(framing), zone_(context.zone), reference_us_(context.reference_us) {
    for (const auto& column : syslog_columns()) schema_.add(column.name, column.type);
  }
  std::shared_ptr<const RecordCutter> cutter() const override {
    return make_syslog_cutter(framing_);
  }
  const Schema& schema() const override { return schema_; }
  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    return std::make_unique<SyslogDecoder>(framing_, request, zone_, reference_us_);
  }

 private:
  const SyslogFraming framing_;
  const TimeZone* zone_;
  int64_t reference_us_;
  Schema schema_;
};

struct SyslogOptions {
  std::string framing = "auto";
};

const OptionTable<SyslogOptions>& syslog_options() {
  static const OptionTable<SyslogOptions> table = {
      {"framing",
       &SyslogOptions::framing,
       {"auto", "lines", "octet-counting"},
       "where a message ends: at the line's end, or where the length before it says (RFC 6587); "
       "auto: lines in files, "
       "and on a connection what each message's first byte shows"}};
  return table;
}

SyslogFraming framing_of(const SyslogOptions& options, const FormatContext& context) {
  if (options.framing == "octet-counting") return SyslogFraming::kCounted;
  return options.framing == "auto" && context.connections ? SyslogFraming::kDetected
                                                          : SyslogFraming::kLines;
}

std::unique_ptr<Format> make_syslog(const FormatSpec& spec, const FormatContext& context,
                                    Errors& errors) {
  const size_t before = errors.size();
  SyslogOptions options;
  read_options(syslog_options(), spec.options, options, errors, "the syslog format", {"name"});
  if (!context.columns.empty())
    errors.push_back({ErrorKind::kConfig,
                      "the columns of syslog are its own",
                      context.columns.front().position,
                      "a step `map` gives them other names and types",
                      {}});
  if (errors.size() > before) return nullptr;
  return std::make_unique<SyslogFormat>(framing_of(options, context), context);
}

}  // namespace

const FormatDescriptor kSyslogFormat = {"syslog",
                                        "syslog messages, RFC 5424 and RFC 3164, a line or a "
                                        "length before each: facility, severity, time, "
                                        "host, app, pid, id, data, message",
                                        true,
                                        false,
                                        [] { return option_docs(syslog_options()); },
                                        make_syslog};

}  // namespace weir
