// The format "avro": object container files of Apache Avro.
//
// Its own reader, straight into columns: a block is unpacked and read by the worker that claims it, values of columns that nobody
// needs are passed over, and there is no tree of values.
#include "formats/avro_decoder.h"
#include "formats/avro_encoder.h"
#include "formats/format_list.h"

namespace weir {
namespace {

struct AvroOptions {
  std::string codec = "deflate";
};

const OptionTable<AvroOptions>& avro_options() {
  static const OptionTable<AvroOptions> table = {
      {"codec",
       &AvroOptions::codec,
       {"null", "deflate", "zstandard", "bzip2", "xz"},
       "how blocks that are written are packed; all of these are read"},
  };
  return table;
}

class AvroFormat final : public Format {
 public:
  AvroFormat(AvroOptions options, Schema schema)
      : options_(std::move(options)), schema_(std::move(schema)), declared_(schema_.size() > 0) {}

  std::shared_ptr<const RecordCutter> cutter() const override { return avro::make_block_cutter(); }
  bool is_binary() const override { return true; }
  bool is_container() const override { return true; }
  bool needs_sample() const override { return !declared_; }
  Result<void> infer(std::string_view sample, bool) override {
    if (declared_ || sample.empty()) return {};
    auto header = avro::parse_header(sample);
    if (!header) return fail(header.error());
    schema_ = Schema();
    const auto& record = header->schema;
    for (size_t i = 0; i < record.names.size(); ++i)
      schema_.add(record.names[i], record.children[i].type);
    return {};
  }
  const Schema& schema() const override { return schema_; }
  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    return avro::make_decoder(schema_, request);
  }
  std::unique_ptr<Encoder> make_encoder(const Schema& schema, const EncodeOptions&) const override {
    return avro::make_encoder(schema, options_.codec);
  }

 private:
  AvroOptions options_;
  Schema schema_;
  bool declared_;
};

std::unique_ptr<Format> make_avro(const FormatSpec& spec, const FormatContext& context,
                                  Errors& errors) {
  const size_t before = errors.size();
  AvroOptions options;
  read_options(avro_options(), spec.options, options, errors, "the avro format", {"name"});
  Schema schema;
  for (const auto& column : declared_columns(context, errors)) {
    const SchemaColumnSpec* place = nullptr;
    for (const auto& c : context.columns)
      if (c.name == column.name) place = &c;
    if (!column.path.empty())
      errors.push_back({ErrorKind::kConfig,
                        "columns of avro have the names of their fields",
                        place->path.position,
                        "a step `map` gives them other names and reaches into them",
                        {}});
    if (!column.format.empty())
      errors.push_back({ErrorKind::kConfig,
                        "times in avro have no format",
                        place->format.position,
                        "the file's schema says what they are",
                        {}});
    schema.add(column.name, column.type);
  }
  if (errors.size() > before) return nullptr;
  return std::make_unique<AvroFormat>(std::move(options), std::move(schema));
}

}  // namespace

const FormatDescriptor kAvroFormat = {
    .name = "avro",
    .doc = "object container files of Apache Avro, with their schema",
    .reads = true,
    .writes = true,
    .options = [] { return option_docs(avro_options()); },
    .make = make_avro,
};

}  // namespace weir
