// parse: decodes a text column with any input format and adds the columns it gives.
//
// The texts of a batch are joined to one block and decoded at once. Texts that could not stand in one
// (empty, of several lines) are decoded one by one, and so are all of them where the decoder counts other
// records than there are texts.

#include <algorithm>

#include "base/spelling.h"
#include "expr/row_subset.h"
#include "formats/format.h"
#include "operators/column_list.h"
#include "operators/operator_list.h"

namespace weir {

namespace {

struct ParseOptions {
  SourceText column;
  Node format;
  Node schema;
  std::string into;
  bool keep = false;
};

const OptionTable<ParseOptions>& parse_options() {
  static const OptionTable<ParseOptions> table = {
      {"column", &ParseOptions::column, "the STRING column to decode, one record in each row",
       true},
      {"format", &ParseOptions::format,
       "an input format's name, or a table with `name` and its options", true},
      {"schema", &ParseOptions::schema,
       "names and types of the columns, where the format does not say them"},
      {"into", &ParseOptions::into, "a prefix for the new columns' names"},
      {"keep", &ParseOptions::keep, "keeps the text column"},
  };
  return table;
}

// One output column: the input's or the format's.
struct ParsedColumn {
  bool is_new = false;
  size_t index = 0;
};

class ParsePlan final : public OperatorPlan {
 public:
  ParsePlan(const Schema& input, Schema output, size_t column, std::vector<ParsedColumn> columns,
            std::unique_ptr<Format> format, std::string text)
      : OperatorPlan("parse", input, std::move(output)),
        column_(column),
        columns_(std::move(columns)),
        format_(std::move(format)),
        text_(std::move(text)) {}

  Placement placement() const override { return Placement::kTransform; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(input().size(), false);
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (!columns_[c].is_new && output_needed[c]) needed[columns_[c].index] = true;
    }
    needed[column_] = true;
    return needed;
  }
  std::string explain() const override { return "parse: " + text_; }
  bool can_reject() const override { return true; }
  int passes_column(size_t output_column) const override {
    const ParsedColumn& column = columns_[output_column];
    return column.is_new ? -1 : static_cast<int>(column.index);
  }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override;

  size_t column() const { return column_; }
  const std::vector<ParsedColumn>& columns() const { return columns_; }
  const Format& format() const { return *format_; }
  bool is_output(size_t column) const { return output_needed(column); }

 private:
  size_t column_;
  std::vector<ParsedColumn> columns_;
  std::unique_ptr<Format> format_;
  std::string text_;
};

class Parse final : public Transform {
 public:
  Parse(const ParsePlan& plan, const OperatorContext& context) : plan_(plan), context_(context) {
    DecodeRequest request;
    request.needed.assign(plan.format().schema().size(), false);
    for (size_t c = 0; c < plan.columns().size(); ++c) {
      if (plan.columns()[c].is_new && plan.is_output(c))
        request.needed[plan.columns()[c].index] = true;
    }
    needed_ = request.needed;
    decoder_ = plan.format().make_decoder(request);
  }

  void apply(Batch& batch) override {
    parts_.clear();
    faults_.clear();
    from_.assign(batch.rows, kNothing);
    decode_texts(*batch.columns[plan_.column()], batch);
    const Schema& schema = plan_.format().schema();
    const size_t inputs = batch.columns.size();
    for (size_t k = 0; k < schema.size(); ++k)
      batch.columns.push_back(needed_[k] ? put_together(k, schema[k].type, batch.rows) : nullptr);
    if (!faults_.empty())
      batch.reject(faults_, plan_.input()[plan_.column()].name, context_.fail_fast);

    std::vector<ColumnPtr> columns;
    for (size_t c = 0; c < plan_.columns().size(); ++c) {
      const ParsedColumn& column = plan_.columns()[c];
      columns.push_back(plan_.is_output(c)
                            ? batch.columns[column.is_new ? inputs + column.index : column.index]
                            : nullptr);
    }
    batch.columns = std::move(columns);
  }

 private:
  static constexpr PartRow kNothing{UINT32_MAX, 0};

  void decode_texts(const Column& texts, Batch& batch) {
    plain_.clear();
    single_.clear();
    for (uint32_t i = 0; i < batch.rows; ++i) {
      if (texts.is_null(i)) continue;
      const std::string_view text = texts.at<StringRef>(i).view();
      const bool plain = !text.empty() && text.find('\n') == std::string_view::npos;
      (plain ? plain_ : single_).push_back(i);
    }
    if (!plain_.empty() && !decode_joined(texts, batch)) {
      single_.append(plain_.data(), plain_.size());
      std::sort(single_.begin(), single_.end());
    }
    for (const uint32_t i : single_) decode_one(texts.at<StringRef>(i).view(), i, batch);
  }

