// The format "table": aligned columns for people. Output only.
//
//   status  minute               hits
//   ------  -------------------  ----
//      200  2015-05-17 10:05:00    12
//
// The first rows (up to 1000) decide how wide the columns are; later rows are written as they come
// and push their neighbours aside where they are wider. On a terminal lines are cut to its width.
#include <algorithm>

#include "data/text.h"
#include "formats/display_width.h"
#include "formats/format_list.h"

namespace weir {
namespace {

constexpr size_t kWidthRows = 1000;
constexpr std::string_view kGap = "  ";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kFaint = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kNull = "NULL";

class TableEncoder final : public Encoder {
 public:
  TableEncoder(const Schema& schema, const EncodeOptions& options) : options_(options) {
    for (const auto& column : schema) {
      std::string name;
      append_printable(name, column.name);
      columns_.push_back({std::move(name), column.type.is_numeric()});
    }
    style_.timezone = options_.timezone;
  }

  void encode(const Batch& batch, std::string& out) override {
    for (size_t row = 0; row < batch.rows; ++row) {
      std::vector<Cell> cells = cells_of(batch, row);
      if (started_) {
        write_row(cells, out);
        continue;
      }
      has_kinds_ = has_kinds_ || !batch.kinds.empty();
      waiting_.push_back(std::move(cells));
      if (waiting_.size() >= kWidthRows) start(out);
    }
  }

  void flush(std::string& out) override {
    if (!started_ && !waiting_.empty()) start(out);
  }

  void end(std::string& out) override {
    if (!started_) start(out);
  }

 private:
  struct Column {
    std::string name;
    bool right = false;  // aligned
    size_t width = 0;
  };
  struct Cell {
    std::string text;
    bool is_null = false;
  };

  // The row's kind first, then its values.
  std::vector<Cell> cells_of(const Batch& batch, size_t row) {
    std::vector<Cell> cells;
    cells.reserve(columns_.size() + 1);
    cells.push_back(
        {std::string(row_kind_text(batch.kinds.empty() ? RowKind::kInsert : batch.kinds[row])),
         false});
    std::string text;
    for (size_t c = 0; c < columns_.size(); ++c) {
      const auto* column = c < batch.columns.size() ? batch.columns[c].get() : nullptr;
      if (column == nullptr || column->is_null(row)) {
        cells.push_back({std::string(kNull), true});
        continue;
      }
      text.clear();
      append_text(text, *column, row, style_);
      cells.emplace_back();
      append_printable(cells.back().text, text);
    }
    return cells;
  }

  void start(std::string& out) {
    started_ = true;
    if (has_kinds_) {
      columns_.insert(columns_.begin(), Column{"op", false, 0});
    }
    for (Column& column : columns_) column.width = display_width(column.name);
    const size_t first = has_kinds_ ? 0 : 1;
    for (const auto& cells : waiting_)
      for (size_t c = 0; c < columns_.size(); ++c)
        columns_[c].width = std::max(columns_[c].width, display_width(cells[c + first].text));

    std::vector<Cell> names(1);
    std::vector<Cell> rules(1);
    if (has_kinds_) {
      names.clear();
      rules.clear();
    }
    for (const Column& column : columns_) {
      names.push_back({column.name, false});
      rules.push_back({std::string(column.width, '-'), false});
    }
    write_line(names, out, options_.color ? kBold : std::string_view());
    write_line(rules, out, {});
    for (const auto& cells : waiting_) write_row(cells, out);
    waiting_.clear();
  }

  void write_row(const std::vector<Cell>& cells, std::string& out) { write_line(cells, out, {}); }

  void write_line(const std::vector<Cell>& cells, std::string& out, std::string_view color) {
    const size_t first = has_kinds_ ? 0 : 1;
    const bool bounded = options_.terminal && options_.terminal_width > 0;
    size_t left = bounded ? static_cast<size_t>(options_.terminal_width) : static_cast<size_t>(-1);
    const auto put = [&](std::string_view text, std::string_view with_color) {
      if (left == 0) return;
      const std::string_view fitting = bounded ? cut_to_width(text, left) : text;
      if (bounded) left = fitting.size() < text.size() ? 0 : left - display_width(fitting);
      if (!with_color.empty() && !fitting.empty()) out += with_color;
      out += fitting;
      if (!with_color.empty() && !fitting.empty()) out += kPlain;
    };
    const auto pad = [&](size_t cells_wide) { put(std::string(cells_wide, ' '), {}); };
    for (size_t c = 0; c < columns_.size(); ++c) {
      const Cell& cell = cells[c + first];
      const Column& column = columns_[c];
      const size_t width = display_width(cell.text);
      const size_t padding = column.width > width ? column.width - width : 0;
      if (c > 0) put(kGap, {});
      if (column.right) pad(padding);
      put(cell.text, cell.is_null && options_.color ? kFaint : color);
      if (!column.right && c + 1 < columns_.size()) pad(padding);
    }
    out += '\n';
  }

  EncodeOptions options_;
  TextStyle style_;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> waiting_;  // rows seen before the widths are decided
  bool started_ = false;
  bool has_kinds_ = false;
};

struct TableOptions {};

const OptionTable<TableOptions>& table_options() {
  static const OptionTable<TableOptions> table = {};
  return table;
}

class TableFormat final : public Format {
 public:
  std::shared_ptr<const RecordCutter> cutter() const override { return make_line_cutter(); }
  bool shows_kinds() const override { return true; }
  const Schema& schema() const override { return schema_; }
  std::unique_ptr<Decoder> make_decoder(const DecodeRequest&) const override { return nullptr; }
  std::unique_ptr<Encoder> make_encoder(const Schema& schema,
                                        const EncodeOptions& options) const override {
    return std::make_unique<TableEncoder>(schema, options);
  }
  bool encodes_in_order() const override { return true; }

 private:
  Schema schema_;
};

std::unique_ptr<Format> make_table(const FormatSpec& spec, const FormatContext& context,
                                   Errors& errors) {
  const size_t before = errors.size();
  TableOptions options;
  read_options(table_options(), spec.options, options, errors, "the table format", {"name"});
  if (!context.for_output)
    errors.push_back({ErrorKind::kConfig,
                      "the table format can only be written",
                      spec.position,
                      "read csv, tsv or text instead",
                      {}});
  if (errors.size() > before) return nullptr;
  return std::make_unique<TableFormat>();
}

}  // namespace

const FormatDescriptor kTableFormat = {
    .name = "table",
    .doc = "aligned columns for people",
    .reads = false,
    .writes = true,
    .options = [] { return option_docs(table_options()); },
    .make = make_table,
};

}  // namespace weir
