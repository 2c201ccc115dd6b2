#include "formats/regex_format.h"

#include <algorithm>

#include "base/spelling.h"
#include "formats/field_decoder.h"
#include "formats/record_walk.h"
#include "formats/regex_matcher.h"

namespace weir {
namespace {

constexpr size_t kMatchSampleRecords = 1000;

// A pattern and the column that each of its groups fills.
struct BoundPattern {
  RegexPattern pattern;
  std::vector<size_t> columns;  // per group
};

class PatternDecoder final : public Decoder, private RecordSplitter {
 public:
  PatternDecoder(const std::vector<BoundPattern>& patterns, const std::vector<FieldColumn>& columns,
                 std::shared_ptr<const RecordCutter> cutter, const DecodeRequest& request,
                 const TimeZone* zone, int64_t reference_us)
      : cutter_(std::move(cutter)),
        fields_(columns, request, NullRule{false, {}, true}, zone, reference_us) {
    const auto& wanted = fields_.wanted();
    for (const auto& bound : patterns) {
      std::vector<bool> keep(bound.pattern.groups.size());
      std::vector<size_t> places;
      for (size_t g = 0; g < keep.size(); ++g) {
        const auto place = std::lower_bound(wanted.begin(), wanted.end(), bound.columns[g]);
        keep[g] = place != wanted.end() && *place == bound.columns[g];
        if (keep[g]) places.push_back(static_cast<size_t>(place - wanted.begin()));
      }
      groups_.resize(std::max(groups_.size(), places.size()));
      matchers_.push_back(
          {RegexMatcher(bound.pattern, keep, cutter_ != nullptr), std::move(places)});
    }
    one_.resize(std::max<size_t>(1, wanted.size()));
  }

  void decode(const Block& block, Batch& batch) override {
    fields_.begin(block, batch);
    RecordWalk walk(block, cutter_.get());
    std::string_view record;
    const size_t limit = fields_.run_rows();
    const size_t wanted = fields_.wanted().size();
    size_t rows = 0;
    bool good = true;
    while (walk.next(record)) {
      if (record.empty()) continue;
      if (fill(record, one_.data())) {
        for (size_t k = 0; k < wanted; ++k) fields_.fields()[k][rows] = one_[k];
      } else {
        good = false;
      }
      fields_.records()[rows++] = {record.data(), static_cast<uint32_t>(record.size()),
                                   FieldSpan::kPlain};
      if (rows < limit) continue;
      if (!fields_.take(rows, good, *this)) return fields_.end();
      rows = 0;
      good = true;
    }
    fields_.take(rows, good, *this);
    fields_.end();
  }

 private:
  struct Matcher {
    RegexMatcher regex;
    std::vector<size_t> places;  // per kept group, in the wanted columns
  };

  bool fill(std::string_view record, FieldSpan* fields) {
    for (Matcher& matcher : matchers_) {
      if (!matcher.regex.match(record, groups_.data())) continue;
      std::fill_n(fields, fields_.wanted().size(), absent_field());
      for (size_t g = 0; g < matcher.places.size(); ++g) {
        // Of several groups for one column the first that took part counts.
        FieldSpan& field = fields[matcher.places[g]];
        if (groups_[g].data() == nullptr || field.kind != FieldSpan::kAbsent) continue;
        field = {groups_[g].data(), static_cast<uint32_t>(groups_[g].size()), FieldSpan::kPlain};
      }
      return true;
    }
    return false;
  }

  bool split(std::string_view record, Arena&, FieldSpan* fields, RecordFault& fault) override {
    if (fill(record, fields)) return true;
    RegexMatcher::Reach best;
    for (Matcher& matcher : matchers_) {
      auto reach = matcher.regex.reach(record);
      if (reach.groups > best.groups || (reach.groups == best.groups && reach.end > best.end))
        best = std::move(reach);
    }
    fault.reason = "does not match the pattern";
    if (matchers_.size() > 1) fault.reason = "matches none of the patterns";
    if (!best.field.empty())
      fault.reason +=
          ": matches as far as `" + best.field + "`, then " +
          (best.end < record.size() ? "comes " + quote_for_message(record.substr(best.end), 40)
                                    : "the record ends");
    return false;
  }

  std::shared_ptr<const RecordCutter> cutter_;  // nullptr: lines
  FieldDecoder fields_;
  std::vector<Matcher> matchers_;
  std::vector<std::string_view> groups_;
  std::vector<FieldSpan> one_;
};

class PatternFormat final : public Format {
 public:
  struct Column {
    FieldColumn field;
    bool fixed = false;  // its type was declared or written in the pattern
  };

  PatternFormat(std::vector<BoundPattern> patterns, std::vector<Column> columns,
                std::shared_ptr<const RecordCutter> cutter, const FormatContext& context)
      : patterns_(std::move(patterns)),
        columns_(std::move(columns)),
        cutter_(std::move(cutter)),
        zone_(context.zone),
        reference_us_(context.reference_us) {
    make_schema();
  }

  std::shared_ptr<const RecordCutter> cutter() const override {
    return cutter_ ? cutter_ : std::shared_ptr<const RecordCutter>(make_line_cutter());
  }
  bool needs_sample() const override {
    return std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.fixed; });
  }
  const Schema& schema() const override { return schema_; }

