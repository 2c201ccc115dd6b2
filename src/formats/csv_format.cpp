#include <algorithm>

#include <fmt/format.h>

#include "base/spelling.h"
#include "formats/column_names.h"
#include "formats/csv.h"
#include "formats/format.h"
#include "formats/format_list.h"

namespace weir {
namespace {

constexpr size_t kSampleRows = 1000;

struct CsvOptions {
  char delimiter = ',';
  bool header = true;
  std::vector<std::string> columns;
  std::string quote = "\"";
  std::string comment;
  std::optional<std::string> null;
  bool trim = false;
};

const OptionTable<CsvOptions>& csv_options() {
  static const OptionTable<CsvOptions> table = {
      {"delimiter", &CsvOptions::delimiter, "the character between fields"},
      {"header", &CsvOptions::header, "the first record names the columns"},
      {"columns", &CsvOptions::columns, "the columns' names when there is no header"},
      {"quote", &CsvOptions::quote,
       "the character around fields that hold delimiters; empty: none"},
      {"comment", &CsvOptions::comment,
       "records that begin with this character are left out; quotes in them must be paired"},
      {"null", &CsvOptions::null,
       "the text (not in quotes) that means NULL; without it an empty field is NULL, or '' for a "
       "STRING"},
      {"trim", &CsvOptions::trim, "blanks around fields are not part of them"},
  };
  return table;
}

struct TsvOptions {
  bool header = true;
  std::vector<std::string> columns;
  std::string comment;
  std::optional<std::string> null;
};

const OptionTable<TsvOptions>& tsv_options() {
  static const OptionTable<TsvOptions> table = {
      {"header", &TsvOptions::header, "the first record names the columns"},
      {"columns", &TsvOptions::columns, "the columns' names when there is no header"},
      {"comment", &TsvOptions::comment, "lines that begin with this character are left out"},
      {"null", &TsvOptions::null,
       "the text that means NULL, often \\N; without it an empty field is NULL, or '' for a "
       "STRING"},
  };
  return table;
}

class CsvFormat final : public Format {
 public:
  CsvFormat(CsvDialect dialect, std::vector<std::string> names,
            std::vector<DeclaredColumn> declared, const FormatContext& context)
      : dialect_(std::move(dialect)),
        names_(std::move(names)),
        declared_(std::move(declared)),
        zone_(context.zone),
        reference_us_(context.reference_us) {
    needs_sample_ = !context.for_output && (dialect_.header || declared_.empty());
    // What can be said before a sample; for a declared schema it is all, unless a header orders the fields.
    if (names_.empty())
      for (const auto& column : declared_) names_.push_back(path_of(column));
    (void)place_declared();
  }

  std::shared_ptr<const RecordCutter> cutter() const override {
    if (dialect_.quote == 0 || dialect_.escapes) return make_line_cutter();
    return make_quoted_cutter(dialect_.quote);
  }

  bool needs_sample() const override { return needs_sample_; }

  Result<void> infer(std::string_view sample, bool) override {
    const size_t begin = skip_to_csv_record(sample, 0, dialect_);
    if (begin == sample.size()) return {};  // nothing there: the declared columns, or none
    const size_t end = csv_record_end(sample, begin, dialect_);
    std::string_view record = sample.substr(begin, end - begin);
    if (record.ends_with('\r')) record.remove_suffix(1);
    std::vector<FieldSpan> fields;
    if (!split_csv_fields(record, dialect_, fields))
      return fail(ErrorKind::kData, "a quote in the first record is not closed",
                  "with quote = \"\" quotes are ordinary characters");
    if (dialect_.header) {
      names_.clear();
      Arena arena;
      for (FieldSpan& field : fields) {
        if (const char* reason = clean_csv_field(field, dialect_, arena))
          return fail(ErrorKind::kData, fmt::format("the header has {}: {}", reason,
                                                    quote_for_message(field.view())));
        names_.emplace_back(field.view());
      }
      names_ = unique_column_names(std::move(names_));
    } else if (names_.empty()) {
      names_ = unique_column_names(std::vector<std::string>(fields.size()));
    }
    if (!declared_.empty()) return place_declared();
    guess_columns(sample);
    return {};
  }

