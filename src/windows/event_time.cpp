#include "windows/event_time.h"

#include <algorithm>

#include "expr/binder.h"
#include "formats/field_parser.h"

namespace weir {

namespace {

constexpr int64_t kDefaultMaxFuture = 24 * int64_t{3'600'000'000};  // of a stream

// How the value of the column becomes microseconds.
struct Reading {
  enum class Kind { kMicros, kNanos, kText, kInteger, kReal };
  Kind kind = Kind::kMicros;
  EpochUnit unit;
  std::string format;
};

class AssignEventTime : public Transform {
 public:
  AssignEventTime(ExprPtr column, Reading reading, std::optional<FieldParser> parser,
                  std::optional<int64_t> max_future_us, const OperatorContext& context)
      : column_(std::move(column)),
        reading_(std::move(reading)),
        parser_(std::move(parser)),
        max_future_us_(max_future_us),
        context_(context),
        eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    eval_.arena = &batch.arena();
    const ColumnPtr values = flat(column_->eval(batch, eval_));
    if (!eval_.errors.empty()) {
      // Numbered as the batch is now; the rows go, so read the rest again.
      reject_failed_rows(batch, eval_, "event_time", context_);
      apply(batch);
      return;
    }
    batch.event_time.resize(batch.rows);
    read(*values, batch);
    if (!eval_.errors.empty()) reject_failed_rows(batch, eval_, "event_time", context_);

    batch.running_max.resize(batch.rows);
    int64_t max = kMinTime;
    for (size_t i = 0; i < batch.rows; ++i) {
      batch.running_max[i] = max;
      max = std::max(max, batch.event_time[i]);
    }
    batch.max_event_time = max;
  }

 private:
  void read(const Column& values, Batch& batch) {
    int64_t* out = batch.event_time.data();
    const size_t n = batch.rows;
    switch (reading_.kind) {
      case Reading::Kind::kMicros: std::copy_n(values.values<int64_t>(), n, out); break;
      case Reading::Kind::kNanos:
        for (size_t i = 0; i < n; ++i) out[i] = floor_div(values.values<int64_t>()[i], 1000);
        break;
      case Reading::Kind::kInteger: read_integers(values, n, out); break;
      case Reading::Kind::kReal: read_reals(values, n, out); break;
      case Reading::Kind::kText: read_texts(values, n, out); break;
    }
    if (!values.may_have_nulls() && !max_future_us_) return;
    const int64_t latest = max_future_us_ ? latest_time() : kMaxTime;
    for (size_t i = 0; i < n; ++i) {
      if (values.is_null(i)) {
        eval_.row_error(i, "no event time: the value is NULL");
      } else if (out[i] > latest) {
        eval_.row_error(i, "the event time lies further ahead of the clock than max_future allows");
      }
    }
  }

  // Bounded input is judged by the clock at the start of the run, a stream by the clock now.
  int64_t latest_time() const {
    const int64_t now = context_.streaming ? context_.clock->now_us() : context_.now_us;
    return now > kMaxTime - *max_future_us_ ? kMaxTime : now + *max_future_us_;
  }

  void read_integers(const Column& values, size_t n, int64_t* out) {
    const int64_t* in = values.values<int64_t>();
    for (size_t i = 0; i < n; ++i) {
      if (reading_.unit.divide > 1) {
        out[i] = floor_div(in[i], reading_.unit.divide);
      } else if (__builtin_mul_overflow(in[i], reading_.unit.multiply, &out[i])) {
        out[i] = 0;
        if (!values.is_null(i)) eval_.row_error(i, "the event time is out of range");
      }
    }
  }

  void read_reals(const Column& values, size_t n, int64_t* out) {
    const double* in = values.values<double>();
    const double factor =
        static_cast<double>(reading_.unit.multiply) / static_cast<double>(reading_.unit.divide);
    for (size_t i = 0; i < n; ++i) {
      const double us = in[i] * factor;
      if (us > -9.2e18 && us < 9.2e18) {
        out[i] = static_cast<int64_t>(us < 0 ? us - 0.5 : us + 0.5);
      } else {
        out[i] = 0;
        if (!values.is_null(i)) eval_.row_error(i, "the event time is out of range");
      }
    }
  }

  void read_texts(const Column& values, size_t n, int64_t* out) {
    parsed_.clear();
    const StringRef* in = values.values<StringRef>();
    for (size_t i = 0; i < n; ++i) {
      out[i] = 0;
      if (values.is_null(i)) continue;
      if (parser_->append(in[i].view(), parsed_)) {
        out[i] = parsed_.values<int64_t>()[parsed_.size() - 1];
      } else {
        eval_.row_error(
            i, quote_for_message(in[i].view()) + " is not a time of the form " + reading_.format);
      }
    }
  }

  const ExprPtr column_;
  const Reading reading_;
  std::optional<FieldParser> parser_;
  const std::optional<int64_t> max_future_us_;
  const OperatorContext context_;
  EvalContext eval_;
  Column parsed_{Type::timestamp(6)};
};

// The same in input order, for max_jump: what a record may be depends on all before it.
class AssignEventTimeInOrder : public Ordered {
 public:
  AssignEventTimeInOrder(std::unique_ptr<Transform> assign, int64_t max_jump_us,
                         int64_t out_of_orderness_us, const OperatorContext& context)
      : assign_(std::move(assign)),
        max_jump_us_(max_jump_us),
        delay_us_(out_of_orderness_us + 1000),
        context_(context) {}