  // Decodes the texts of plain_ as one block. False, with nothing done, if it held another number of records.
  bool decode_joined(const Column& texts, Batch& batch) {
    size_t bytes = 0;
    for (const uint32_t i : plain_) bytes += texts.at<StringRef>(i).len + 1;
    auto buffer = std::make_shared<Buffer>();
    buffer->resize(bytes + kPadding);
    char* p = buffer->data();
    for (const uint32_t i : plain_) {
      const StringRef text = texts.at<StringRef>(i);
      std::memcpy(p, text.ptr, text.len);
      p[text.len] = '\n';
      p += text.len + 1;
    }
    Batch decoded = decode(std::move(buffer), bytes);
    if (decoded.rows + decoded.rejects.size() != plain_.size()) return false;

    const auto part = static_cast<uint32_t>(parts_.size());
    size_t next_reject = 0;
    uint32_t row = 0;
    for (const uint32_t i : plain_) {
      if (next_reject < decoded.rejects.size() && decoded.rejects[next_reject].row == row) {
        add_fault(i, decoded.rejects[next_reject++]);
      } else {
        from_[i] = {part, row++};
      }
    }
    keep(std::move(decoded), batch);
    return true;
  }

  void decode_one(std::string_view text, uint32_t i, Batch& batch) {
    auto buffer = std::make_shared<Buffer>();
    buffer->resize(text.size() + 1 + kPadding);
    if (!text.empty()) std::memcpy(buffer->data(), text.data(), text.size());
    buffer->data()[text.size()] = '\n';
    Batch decoded = decode(std::move(buffer), text.size() + 1);
    if (!decoded.rejects.empty()) {
      add_fault(i, decoded.rejects[0]);
    } else if (decoded.rows != 1) {
      faults_.push_back({i, decoded.rows == 0
                                ? "the text holds no record"
                                : "the text holds " + std::to_string(decoded.rows) + " records"});
    } else {
      from_[i] = {static_cast<uint32_t>(parts_.size()), 0};
      keep(std::move(decoded), batch);
    }
  }

  Batch decode(std::shared_ptr<Buffer> buffer, size_t bytes) {
    std::memset(buffer->data() + bytes, 0, kPadding);
    Block block;
    block.bytes = {buffer->data(), bytes};
    block.ends_partition = true;
    block.buffer = buffer;
    Batch decoded;
    decoder_->decode(block, decoded);
    decoded.keep(std::move(buffer));
    return decoded;
  }

  void add_fault(uint32_t row, const Reject& reject) {
    faults_.push_back(
        {row, reject.field.empty() ? reject.reason : "`" + reject.field + "`: " + reject.reason});
  }
  void keep(Batch decoded, Batch& batch) {
    for (auto& owner : decoded.owners) batch.keep(std::move(owner));
    parts_.push_back(std::move(decoded.columns));
  }

  // The format's column k for all rows; NULL where there was no text or no record.
  ColumnPtr put_together(size_t k, const Type& type, size_t rows) {
    if (parts_.size() == 1 && parts_[0][k]->size() == rows) return parts_[0][k];
    std::vector<ColumnPtr> columns;
    for (const auto& part : parts_) columns.push_back(part[k]);
    columns.push_back(make_column(type));
    columns.back()->push_null();
    Vec<PartRow> from(from_);
    for (auto& f : from) {
      if (f.part == kNothing.part) f = {static_cast<uint32_t>(parts_.size()), 0};
    }
    return assemble(type, {from.data(), from.size()}, columns);
  }

