// Times to texts and back: DATE_FORMAT, TO_TIMESTAMP, FROM_UNIXTIME, CONVERT_TZ and their kind.
//
// Patterns are Java's (yyyy-MM-dd HH:mm:ss). A literal pattern, zone or format is compiled when the call
// is bound and a wrong one is an error of the pipeline; one that comes from a column is compiled when
// it changes and a wrong one is an error of its row. A text that does not fit gives NULL, as in Flink.
#include <cmath>

#include "data/civil_scan.h"
#include "data/time_pattern.h"
#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/temporal_units.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

constexpr char kDefaultPattern[] = "yyyy-MM-dd HH:mm:ss";

// A pattern of a call: fixed at binding, or read from an argument row by row.
class PatternArgument {
 public:
  // `at` is the argument's index; calls without it use the default.
  static Result<PatternArgument> make(std::span<const ExprPtr> args, size_t at) {
    PatternArgument out;
    if (at < args.size() && !literal_text(args, at)) {
      out.at_ = at;
      return out;
    }
    auto made = TimePattern::java(literal_text(args, at).value_or(kDefaultPattern));
    if (!made) return fail(std::move(made.error()));
    out.fixed_ = std::make_shared<const TimePattern>(std::move(*made));
    out.is_default_ = at >= args.size() || literal_text(args, at) == kDefaultPattern;
    return out;
  }

  bool is_default() const { return is_default_; }

  // One kernel call's view of it, for one thread.
  class Reader {
   public:
    Reader(const PatternArgument& argument, Columns args)
        : pattern_(argument.fixed_.get()),
          column_(argument.fixed_ == nullptr ? args[argument.at_].get() : nullptr) {}

    // nullptr after reporting that row i's pattern is wrong.
    const TimePattern* row(EvalContext& context, size_t i) {
      if (column_ == nullptr) return pattern_;
      const StringRef text = column_->at<StringRef>(i);
      if (pattern_ == nullptr || !(last_ == text)) {
        auto made = TimePattern::java(text.view());
        if (!made) {
          fail_row(context, made.error().message);
          return nullptr;
        }
        made_ = std::move(*made);
        pattern_ = &made_;
        last_ = text;
      }
      return pattern_;
    }

   private:
    const TimePattern* pattern_;
    const Column* column_;
    TimePattern made_;
    StringRef last_;
  };

 private:
  std::shared_ptr<const TimePattern> fixed_;
  size_t at_ = 0;
  bool is_default_ = false;
};

// A zone of a call, the same way.
class ZoneArgument {
 public:
  static Result<ZoneArgument> make(std::span<const ExprPtr> args, size_t at) {
    ZoneArgument out;
    out.at_ = at;
    const auto name = literal_text(args, at);
    if (!name) return out;
    const auto zone = find_time_zone(*name);
    if (!zone) return fail(Error(zone.error()));
    out.fixed_ = *zone;
    return out;
  }

  class Reader {
   public:
    Reader(const ZoneArgument& argument, Columns args)
        : zone_(argument.fixed_),
          column_(argument.fixed_ == nullptr ? args[argument.at_].get() : nullptr) {}

    const TimeZone* row(EvalContext& context, size_t i) {
      if (column_ == nullptr) return zone_;
      const StringRef name = column_->at<StringRef>(i);
      if (zone_ == nullptr || !(last_ == name)) {
        const auto zone = find_time_zone(name.view());
        if (!zone) {
          fail_row(context, zone.error().message);
          return nullptr;
        }
        zone_ = *zone;
        last_ = name;
      }
      return zone_;
    }

   private:
    const TimeZone* zone_;
    const Column* column_;
    StringRef last_;
  };

 private:
  const TimeZone* fixed_ = nullptr;
  size_t at_ = 0;
};

StringRef format_into(EvalContext& context, const TimePattern& pattern, std::string& buffer,
                      int64_t local_us, int nanos, int64_t offset_s) {
  buffer.clear();
  pattern.format(buffer, local_us, nanos, offset_s);
  return copy_text(context, buffer);
}

// The wall clock that a text says; a zone in the text moves it to `zone`.
std::optional<int64_t> read_wall_clock(const TimePattern& pattern, bool is_default, StringRef text,
                                       const TimeZone& zone) {
  // The default pattern reads what CAST reads: fractions, "T", a date alone, blanks around.
  if (is_default) {
    std::string_view t = text.view();
    while (!t.empty() && t.front() == ' ') t.remove_prefix(1);
    while (!t.empty() && t.back() == ' ') t.remove_suffix(1);
    return parse_timestamp(t);
  }
  const auto parsed = pattern.parse(text.view());
  if (!parsed) return std::nullopt;
  if (!parsed->has_year && !valid_date(1970, parsed->month, parsed->day)) {
    return std::nullopt;  // 29 February of 1970
  }
  return parsed->is_instant ? zone.to_local(parsed->local_us) : parsed->local_us;
}