  void process(Batch batch, Emitter& out) override {
    assign_->apply(batch);
    std::vector<RowFault> jumps;
    batch.watermark = reached();
    batch.watermark_delay = delay_us_;
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t time = batch.event_time[i];
      batch.running_max[i] = max_;
      if (max_ != kMinTime && time > max_ && time - max_ > max_jump_us_) {
        jumps.push_back(
            {static_cast<uint32_t>(i),
             "the event time lies further ahead of the one before than max_jump allows"});
        if (context_.fail_fast) break;
      } else {
        max_ = std::max(max_, time);
      }
    }
    batch.reject(jumps, "event_time", context_.fail_fast);
    batch.max_event_time = max_;
    out.emit(std::move(batch));
    if (max_ != kMinTime) out.advance(reached());
  }

  void snapshot(SnapshotWriter& writer) const override { writer.put_i64(max_); }
  void restore(SnapshotReader& reader) override { max_ = reader.get_i64(); }

 private:
  int64_t reached() const { return max_ < kMinTime + delay_us_ ? kMinTime : max_ - delay_us_; }

  const std::unique_ptr<Transform> assign_;
  const int64_t max_jump_us_;
  const int64_t delay_us_;
  const OperatorContext context_;
  int64_t max_ = kMinTime;
};

class EventTimePlan : public OperatorPlan {
 public:
  EventTimePlan(const Schema& schema, ExprPtr column, Reading reading,
                std::optional<FieldParser> parser, const EventTimeSpec& spec)
      : OperatorPlan("event_time", schema, schema),
        column_(std::move(column)),
        reading_(std::move(reading)),
        parser_(std::move(parser)),
        spec_(spec) {}

  Placement placement() const override {
    return spec_.max_jump ? Placement::kOrdered : Placement::kTransform;
  }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed = output_needed;
    column_->collect_columns(needed);
    return needed;
  }
  int passes_column(size_t output_column) const override { return static_cast<int>(output_column); }
  bool can_reject() const override { return true; }
  std::string explain() const override {
    return "event time: " + spec_.column.text +
           (reading_.format.empty() ? "" : " as " + reading_.format) + ", watermark " +
           format_duration(spec_.max_out_of_orderness) + " behind";
  }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return spec_.max_jump ? nullptr : assign(context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<AssignEventTimeInOrder>(assign(context), spec_.max_jump->us,
                                                    spec_.max_out_of_orderness.us, context);
  }

 private:
  std::unique_ptr<Transform> assign(const OperatorContext& context) const {
    std::optional<int64_t> max_future;
    if (spec_.max_future) {
      max_future = spec_.max_future->us;
    } else if (context.streaming || context.checkpointed) {
      // What such a record would do to the watermark would not end with the run.
      max_future = kDefaultMaxFuture;
    }
    return std::make_unique<AssignEventTime>(column_, reading_, parser_, max_future, context);
  }

  ExprPtr column_;
  Reading reading_;
  std::optional<FieldParser> parser_;
  EventTimeSpec spec_;
};

Error at(const SourceText& text, std::string message, std::string hint = {}) {
  return Error{ErrorKind::kConfig, std::move(message), text.at(0, text.text.size()),
               std::move(hint), "[source.event_time]"};
}

}  // namespace

std::unique_ptr<OperatorPlan> bind_event_time(const EventTimeSpec& spec, const Schema& input,
                                              const BindContext& context, Errors& errors) {
  auto column = bind_text(spec.column, input, context.zone);
  if (!column) {
    errors.push_back(column.error());
    return nullptr;
  }
  const Type type = (*column)->type();
  Reading reading;
  reading.format = spec.format.text;
  std::optional<FieldParser> parser;
  ExprPtr expr = *column;
  const auto epoch = epoch_unit(reading.format);

  if (type.is_timestamp()) {
    if (!reading.format.empty()) {
      errors.push_back(at(spec.format,
                          "`format` has no meaning here: " + spec.column.text + " is a " +
                              type.to_string() + " already",
                          "leave `format` out"));
      return nullptr;
    }
    reading.kind = type.in_nanos() ? Reading::Kind::kNanos : Reading::Kind::kMicros;
  } else if (type.is_text()) {
    if (reading.format.empty()) reading.format = "auto";
    auto made = FieldParser::make(Type::timestamp(6), reading.format, context.zone, context.now_us);
    if (!made) {
      errors.push_back(at(spec.format.text.empty() ? spec.column : spec.format,
                          made.error().message, made.error().hint));
      return nullptr;
    }
    parser = std::move(*made);
    reading.kind = Reading::Kind::kText;
  } else if (type.is_numeric() && epoch) {
    reading.unit = *epoch;
    const bool whole = type.is_integer();
    reading.kind = whole ? Reading::Kind::kInteger : Reading::Kind::kReal;
    auto cast = cast_to(expr, whole ? Type::bigint() : Type::float64());
    if (!cast) {
      errors.push_back(cast.error());
      return nullptr;
    }
    expr = *cast;
  } else if (type.is_numeric()) {
    errors.push_back(at(spec.column, "a number needs `format` to say what it counts",
                        "format = \"epoch_s\", \"epoch_ms\", \"epoch_us\" or \"epoch_ns\""));
    return nullptr;
  } else {
    errors.push_back(at(spec.column, "the event time must be a TIMESTAMP, a text or a number; " +
                                         spec.column.text + " is " + type.to_string()));
    return nullptr;
  }
  return std::make_unique<EventTimePlan>(input, std::move(expr), std::move(reading),
                                         std::move(parser), spec);
}

}  // namespace weir
