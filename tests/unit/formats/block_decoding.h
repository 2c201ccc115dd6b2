// For tests: formats made from options, texts decoded as one block, batches shown as text.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "data/text.h"
#include "formats/format.h"

namespace weir::test {

inline Node text_node(std::string text) {
  Node node;
  node.kind = Node::Kind::kString;
  node.text = std::move(text);
  return node;
}
inline Node flag_node(bool value) {
  Node node;
  node.kind = Node::Kind::kBoolean;
  node.boolean = value;
  return node;
}
inline Node list_node(const std::vector<std::string>& texts) {
  Node node;
  node.kind = Node::Kind::kArray;
  for (const auto& text : texts) node.items.push_back(text_node(text));
  return node;
}

using Options = std::vector<std::pair<std::string, Node>>;
using Declared = std::vector<std::vector<std::string>>;  // name, type, format, path

inline std::unique_ptr<Format> make_format(const FormatDescriptor& descriptor,
                                           const Options& options, Errors& errors,
                                           const Declared& declared = {}) {
  FormatSpec spec;
  spec.name = descriptor.name;
  spec.options.entries = options;
  std::vector<SchemaColumnSpec> columns;
  for (const auto& d : declared) {
    SchemaColumnSpec column;
    column.name = d[0];
    column.type = SourceText(d[1]);
    if (d.size() > 2) column.format = SourceText(d[2]);
    if (d.size() > 3) column.path = SourceText(d[3]);
    columns.push_back(std::move(column));
  }
  FormatContext context;
  context.columns = columns;
  return descriptor.make(spec, context, errors);
}

inline std::unique_ptr<Format> make_format(const FormatDescriptor& descriptor,
                                           const Options& options = {},
                                           const Declared& declared = {}) {
  Errors errors;
  auto format = make_format(descriptor, options, errors, declared);
  std::string all;
  for (const auto& e : errors) all += e.message + "\n";
  if (!errors.empty()) throw std::runtime_error(all);
  return format;
}

struct Decoded {
  Block block;
  Batch batch;
};

// A block whose padding is filled with bytes that would be wrong to take for input.
inline Block make_block(std::string_view bytes, bool starts_partition = true, char padding = '\n') {
  Block block;
  block.buffer = std::make_shared<Buffer>();
  block.buffer->append(bytes.data(), bytes.size());
  block.buffer->resize(bytes.size() + kPadding);
  std::memset(block.buffer->data() + bytes.size(), padding, kPadding);
  block.bytes = {block.buffer->data(), bytes.size()};
  block.starts_partition = starts_partition;
  block.ends_partition = true;
  block.origin.begin = 1000;
  block.origin.end = 1000 + bytes.size();
  return block;
}

inline DecodeRequest request_all(const Schema& schema) {
  DecodeRequest request;
  request.needed.assign(schema.size(), true);
  return request;
}

inline Decoded decode(const Format& format, std::string_view bytes, const DecodeRequest& request,
                      bool starts_partition = true) {
  Decoded d;
  d.block = make_block(bytes, starts_partition);
  format.make_decoder(request)->decode(d.block, d.batch);
  return d;
}
inline Decoded decode(const Format& format, std::string_view bytes) {
  return decode(format, bytes, request_all(format.schema()));
}

// "a|1\nb|NULL\n"; absent columns as "-".
inline std::string show(const Batch& batch) {
  std::string out;
  for (size_t i = 0; i < batch.rows; ++i) {
    for (size_t c = 0; c < batch.columns.size(); ++c) {
      if (c > 0) out += '|';
      if (!batch.columns[c]) {
        out += '-';
      } else if (batch.columns[c]->is_null(i)) {
        out += "NULL";
      } else {
        append_text(out, *batch.columns[c], i);
      }
    }
    out += '\n';
  }
  return out;
}

// "@offset row field: reason [raw]\n" per reject.
inline std::string show_rejects(const Batch& batch) {
  std::string out;
  for (const auto& r : batch.rejects)
    out += fmt::format("@{} {} {}: {} [{}]\n", r.offset, r.row, r.field, r.reason, r.raw);
  return out;
}

// Batches' columns must be as long as the batch.
inline bool lengths_agree(const Batch& batch) {
  for (const auto& column : batch.columns)
    if (column && column->size() != batch.rows) return false;
  return batch.raw.empty() || batch.raw.size() == batch.rows;
}

inline std::string encode(const Format& format, const Schema& schema, const Batch& batch) {
  auto encoder = format.make_encoder(schema, {});
  std::string out;
  encoder->begin(out);
  encoder->encode(batch, out);
  encoder->end(out);
  return out;
}

}  // namespace weir::test