Result<void> check_text_arguments(std::string_view function, std::span<const ExprPtr> args,
                                  size_t from) {
  for (size_t i = from; i < args.size(); ++i) {
    if (auto ok = check_type(function, args, i, Type::string()); !ok) return ok;
  }
  return {};
}

std::vector<Type> text_parameters(size_t n) { return std::vector<Type>(n, Type::string()); }

// --- DATE_FORMAT -----------------------------------------------------------------------------------

Result<BoundCall> bind_date_format(std::span<const ExprPtr> args) {
  if (auto ok = check_count("DATE_FORMAT", args, 2, 2); !ok) return fail(ok.error());
  if (auto ok = check_text_arguments("DATE_FORMAT", args, 1); !ok) return fail(ok.error());
  auto pattern = PatternArgument::make(args, 1);
  if (!pattern) return fail(std::move(pattern.error()));
  BoundCall call;
  call.result = Type::string();
  call.can_fail = !literal_text(args, 1);
  if (args[0]->type().is_text()) {
    call.parameters = text_parameters(2);
    call.kernel = [pattern = *pattern](Columns in, size_t rows, EvalContext& context) {
      PatternArgument::Reader reader(pattern, in);
      std::string buffer;
      return map_rows<StringRef>(Type::string(), in, rows, context, [&](size_t i) {
        int nanos = 0;
        const auto t = parse_timestamp(in[0]->at<StringRef>(i).view(), &nanos);
        const TimePattern* p = reader.row(context, i);
        if (!t || p == nullptr) return std::optional<StringRef>();
        return std::optional(format_into(context, *p, buffer, *t, nanos, 0));
      });
    };
    return call;
  }
  auto moment = moment_argument("DATE_FORMAT", args, 0);
  if (!moment) return fail(std::move(moment.error()));
  call.parameters = {*moment, Type::string()};
  call.kernel = [pattern = *pattern](Columns in, size_t rows, EvalContext& context) {
    PatternArgument::Reader reader(pattern, in);
    std::string buffer;
    const Column& t = *in[0];
    const bool zoned = t.type().id == TypeId::kTimestampLtz && context.zone != utc();
    return with_wall_clock(t, *context.zone, [&](auto read) {
      return map_rows<StringRef>(Type::string(), in, rows, context, [&](size_t i) -> StringRef {
        const TimePattern* p = reader.row(context, i);
        if (p == nullptr) return {};
        const int64_t local = read(i);
        int nanos = 0;
        int64_t instant = local;
        if (t.type().is_timestamp()) {
          const int64_t raw = t.at<int64_t>(i);
          nanos = t.type().in_nanos() ? static_cast<int>(floor_mod(raw, 1000)) : 0;
          if (zoned) instant = t.type().in_nanos() ? floor_div(raw, 1000) : raw;
        }
        return format_into(context, *p, buffer, local, nanos, (local - instant) / kMicrosPerSecond);
      });
    });
  };
  return call;
}

// --- TO_TIMESTAMP, TO_DATE, UNIX_TIMESTAMP, TO_TIMESTAMP_LTZ of texts ----------------------------------

// text[, pattern] -> Raw of a wall clock. `convert` gives the value or nullopt.
template <class Raw, class Convert>
Result<BoundCall> bind_text_reader(std::string_view function, std::span<const ExprPtr> args,
                                   Type result, Convert convert) {
  if (auto ok = check_count(function, args, 1, 2); !ok) return fail(ok.error());
  if (auto ok = check_text_arguments(function, args, 0); !ok) return fail(ok.error());
  auto pattern = PatternArgument::make(args, 1);
  if (!pattern) return fail(std::move(pattern.error()));
  BoundCall call;
  call.parameters = text_parameters(args.size());
  call.result = result;
  call.can_fail = args.size() > 1 && !literal_text(args, 1);
  call.kernel = [pattern = *pattern, result, convert](Columns in, size_t rows,
                                                      EvalContext& context) {
    PatternArgument::Reader reader(pattern, in);
    return map_rows<Raw>(result, in, rows, context, [&](size_t i) -> std::optional<Raw> {
      const TimePattern* p = reader.row(context, i);
      if (p == nullptr) return std::nullopt;
      const StringRef text = in[0]->at<StringRef>(i);
      const auto local = read_wall_clock(*p, pattern.is_default(), text, *context.zone);
      if (!local) return std::nullopt;
      return convert(*local, *context.zone);
    });
  };
  return call;
}