  Result<void> infer(std::string_view sample, bool whole) override {
    (void)whole;
    std::vector<std::vector<std::string>> texts(columns_.size());
    std::vector<RegexMatcher> matchers;
    std::vector<std::string_view> groups;
    for (const auto& bound : patterns_) {
      const size_t count = bound.pattern.groups.size();
      groups.resize(std::max(groups.size(), count));
      matchers.emplace_back(bound.pattern, std::vector<bool>(count, true), cutter_ != nullptr);
    }
    RecordWalk walk(sample, cutter_.get());
    std::string_view record;
    for (size_t n = 0; n < kMatchSampleRecords && walk.next(record); ++n) {
      for (size_t p = 0; p < matchers.size(); ++p) {
        if (!matchers[p].match(record, groups.data())) continue;
        const auto& columns = patterns_[p].columns;
        for (size_t g = 0; g < columns.size(); ++g)
          if (groups[g].data() != nullptr) texts[columns[g]].emplace_back(groups[g]);
        break;
      }
    }
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].fixed) continue;
      GuessedType guess = guess_type(texts[i]);
      columns_[i].field.type = std::move(guess.type);
      columns_[i].field.time_format = std::move(guess.format);
    }
    make_schema();
    return {};
  }

  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    std::vector<FieldColumn> fields;
    for (const auto& column : columns_) fields.push_back(column.field);
    return std::make_unique<PatternDecoder>(patterns_, fields, cutter_, request, zone_,
                                            reference_us_);
  }

 private:
  void make_schema() {
    schema_ = Schema();
    for (const auto& column : columns_) schema_.add(column.field.name, column.field.type);
  }

  std::vector<BoundPattern> patterns_;
  std::vector<Column> columns_;
  std::shared_ptr<const RecordCutter> cutter_;
  const TimeZone* zone_;
  int64_t reference_us_;
  Schema schema_;
};

// The type that grok's third part names: its own "int" and "float", or a SQL type.
Result<Type> group_type(const std::string& name) {
  if (name == "int" || name == "long") return Type::bigint();
  if (name == "float" || name == "double") return Type::float64();
  return parse_type(name);
}

}  // namespace

std::unique_ptr<Format> make_pattern_format(std::vector<PatternText> patterns,
                                            const SourceText& record_start,
                                            const FormatContext& context, Errors& errors) {
  const size_t before = errors.size();
  std::vector<BoundPattern> bound;
  std::vector<PatternFormat::Column> columns;
  const auto column_of = [&columns](const std::string& name) {
    for (size_t i = 0; i < columns.size(); ++i)
      if (columns[i].field.name == name) return i;
    columns.push_back({{name, Type::string(), {}}, false});
    return columns.size() - 1;
  };
  for (auto& [pattern, source] : patterns) {
    if (auto valid = RegexMatcher::check(pattern); !valid) {
      valid.error().position = source.position;
      errors.push_back(valid.error());
      continue;
    }
    BoundPattern b{std::move(pattern), {}};
    for (const auto& group : b.pattern.groups) {
      const size_t column = column_of(group.field);
      b.columns.push_back(column);
      if (group.type.empty() || columns[column].fixed) continue;
      auto type = group_type(group.type);
      if (!type) {
        type.error().position = source.position;
        errors.push_back(type.error());
        continue;
      }
      columns[column].field.type = *type;
      columns[column].fixed = true;
    }
    if (b.columns.empty())
      errors.push_back({ErrorKind::kConfig,
                        "the pattern names no field",
                        source.position,
                        "name groups as in (?P<status>[0-9]+), or %{INT:status} in grok",
                        {}});
    bound.push_back(std::move(b));
  }

  std::vector<std::string> known;
  for (const auto& column : columns) known.push_back(column.field.name);
  for (const auto& declared : declared_columns(context, errors)) {
    const std::string& group = declared.path.empty() ? declared.name : declared.path;
    Position position;
    for (const auto& spec : context.columns)
      if (spec.name == declared.name) position = spec.position;
    const auto place = std::find(known.begin(), known.end(), group);
    if (place == known.end()) {
      errors.push_back({ErrorKind::kConfig,
                        "no group `" + group + "` in the pattern",
                        position,
                        spelling_hint(group, known),
                        {}});
      continue;
    }
    auto& column = columns[static_cast<size_t>(place - known.begin())];
    column.field = {declared.name, declared.type, declared.format};
    column.fixed = true;
    if (auto parser =
            FieldParser::make(declared.type, declared.format, context.zone, context.reference_us);
        !parser) {
      parser.error().position = position;
      errors.push_back(parser.error());
    }
  }

  std::shared_ptr<const RecordCutter> cutter;
  if (!record_start.text.empty()) {
    auto made = make_record_start_cutter(record_start.text);
    if (made) {
      cutter = std::move(*made);
    } else {
      made.error().position = record_start.position;
      errors.push_back(made.error());
    }
  }
  if (errors.size() > before) return nullptr;
  return std::make_unique<PatternFormat>(std::move(bound), std::move(columns), std::move(cutter),
                                         context);
}

}  // namespace weir
