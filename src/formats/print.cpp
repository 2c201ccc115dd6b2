// The format "print": rows as Flink's print connector shows them, +I[a, b]. Output only.
#include "data/text.h"
#include "formats/format_list.h"

namespace weir {
namespace {

class PrintEncoder final : public Encoder {
 public:
  PrintEncoder(const Schema& schema, const EncodeOptions& options)
      : columns_(schema.size()), timezone_(options.timezone) {
    style_.null_text = "null";
    style_.timezone = timezone_;
  }

  void encode(const Batch& batch, std::string& out) override {
    for (size_t row = 0; row < batch.rows; ++row) {
      out += row_kind_text(batch.kinds.empty() ? RowKind::kInsert : batch.kinds[row]);
      out += '[';
      for (size_t c = 0; c < columns_; ++c) {
        if (c > 0) out += ", ";
        const Column* column = c < batch.columns.size() ? batch.columns[c].get() : nullptr;
        if (column == nullptr || column->is_null(row)) {
          out += style_.null_text;
        } else {
          append_text(out, *column, row, style_);
        }
      }
      out += "]\n";
    }
  }

 private:
  size_t columns_;
  std::string timezone_;
  TextStyle style_;
};

struct PrintOptions {};

const OptionTable<PrintOptions>& print_options() {
  static const OptionTable<PrintOptions> table = {};
  return table;
}

class PrintFormat final : public Format {
 public:
  std::shared_ptr<const RecordCutter> cutter() const override { return make_line_cutter(); }
  const Schema& schema() const override { return schema_; }
  bool shows_kinds() const override { return true; }
  std::unique_ptr<Decoder> make_decoder(const DecodeRequest&) const override { return nullptr; }
  std::unique_ptr<Encoder> make_encoder(const Schema& schema,
                                        const EncodeOptions& options) const override {
    return std::make_unique<PrintEncoder>(schema, options);
  }

 private:
  Schema schema_;
};

std::unique_ptr<Format> make_print(const FormatSpec& spec, const FormatContext& context,
                                   Errors& errors) {
  const size_t before = errors.size();
  PrintOptions options;
  read_options(print_options(), spec.options, options, errors, "the print format", {"name"});
  if (!context.for_output)
    errors.push_back({ErrorKind::kConfig,
                      "the print format can only be written",
                      spec.position,
                      "read json or csv instead",
                      {}});
  if (errors.size() > before) return nullptr;
  return std::make_unique<PrintFormat>();
}

}  // namespace

const FormatDescriptor kPrintFormat = {
    .name = "print",
    .doc = "rows with their kinds, as Flink prints them: +I[a, b]",
    .reads = false,
    .writes = true,
    .options = [] { return option_docs(print_options()); },
    .make = make_print,
};

}  // namespace weir