std::optional<int64_t> millis_of(int64_t us) { return floor_div(us, 1000) * 1000; }

Result<BoundCall> bind_to_timestamp(std::span<const ExprPtr> args) {
  return bind_text_reader<int64_t>("TO_TIMESTAMP", args, Type::timestamp(3),
                                   [](int64_t local, const TimeZone&) { return millis_of(local); });
}

Result<BoundCall> bind_unix_timestamp(std::span<const ExprPtr> args) {
  return bind_text_reader<int64_t>(
      "UNIX_TIMESTAMP", args, Type::bigint(), [](int64_t local, const TimeZone& zone) {
        return std::optional(floor_div(zone.to_instant(local), kMicrosPerSecond));
      });
}

Result<BoundCall> bind_to_date(std::span<const ExprPtr> args) {
  if (args.size() == 1) {  // without a pattern as CAST, but NULL for what is no date
    if (auto ok = check_text_arguments("TO_DATE", args, 0); !ok) return fail(ok.error());
    BoundCall call;
    call.parameters = text_parameters(1);
    call.result = Type::date();
    call.kernel = [](Columns in, size_t rows, EvalContext& context) {
      return map_rows<int32_t>(Type::date(), in, rows, context, [&](size_t i) {
        return parse_date_prefix(in[0]->at<StringRef>(i).view());
      });
    };
    return call;
  }
  return bind_text_reader<int32_t>(
      "TO_DATE", args, Type::date(), [](int64_t local, const TimeZone&) {
        return std::optional(static_cast<int32_t>(floor_div(local, kMicrosPerDay)));
      });
}

// text[, pattern[, zone]]; without a zone UTC, as Flink defines it.
Result<BoundCall> bind_text_to_ltz(std::span<const ExprPtr> args) {
  if (auto ok = check_text_arguments("TO_TIMESTAMP_LTZ", args, 0); !ok) return fail(ok.error());
  auto pattern = PatternArgument::make(args, 1);
  if (!pattern) return fail(std::move(pattern.error()));
  auto zone = ZoneArgument::make(args, 2);
  if (!zone) return fail(std::move(zone.error()));
  const bool has_zone = args.size() > 2;
  BoundCall call;
  call.parameters = text_parameters(args.size());
  call.result = Type::timestamp_ltz(3);
  call.can_fail =
      (args.size() > 1 && !literal_text(args, 1)) || (has_zone && !literal_text(args, 2));
  call.kernel = [pattern = *pattern, zone = *zone, has_zone](Columns in, size_t rows,
                                                             EvalContext& context) {
    PatternArgument::Reader patterns(pattern, in);
    std::optional<ZoneArgument::Reader> zones;
    if (has_zone) zones.emplace(zone, in);
    return map_rows<int64_t>(
        Type::timestamp_ltz(3), in, rows, context, [&](size_t i) -> std::optional<int64_t> {
          const TimePattern* p = patterns.row(context, i);
          const TimeZone* z = has_zone ? zones->row(context, i) : utc();
          if (p == nullptr || z == nullptr) return std::nullopt;
          const StringRef text = in[0]->at<StringRef>(i);
          const auto local = read_wall_clock(*p, pattern.is_default(), text, *z);
          if (!local) {
            // Texts that say their zone themselves need no pattern.
            return pattern.is_default() ? parse_instant(text.view(), *z) : std::nullopt;
          }
          return millis_of(z->to_instant(*local));
        });
  };
  return call;
}

// --- numbers -----------------------------------------------------------------------------------------

// number[, precision]: seconds (0), milliseconds (3), microseconds (6) since 1970.
Result<BoundCall> bind_number_to_ltz(std::span<const ExprPtr> args) {
  int64_t digits = 3;
  if (args.size() > 1) {
    const auto given = literal_integer(args, 1);
    if (args.size() > 2 || !given || (*given != 0 && *given != 3 && *given != 6)) {
      return fail(ErrorKind::kConfig,
                  "the precision of TO_TIMESTAMP_LTZ must be 0 (seconds), 3 (milliseconds) or 6 "
                  "(microseconds)");
    }
    digits = *given;
  }
  const Type result = Type::timestamp_ltz(digits == 6 ? 6 : 3);
  const int64_t factor = digits == 0 ? 1'000'000 : digits == 3 ? 1'000 : 1;
  const bool whole = args[0]->type().is_integer() || args[0]->type().id == TypeId::kNull;
  BoundCall call;
  call.parameters.push_back(whole ? Type::bigint() : Type::float64());
  if (args.size() > 1) call.parameters.push_back(args[1]->type());
  call.result = result;
  call.kernel = [result, factor, whole](Columns in, size_t rows, EvalContext& context) {
    const Column& n = *in[0];
    return map_rows<int64_t>(result, in, rows, context, [&](size_t i) -> std::optional<int64_t> {
      int64_t us = 0;
      if (whole) {
        if (__builtin_mul_overflow(n.at<int64_t>(i), factor, &us)) return std::nullopt;
      } else {
        const double scaled = std::floor(n.at<double>(i) * static_cast<double>(factor));
        if (!(std::fabs(scaled) < 9e17)) return std::nullopt;
        us = static_cast<int64_t>(scaled);
        if (factor >= 1000) us = floor_div(us, 1000) * 1000;
      }
      return civil::in_range(us) ? std::optional(us) : std::nullopt;
    });
  };
  return call;
}