  const Schema& schema() const override { return schema_; }

  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    return make_csv_decoder(dialect_, layout_, request, zone_, reference_us_);
  }

  std::unique_ptr<Encoder> make_encoder(const Schema& schema,
                                        const EncodeOptions& options) const override {
    return make_csv_encoder(dialect_, schema, options);
  }

 private:
  static const std::string& path_of(const DeclaredColumn& column) {
    return column.path.empty() ? column.name : column.path;
  }

  void set_columns(std::vector<FieldColumn> columns, std::vector<uint32_t> places) {
    layout_.columns = std::move(columns);
    layout_.places = std::move(places);
    layout_.field_count = names_.size();
    layout_.header = dialect_.header ? names_ : std::vector<std::string>();
    schema_ = Schema();
    for (const auto& column : layout_.columns) schema_.add(column.name, column.type);
  }

  // Finds the declared columns among names_.
  Result<void> place_declared() {
    std::vector<FieldColumn> columns;
    std::vector<uint32_t> places;
    for (const auto& column : declared_) {
      const auto found = std::find(names_.begin(), names_.end(), path_of(column));
      if (found == names_.end())
        return fail(
            ErrorKind::kConfig,
            fmt::format("the {} no column `{}`",
                        dialect_.header ? "header has" : "option columns names", path_of(column)),
            spelling_hint(path_of(column), std::span<const std::string>(names_)));
      places.push_back(static_cast<uint32_t>(found - names_.begin()));
      columns.push_back({column.name, column.type, column.format});
    }
    set_columns(std::move(columns), std::move(places));
    return {};
  }

  // Reads the sample's first rows as text and guesses each column's type.
  void guess_columns(std::string_view sample) {
    std::vector<FieldColumn> columns;
    std::vector<uint32_t> places;
    for (const auto& name : names_) {
      places.push_back(static_cast<uint32_t>(columns.size()));
      columns.push_back({name, Type::string(), {}});
    }
    set_columns(columns, places);

    auto padded = std::make_shared<Buffer>();
    padded->append(sample.data(), sample.size());
    padded->resize(sample.size() + kPadding);
    std::fill(padded->begin() + sample.size(), padded->end(), '\0');
    Block block;
    block.bytes = {padded->data(), sample.size()};
    block.starts_partition = true;
    block.ends_partition = true;
    DecodeRequest request;
    request.needed.assign(columns.size(), true);
    Batch batch;
    make_decoder(request)->decode(block, batch);

    const size_t rows = std::min(batch.rows, kSampleRows);
    for (size_t c = 0; c < columns.size(); ++c) {
      std::vector<std::string> texts;
      const Column& column = *batch.columns[c];
      for (size_t i = 0; i < rows; ++i)
        if (!column.is_null(i)) texts.emplace_back(column.at<StringRef>(i).view());
      GuessedType guess = guess_type(texts);
      columns[c].type = guess.type;
      columns[c].time_format = std::move(guess.format);
    }
    set_columns(std::move(columns), std::move(places));
  }