  const ParsePlan& plan_;
  const OperatorContext context_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<bool> needed_;
  std::vector<std::vector<ColumnPtr>> parts_;  // decoded columns
  Vec<PartRow> from_;                          // where each row's record is
  std::vector<RowFault> faults_;
  Vec<uint32_t> plain_;
  Vec<uint32_t> single_;
};

std::unique_ptr<Transform> ParsePlan::make_transform(const OperatorContext& context) const {
  return std::make_unique<Parse>(*this, context);
}

// `format = "csv"` or `format = { name = "csv", ... }`, as a source has it.
FormatSpec read_format(const Node& node, Errors& errors) {
  FormatSpec format;
  format.position = node.position;
  format.options.position = node.position;
  if (node.kind == Node::Kind::kString) {
    format.name = node.text;
  } else if (node.kind == Node::Kind::kTable) {
    format.options = node;
    for (size_t i = 0; i < format.options.entries.size(); ++i) {
      if (format.options.entries[i].first != "name") continue;
      if (auto r = read_value(format.options.entries[i].second, format.name); !r)
        errors.push_back(r.error());
      const auto at = static_cast<ptrdiff_t>(i);
      format.options.entries.erase(format.options.entries.begin() + at);
      if (i < format.options.key_positions.size())
        format.options.key_positions.erase(format.options.key_positions.begin() + at);
      break;
    }
  }
  if (format.name.empty()) {
    errors.push_back({ErrorKind::kConfig,
                      "expected a format's name or a table with `name`",
                      node.position,
                      {},
                      {}});
  }
  return format;
}

const OptionTable<SchemaColumnSpec>& schema_column_options() {
  static const OptionTable<SchemaColumnSpec> table = {
      {"type", &SchemaColumnSpec::type, "the SQL type", true},
      {"format", &SchemaColumnSpec::format, "how a time is written"},
      {"path", &SchemaColumnSpec::path, "the key or field, when it is not the name"},
  };
  return table;
}

std::vector<SchemaColumnSpec> read_schema(const Node& node, Errors& errors) {
  std::vector<SchemaColumnSpec> columns;
  for (size_t i = 0; i < node.entries.size(); ++i) {
    const auto& [name, value] = node.entries[i];
    SchemaColumnSpec column;
    column.name = name;
    column.position = i < node.key_positions.size() ? node.key_positions[i] : value.position;
    if (value.kind == Node::Kind::kTable) {
      read_options(schema_column_options(), value, column, errors, "the column `" + name + "`");
    } else if (auto r = read_value(value, column.type); !r) {
      errors.push_back(r.error());
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

// A text is one record, so csv and tsv have no header unless the pipeline insists.
void assume_no_header(FormatSpec& format) {
  if ((format.name != "csv" && format.name != "tsv") || format.options.find("header") != nullptr)
    return;
  Node no;
  no.kind = Node::Kind::kBoolean;
  no.position = format.position;
  format.options.entries.emplace_back("header", std::move(no));
  format.options.key_positions.push_back(format.position);
}

std::unique_ptr<OperatorPlan> bind_parse(const ComponentSpec& spec, const Schema& input,
                                         const BindContext& context, Errors& errors) {
  ParseOptions options;
  const size_t before = errors.size();
  read_options(parse_options(), spec.options, options, errors, "the parse operator", {"op"});
  if (errors.size() != before) return nullptr;
  const size_t column = resolve_column(options.column, input, errors);
  if (column < input.size() && !input[column].type.is_text()) {
    errors.push_back({ErrorKind::kConfig,
                      "parse takes a STRING column, `" + input[column].name + "` is " +
                          with_article(input[column].type.to_string()),
                      options.column.at(0, options.column.text.size()),
                      {},
                      {}});
  }
  FormatSpec format_spec = read_format(options.format, errors);
  const auto declared = read_schema(options.schema, errors);
  if (errors.size() != before) return nullptr;

  const FormatDescriptor* descriptor = find_format(format_spec.name);
  if (descriptor == nullptr || !descriptor->reads) {
    errors.push_back({ErrorKind::kConfig,
                      "no input format `" + format_spec.name + "`",
                      format_spec.position,
                      "`weir formats` lists them",
                      {}});
    return nullptr;
  }
  assume_no_header(format_spec);
  FormatContext format_context;
  format_context.columns = declared;
  format_context.zone = context.zone;
  format_context.reference_us = context.now_us;
  auto format = descriptor->make(format_spec, format_context, errors);
  if (!format || errors.size() != before) return nullptr;
  if (format->needs_sample()) {
    errors.push_back({ErrorKind::kConfig,
                      "the format " + format_spec.name + " does not say its columns",
                      format_spec.position,
                      "add schema = { name = \"TYPE\", ... }",
                      {}});
    return nullptr;
  }

  Schema output;
  std::vector<ParsedColumn> columns;
  for (size_t c = 0; c < input.size(); ++c) {
    if (c == column && !options.keep) continue;
    output.add(input[c].name, input[c].type);
    columns.push_back({false, c});
  }
  for (size_t k = 0; k < format->schema().size(); ++k) {
    const std::string name = options.into + format->schema()[k].name;
    if (output.find(name)) {
      errors.push_back({ErrorKind::kConfig,
                        "there is a column `" + name + "` already",
                        spec.position,
                        "give the new columns a prefix: into = \"parsed_\"",
                        {}});
      continue;
    }
    output.add(name, format->schema()[k].type);
    columns.push_back({true, k});
  }
  if (errors.size() != before) return nullptr;
  std::string text = input[column].name + " as " + format_spec.name;
  return std::make_unique<ParsePlan>(input, std::move(output), column, std::move(columns),
                                     std::move(format), std::move(text));
}

}  // namespace

const OperatorDescriptor kParseOperator = {
    "parse",
    "Decodes a text column with an input format and adds the columns it gives.",
    [] { return option_docs(parse_options()); },
    bind_parse,
};

}  // namespace weir
