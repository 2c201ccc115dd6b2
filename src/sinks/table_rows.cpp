#include "sinks/table_rows.h"

#include <cmath>
#include <cstring>

#include "data/text.h"
#include "formats/json_encoder.h"
#include "formats/json_string.h"

namespace weir {
namespace {

void put(std::string& out, const void* value, size_t size) {
  out.append(static_cast<const char*>(value), size);
}
void put_cell(std::string& out, TableCell::Kind kind) { out += static_cast<char>(kind); }
void put_integer(std::string& out, int64_t value) {
  put_cell(out, TableCell::Kind::kInteger);
  put(out, &value, sizeof value);
}
void put_real(std::string& out, double value) {
  put_cell(out, TableCell::Kind::kReal);
  put(out, &value, sizeof value);
}
void put_text(std::string& out, TableCell::Kind kind, std::string_view text) {
  put_cell(out, kind);
  const uint64_t size = text.size();
  put(out, &size, sizeof size);
  out += text;
}

void put_json(std::string& out, std::string_view text) {
  Vec<char> quoted;
  json::append_quoted(quoted, text);
  out.append(quoted.data(), quoted.size());
}

}  // namespace

void TableRows::clear() {
  packed_.clear();
  rows_ = 0;
}

std::optional<TableRows> TableRows::unpack(std::string_view packed, size_t columns) {
  TableRows rows;
  Walk walk(packed, columns);
  while (walk.next()) ++rows.rows_;
  if (!walk.at_end()) return std::nullopt;
  rows.packed_ = packed;
  return rows;
}

bool TableRows::Walk::take(void* to, size_t size) {
  if (rest_.size() < size) return false;
  std::memcpy(to, rest_.data(), size);
  rest_.remove_prefix(size);
  return true;
}

bool TableRows::Walk::next() {
  uint8_t kind = 0;
  if (rest_.empty() || !take(&kind, 1) || kind > static_cast<uint8_t>(RowKind::kDelete))
    return false;
  kind_ = static_cast<RowKind>(kind);
  for (TableCell& cell : cells_) {
    uint8_t what = 0;
    if (!take(&what, 1) || what > static_cast<uint8_t>(TableCell::Kind::kBytes)) return false;
    cell.kind = static_cast<TableCell::Kind>(what);
    uint64_t size = 0;
    switch (cell.kind) {
      case TableCell::Kind::kNull: break;
      case TableCell::Kind::kInteger:
        if (!take(&cell.integer, sizeof cell.integer)) return false;
        break;
      case TableCell::Kind::kReal:
        if (!take(&cell.real, sizeof cell.real)) return false;
        break;
      case TableCell::Kind::kText:
      case TableCell::Kind::kBytes:
        if (!take(&size, sizeof size) || size > rest_.size()) return false;
        cell.text = rest_.substr(0, size);
        rest_.remove_prefix(size);
        break;
    }
  }
  return true;
}

struct TableRowPacker::Column {
  Type type;
  std::unique_ptr<Encoder> json;  // of nested values
  std::vector<std::string> texts;
};

TableRowPacker::TableRowPacker(const Schema& schema) {
  for (const auto& spec : schema) {
    auto column = std::make_unique<Column>();
    column->type = spec.type;
    if (spec.type.is_nested())
      column->json = make_json_encoder(Schema({{"v", spec.type}}), JsonEncodeStyle{});
    columns_.push_back(std::move(column));
  }
}

TableRowPacker::~TableRowPacker() = default;

void TableRowPacker::pack(const Batch& batch, TableRows& out) {
  for (size_t c = 0; c < columns_.size(); ++c) {
    Column& column = *columns_[c];
    if (!column.json) continue;
    // One line {"v":...} a row.
    Batch one = batch.shell();
    one.rows = batch.rows;
    one.columns = {batch.columns[c]};
    scratch_.clear();
    column.json->encode(one, scratch_);
    column.texts.clear();
    for (size_t at = 0; at < scratch_.size();) {
      const size_t end = scratch_.find('\n', at);
      column.texts.push_back(scratch_.substr(at + 5, end - at - 6));
      at = end + 1;
    }
  }
  for (size_t row = 0; row < batch.rows; ++row) {
    const RowKind kind = batch.kinds.empty() ? RowKind::kInsert : batch.kinds[row];
    out.packed_ += static_cast<char>(kind);
    for (size_t c = 0; c < columns_.size(); ++c)
      pack_value(*columns_[c], *batch.columns[c], row, out.packed_);
  }
  out.rows_ += batch.rows;
}

void TableRowPacker::pack_value(const Column& column, const weir::Column& values, size_t row,
                                std::string& out) {
  if (column.type.id == TypeId::kNull || values.is_null(row))
    return put_cell(out, TableCell::Kind::kNull);
  switch (column.type.id) {
    case TypeId::kBoolean: return put_integer(out, values.at<uint8_t>(row));
    case TypeId::kTinyInt: return put_integer(out, values.at<int8_t>(row));
    case TypeId::kSmallInt: return put_integer(out, values.at<int16_t>(row));
    case TypeId::kInt: return put_integer(out, values.at<int32_t>(row));
    case TypeId::kBigInt: return put_integer(out, values.at<int64_t>(row));
    case TypeId::kFloat: return put_real(out, static_cast<double>(values.at<float>(row)));
    case TypeId::kDouble: return put_real(out, values.at<double>(row));
    case TypeId::kString:
      return put_text(out, TableCell::Kind::kText, values.at<StringRef>(row).view());
    case TypeId::kBytes:
      return put_text(out, TableCell::Kind::kBytes, values.at<StringRef>(row).view());
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: return put_text(out, TableCell::Kind::kText, column.texts[row]);
    default: break;
  }
  scratch_.clear();
  append_text(scratch_, values, row);
  if (column.type.id == TypeId::kTimestampLtz) scratch_ += 'Z';
  put_text(out, TableCell::Kind::kText, scratch_);
}

std::string row_as_json(const Schema& schema, std::span<const TableCell> cells) {
  std::string text = "{";
  for (size_t c = 0; c < cells.size(); ++c) {
    if (c > 0) text += ',';
    put_json(text, schema[c].name);
    text += ':';
    switch (cells[c].kind) {
      case TableCell::Kind::kNull: text += "null"; break;
      case TableCell::Kind::kInteger:
        if (schema[c].type.id == TypeId::kBoolean) {
          text += cells[c].integer != 0 ? "true" : "false";
        } else {
          append_integer(text, cells[c].integer);
        }
        break;
      case TableCell::Kind::kReal:
        if (std::isfinite(cells[c].real)) {
          append_json_double(text, cells[c].real);
        } else {
          text += "null";
        }
        break;
      case TableCell::Kind::kText:
        if (schema[c].type.is_nested()) {
          text += cells[c].text;
        } else {
          put_json(text, cells[c].text);
        }
        break;
      case TableCell::Kind::kBytes: put_json(text, cells[c].text); break;
    }
  }
  return text + '}';
}

}  // namespace weir