  CsvDialect dialect_;
  std::vector<std::string> names_;  // of the record's fields; empty: not known
  std::vector<DeclaredColumn> declared_;
  const TimeZone* zone_;
  int64_t reference_us_;
  bool needs_sample_ = false;
  CsvLayout layout_;
  Schema schema_;
};

void add_problem(Errors& errors, const FormatSpec& spec, std::string_view key,
                 std::string message) {
  const Node* node = spec.options.find(key);
  errors.push_back({ErrorKind::kConfig,
                    std::move(message),
                    node != nullptr ? node->position : spec.position,
                    {},
                    {}});
}

// An option of one character or none.
char read_character(std::string_view key, const std::string& text, const FormatSpec& spec,
                    Errors& errors) {
  if (text.size() > 1 || text == "\n" || text == "\r")
    add_problem(errors, spec, key,
                fmt::format("`{}` must be one character, or empty for none", key));
  return text.size() == 1 ? text[0] : '\0';
}

void set_nulls(CsvDialect& dialect, const std::optional<std::string>& null) {
  dialect.nulls.empty = true;
  dialect.nulls.has_text = null.has_value();
  dialect.nulls.text = null.value_or("");
}

std::unique_ptr<Format> make_format(CsvDialect dialect, std::vector<std::string> columns,
                                    const FormatSpec& spec, const FormatContext& context,
                                    Errors& errors, size_t errors_before) {
  if (dialect.header && !columns.empty() && !context.for_output)
    add_problem(errors, spec, "columns",
                "`columns` names the fields of records without a header; add header = false");
  std::vector<std::string> sorted = columns;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    add_problem(errors, spec, "columns",
                fmt::format("the column `{}` is named twice",
                            *std::adjacent_find(sorted.begin(), sorted.end())));
  std::vector<DeclaredColumn> declared = declared_columns(context, errors);
  for (size_t i = 0; i < declared.size(); ++i) {
    if (auto parser = FieldParser::make(declared[i].type, declared[i].format, context.zone,
                                        context.reference_us);
        !parser) {
      Error error = parser.error();
      if (i < context.columns.size()) error.position = context.columns[i].position;
      errors.push_back(std::move(error));
    }
    const std::string& path = declared[i].path.empty() ? declared[i].name : declared[i].path;
    if (!columns.empty() && std::find(columns.begin(), columns.end(), path) == columns.end()) {
      errors.push_back({ErrorKind::kConfig,
                        fmt::format("the option columns names no column `{}`", path),
                        i < context.columns.size() ? context.columns[i].position : spec.position,
                        spelling_hint(path, std::span<const std::string>(columns)),
                        {}});
    }
  }
  if (errors.size() > errors_before) return nullptr;
  return std::make_unique<CsvFormat>(std::move(dialect), std::move(columns), std::move(declared),
                                     context);
}

std::unique_ptr<Format> make_csv(const FormatSpec& spec, const FormatContext& context,
                                 Errors& errors) {
  const size_t before = errors.size();
  CsvOptions options;
  read_options(csv_options(), spec.options, options, errors, "the csv format", {"name"});
  CsvDialect dialect;
  dialect.delimiter = options.delimiter;
  dialect.quote = read_character("quote", options.quote, spec, errors);
  dialect.comment = read_character("comment", options.comment, spec, errors);
  dialect.trim = options.trim;
  dialect.header = options.header;
  set_nulls(dialect, options.null);
  if (dialect.delimiter == '\n' || dialect.delimiter == '\r' || dialect.delimiter == dialect.quote)
    add_problem(errors, spec, "delimiter",
                "the delimiter must differ from the quote and from a line end");
  return make_format(std::move(dialect), std::move(options.columns), spec, context, errors, before);
}

std::unique_ptr<Format> make_tsv(const FormatSpec& spec, const FormatContext& context,
                                 Errors& errors) {
  const size_t before = errors.size();
  TsvOptions options;
  read_options(tsv_options(), spec.options, options, errors, "the tsv format", {"name"});
  CsvDialect dialect;
  dialect.delimiter = '\t';
  dialect.quote = 0;
  dialect.escapes = true;
  dialect.comment = read_character("comment", options.comment, spec, errors);
  dialect.header = options.header;
  set_nulls(dialect, options.null);
  return make_format(std::move(dialect), std::move(options.columns), spec, context, errors, before);
}

std::vector<OptionDoc> csv_docs() { return option_docs(csv_options()); }
std::vector<OptionDoc> tsv_docs() { return option_docs(tsv_options()); }

}  // namespace

const FormatDescriptor kCsvFormat = {
    "csv",    "delimited records, RFC 4180: quoted fields may hold delimiters and newlines",
    true,     true,
    csv_docs, make_csv};

const FormatDescriptor kTsvFormat = {
    "tsv",    "fields between tabs; \\t, \\n, \\r and \\\\ stand for tab, line ends and backslash",
    true,     true,
    tsv_docs, make_tsv};

}  // namespace weir
