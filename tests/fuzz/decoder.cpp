// Every input format: the first byte chooses it. Whatever the bytes, all records are rows, rejects or skipped;
// decoding in small blocks gives the same rows as in one.
#include "data/text.h"
#include "formats/format.h"
#include "fuzz.h"
#include "io/feed.h"

using namespace weir;

namespace {

struct Choice {
  const char* name;
  const char* key;
  const char* value;
};
const Choice kChoices[] = {
    {"json", "", ""},
    {"csv", "", ""},
    {"tsv", "", ""},
    {"text", "", ""},
    {"combined", "", ""},
    {"common", "", ""},
    {"logfmt", "", ""},
    {"csv", "delimiter", ";"},
    {"regex", "pattern", "^(?P<n>[0-9]+) (?P<rest>.*)$"},
    {"grok", "pattern", "%{IPORHOST:host} %{NUMBER:n:int} %{GREEDYDATA:rest}"},
    {"text", "record_start", "^[0-9]"},
    {"msgpack", "", ""},
    {"avro", "", ""},
    {"syslog", "framing", "octet-counting"}};

std::string decode(const Format& format, std::string_view bytes, size_t block_bytes) {
  DecodeRequest request;
  request.needed.assign(format.schema().size(), true);
  const auto decoder = format.make_decoder(request);
  FeedOptions options;
  options.block_bytes = block_bytes;
  const auto feed = make_memory_feed(std::string(bytes), format.cutter(), options);
  std::string out;
  FeedItem item;
  while (feed->claim(item)) {
    if (item.error) {
      out += "error\n";
      continue;
    }
    Batch batch;
    batch.sequence = item.block.sequence;
    batch.origin = item.block.origin;
    batch.block_begin = item.block.bytes.data();
    decoder->decode(item.block, batch);
    require(batch.records == batch.rows + batch.rejects.size(),
            "every record is a row or a reject");
    for (size_t r = 0; r < batch.rows; ++r) {
      for (const auto& c : batch.columns) {
        require(c->size() == batch.rows, "columns are as long as the batch");
        if (c->is_null(r)) {
          out += "NULL";
        } else {
          append_text(out, *c, r);
        }
        out += '|';
      }
      out += '\n';
    }
    item = FeedItem{};
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 5000) return 0;
  const Choice& choice = kChoices[data[0] % std::size(kChoices)];
  const std::string_view bytes = as_text(data + 1, size - 1);
  FormatSpec spec;
  spec.name = choice.name;
  if (*choice.key != 0) {
    Node value;
    value.kind = Node::Kind::kString;
    value.text = choice.value;
    spec.options.entries.emplace_back(choice.key, value);
    spec.options.key_positions.emplace_back();
  }
  Errors errors;
  const auto format = find_format(spec.name)->make(spec, FormatContext{}, errors);
  require(format != nullptr && errors.empty(), "the format can be made");
  if (format->needs_sample() && !format->infer(bytes, true)) return 0;
  const std::string whole = decode(*format, bytes, size_t{1} << 20);
  require(decode(*format, bytes, 16) == whole, "small blocks give the same rows");
  return 0;
}