Result<BoundCall> bind_to_ltz(std::span<const ExprPtr> args) {
  if (auto ok = check_count("TO_TIMESTAMP_LTZ", args, 1, 3); !ok) return fail(ok.error());
  const Type& type = args[0]->type();
  if (type.is_numeric() || type.id == TypeId::kNull) return bind_number_to_ltz(args);
  return bind_text_to_ltz(args);
}

Result<BoundCall> bind_from_unixtime(std::span<const ExprPtr> args) {
  if (auto ok = check_count("FROM_UNIXTIME", args, 1, 2); !ok) return fail(ok.error());
  if (auto ok = check_type("FROM_UNIXTIME", args, 0, Type::bigint()); !ok) return fail(ok.error());
  if (auto ok = check_text_arguments("FROM_UNIXTIME", args, 1); !ok) return fail(ok.error());
  auto pattern = PatternArgument::make(args, 1);
  if (!pattern) return fail(std::move(pattern.error()));
  BoundCall call;
  call.parameters = {Type::bigint()};
  if (args.size() > 1) call.parameters.push_back(Type::string());
  call.result = Type::string();
  call.can_fail = args.size() > 1 && !literal_text(args, 1);
  call.kernel = [pattern = *pattern](Columns in, size_t rows, EvalContext& context) {
    PatternArgument::Reader reader(pattern, in);
    std::string buffer;
    return map_rows<StringRef>(
        Type::string(), in, rows, context, [&](size_t i) -> std::optional<StringRef> {
          const TimePattern* p = reader.row(context, i);
          int64_t us = 0;
          if (p == nullptr ||
              __builtin_mul_overflow(in[0]->at<int64_t>(i), kMicrosPerSecond, &us) ||
              !civil::in_range(us)) {
            return std::nullopt;
          }
          const int64_t local = context.zone->to_local(us);
          return format_into(context, *p, buffer, local, 0, (local - us) / kMicrosPerSecond);
        });
  };
  return call;
}

// --- zones and formats of our own ----------------------------------------------------------------------

Result<BoundCall> bind_convert_tz(std::span<const ExprPtr> args) {
  if (auto ok = check_count("CONVERT_TZ", args, 3, 3); !ok) return fail(ok.error());
  if (auto ok = check_text_arguments("CONVERT_TZ", args, 0); !ok) return fail(ok.error());
  auto from = ZoneArgument::make(args, 1);
  if (!from) return fail(std::move(from.error()));
  auto to = ZoneArgument::make(args, 2);
  if (!to) return fail(std::move(to.error()));
  BoundCall call;
  call.parameters = text_parameters(3);
  call.result = Type::string();
  call.can_fail = !literal_text(args, 1) || !literal_text(args, 2);
  call.kernel = [from = *from, to = *to](Columns in, size_t rows, EvalContext& context) {
    ZoneArgument::Reader from_zone(from, in);
    ZoneArgument::Reader to_zone(to, in);
    std::string buffer;
    return map_rows<StringRef>(Type::string(), in, rows, context,
                               [&](size_t i) -> std::optional<StringRef> {
                                 const TimeZone* a = from_zone.row(context, i);
                                 if (a == nullptr) return std::nullopt;
                                 const TimeZone* b = to_zone.row(context, i);
                                 const auto local = parse_timestamp(in[0]->at<StringRef>(i).view());
                                 if (b == nullptr || !local) return std::nullopt;
                                 buffer.clear();
                                 append_timestamp(buffer, b->to_local(a->to_instant(*local)), 0);
                                 return copy_text(context, buffer);
                               });
  };
  return call;
}

