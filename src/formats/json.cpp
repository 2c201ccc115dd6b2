// The format "json": one object a line.
#include "formats/format_list.h"
#include "formats/json_decoder.h"
#include "formats/json_encoder.h"
#include "formats/json_infer.h"

namespace weir {
namespace {

struct JsonOptions {
  std::string times = "sql";
  bool leave_out_nulls = false;
};

const OptionTable<JsonOptions>& json_options() {
  static const OptionTable<JsonOptions> table = {
      {"times",
       &JsonOptions::times,
       {"sql", "iso8601"},
       "how times are written: \"2024-01-31 12:00:00\" or \"2024-01-31T12:00:00\"; both are read"},
      {"leave_out_nulls", &JsonOptions::leave_out_nulls, "fields that are NULL are not written"},
  };
  return table;
}

class JsonFormat final : public Format {
 public:
  JsonFormat(JsonOptions options, const FormatContext& context, std::vector<JsonColumn> columns)
      : options_(std::move(options)),
        zone_(context.zone),
        reference_us_(context.reference_us),
        columns_(std::move(columns)),
        declared_(!columns_.empty()) {
    for (const auto& column : columns_) schema_.add(column.name, column.type);
  }

  std::shared_ptr<const RecordCutter> cutter() const override { return make_line_cutter(); }
  bool needs_sample() const override { return !declared_; }
  Result<void> infer(std::string_view sample, bool whole) override {
    (void)whole;
    if (declared_) return {};
    schema_ = infer_json_schema(sample);
    columns_.clear();
    for (const auto& column : schema_)
      columns_.push_back({column.name, column.type, {}, {column.name}});
    return {};
  }
  const Schema& schema() const override { return schema_; }
  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    return make_json_decoder(columns_, request, zone_, reference_us_);
  }
  std::unique_ptr<Encoder> make_encoder(const Schema& schema, const EncodeOptions&) const override {
    return make_json_encoder(schema, {options_.times == "iso8601", options_.leave_out_nulls});
  }

 private:
  JsonOptions options_;
  const TimeZone* zone_;
  int64_t reference_us_;
  std::vector<JsonColumn> columns_;
  bool declared_;
  Schema schema_;
};

std::unique_ptr<Format> make_json(const FormatSpec& spec, const FormatContext& context,
                                  Errors& errors) {
  const size_t before = errors.size();
  JsonOptions options;
  read_options(json_options(), spec.options, options, errors, "the json format", {"name"});
  auto columns = declared_json_columns(context, errors, [&](const JsonColumn& column) {
    return check_json_column(column, context);
  });
  if (errors.size() > before) return nullptr;
  return std::make_unique<JsonFormat>(std::move(options), context, std::move(columns));
}

}  // namespace

const FormatDescriptor kJsonFormat = {
    .name = "json",
    .doc = "one JSON object a line (NDJSON); nested objects and arrays become ROW, MAP and ARRAY",
    .reads = true,
    .writes = true,
    .options = [] { return option_docs(json_options()); },
    .make = make_json,
};

}  // namespace weir