Result<BoundCall> bind_parse_time(std::span<const ExprPtr> args) {
  if (auto ok = check_count("PARSE_TIME", args, 2, 2); !ok) return fail(ok.error());
  if (auto ok = check_text_arguments("PARSE_TIME", args, 0); !ok) return fail(ok.error());
  const auto format = literal_text(args, 1);
  if (!format) return fail(ErrorKind::kConfig, "the format of PARSE_TIME must be a literal text");
  // The parser itself needs the session zone and the clock, which are known when it runs.
  if (auto parser = make_time_parser(*format, *utc(), 0); !parser)
    return fail(std::move(parser.error()));
  BoundCall call;
  call.parameters = text_parameters(2);
  call.result = Type::timestamp_ltz(6);
  // The year of a syslog time depends on the clock.
  call.deterministic = *format != "syslog" && *format != "auto";
  call.kernel = [format = *format](Columns in, size_t rows, EvalContext& context) {
    const auto parser = make_time_parser(format, *context.zone, context.now_us);
    return map_rows<int64_t>(Type::timestamp_ltz(6), in, rows, context, [&](size_t i) {
      return (*parser)->parse(in[0]->at<StringRef>(i).view());
    });
  };
  return call;
}

}  // namespace

FunctionList temporal_text_functions() {
  FunctionList list;
  list.push_back(polymorphic(
      "DATE_FORMAT", "DATE_FORMAT(t, pattern STRING) -> STRING",
      "Writes a time, or a text that is one, by a Java pattern such as yyyy-MM-dd HH:mm.",
      "DATE_FORMAT(TIMESTAMP '2021-09-27 12:34:56', 'dd.MM.yyyy HH:mm')", "27.09.2021 12:34",
      bind_date_format));
  list.push_back(
      polymorphic("TO_TIMESTAMP", "TO_TIMESTAMP(s STRING[, pattern STRING]) -> TIMESTAMP(3)",
                  "Reads a wall clock by a Java pattern; NULL when the text does not fit.",
                  "TO_TIMESTAMP('27/09/2021 12:34', 'dd/MM/yyyy HH:mm')", "2021-09-27 12:34:00.000",
                  bind_to_timestamp));
  list.push_back(polymorphic("TO_DATE", "TO_DATE(s STRING[, pattern STRING]) -> DATE",
                             "Reads a date by a Java pattern; NULL when the text does not fit.",
                             "TO_DATE('27.09.2021', 'dd.MM.yyyy')", "2021-09-27", bind_to_date));
  list.push_back(polymorphic("TO_TIMESTAMP_LTZ",
                             "TO_TIMESTAMP_LTZ(n NUMERIC[, precision INT]) or (s STRING[, pattern "
                             "STRING[, zone STRING]]) -> "
                             "TIMESTAMP_LTZ(3)",
                             "Makes an instant of seconds (precision 0), milliseconds (3, the "
                             "default) or microseconds (6) since "
                             "1970, or reads a text, in UTC unless a zone is given.",
                             "TO_TIMESTAMP_LTZ(1632746096, 0)", "2021-09-27 12:34:56.000",
                             bind_to_ltz));
  list.push_back(
      polymorphic("UNIX_TIMESTAMP", "UNIX_TIMESTAMP(s STRING[, pattern STRING]) -> BIGINT",
                  "Reads a wall clock of the session's zone as seconds since 1970; NULL when the "
                  "text does not fit (Flink: the smallest BIGINT).",
                  "UNIX_TIMESTAMP('2021-09-27 12:34:56')", "1632746096", bind_unix_timestamp));
  list.push_back(polymorphic("FROM_UNIXTIME",
                             "FROM_UNIXTIME(seconds BIGINT[, pattern STRING]) -> STRING",
                             "Writes seconds since 1970 as a wall clock of the session's zone.",
                             "FROM_UNIXTIME(44)", "1970-01-01 00:00:44", bind_from_unixtime));
  list.push_back(polymorphic("CONVERT_TZ", "CONVERT_TZ(s STRING, from STRING, to STRING) -> STRING",
                             "Moves the text of a wall clock from one time zone to another.",
                             "CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles')",
                             "1969-12-31 16:00:00", bind_convert_tz));
  list.push_back(polymorphic("PARSE_TIME",
                             "PARSE_TIME(s STRING, format STRING) -> TIMESTAMP_LTZ(6)",
                             "Reads a time in a format of [source.event_time]: iso8601, rfc3339, "
                             "clf, syslog, epoch_s, auto or a "
                             "strptime pattern; NULL when the text does not fit (not in Flink).",
                             "PARSE_TIME('10/Oct/2000:13:55:36 -0700', 'clf')",
                             "2000-10-10 20:55:36.000000", bind_parse_time));
  return list;
}

}  // namespace weir
