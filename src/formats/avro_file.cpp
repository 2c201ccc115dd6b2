#include "formats/avro_file.h"

#include "base/units.h"
#include "formats/field_parser.h"

namespace weir::avro {
namespace {

constexpr std::string_view kMagic("Obj\1", 4);

// Walks the metadata: calls `take(key, value)` for each pair. kDone: `at` stands behind the sync marker.
template <class Take>
Status walk_header(std::string_view bytes, size_t& at, Take take) {
  if (bytes.size() < kMagic.size())
    return kMagic.starts_with(bytes) ? Status::kShort : Status::kDamaged;
  if (!bytes.starts_with(kMagic)) return Status::kDamaged;
  size_t here = kMagic.size();
  const auto text = [&](std::string_view& out) {
    int64_t size = 0;
    if (const Status s = read_long(bytes, here, size); s != Status::kDone) return s;
    if (size < 0) return Status::kDamaged;
    if (bytes.size() - here < static_cast<uint64_t>(size)) return Status::kShort;
    out = bytes.substr(here, static_cast<size_t>(size));
    here += static_cast<size_t>(size);
    return Status::kDone;
  };
  for (;;) {
    int64_t count = 0;
    if (const Status s = read_long(bytes, here, count); s != Status::kDone) return s;
    if (count == 0) break;
    if (count < 0) {
      int64_t ignored = 0;
      if (const Status s = read_long(bytes, here, ignored); s != Status::kDone) return s;
      if (count == INT64_MIN) return Status::kDamaged;
      count = -count;
    }
    for (; count > 0; --count) {
      std::string_view key;
      std::string_view value;
      if (const Status s = text(key); s != Status::kDone) return s;
      if (const Status s = text(value); s != Status::kDone) return s;
      take(key, value);
    }
  }
  if (bytes.size() - here < kSyncBytes) return Status::kShort;
  at = here + kSyncBytes;
  return Status::kDone;
}

class BlockCutter final : public RecordCutter {
 public:
  bool stateless() const override { return false; }
  bool sequential() const override { return true; }
  State advance(State, std::string_view) const override { return 0; }
  size_t first_end(std::string_view bytes, size_t from, State, bool) const override {
    FileBlock block;
    return read_block(bytes, from, block) == Status::kDone ? from : npos;
  }
  size_t last_end(std::string_view bytes, State) const override {
    size_t at = 0;
    FileBlock block;
    while (read_block(bytes, at, block) == Status::kDone) {
    }
    return at == 0 ? npos : at;
  }
  std::optional<std::string> damage(std::string_view bytes) const override {
    size_t at = 0;
    FileBlock block;
    if (read_block(bytes, at, block) != Status::kDamaged) return std::nullopt;
    return "no block of an Avro file begins here";
  }
  std::expected<size_t, std::string> head_size(std::string_view bytes) const override {
    size_t at = 0;
    switch (walk_header(bytes, at, [](std::string_view, std::string_view) {})) {
      case Status::kDone: return at;
      case Status::kShort: return npos;
      default: return std::unexpected("this is no Avro object container file");
    }
  }
};

std::unique_ptr<Decompressor> decompressor_of(Codec codec) {
  switch (codec) {
    case Codec::kDeflate: return make_deflate_decompressor();
    case Codec::kZstandard: return make_zstd_decompressor();
    case Codec::kBzip2: return make_bzip2_decompressor();
    default: return make_xz_decompressor();
  }
}

Result<std::unique_ptr<Compressor>> compressor_of(Codec codec) {
  switch (codec) {
    case Codec::kDeflate: return make_deflate_compressor();
    case Codec::kZstandard: return make_zstd_compressor({});
    case Codec::kBzip2: return make_bzip2_compressor({});
    default: return make_xz_compressor({});
  }
}

}  // namespace

Status read_long(std::string_view bytes, size_t& at, int64_t& value) {
  uint64_t bits = 0;
  for (size_t i = 0; i < 10; ++i) {
    if (at + i >= bytes.size()) return Status::kShort;
    const auto byte = static_cast<unsigned char>(bytes[at + i]);
    bits |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    value = static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
    at += i + 1;
    return Status::kDone;
  }
  return Status::kDamaged;
}

void append_long(std::string& out, int64_t value) {
  auto bits = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>(bits | 0x80);
  out += static_cast<char>(bits);
}

Result<Header> parse_header(std::string_view bytes) {
  Header header;
  std::string_view schema;
  std::string_view codec = "null";
  size_t at = 0;
  const Status status = walk_header(bytes, at, [&](std::string_view key, std::string_view value) {
    if (key == "avro.schema") schema = value;
    if (key == "avro.codec") codec = value;
  });
  if (status == Status::kDamaged)
    return fail(ErrorKind::kData, "this is no Avro object container file");
  if (status == Status::kShort) return fail(ErrorKind::kData, "the header of the Avro file is cut");
  header.sync = bytes.substr(at - kSyncBytes, kSyncBytes);
  auto known = parse_codec(codec);
  if (!known) return fail(known.error());
  header.codec = *known;
  auto node = parse_schema(schema);
  if (!node) return fail(node.error());
  header.schema = std::move(*node);
  return header;
}

Status read_block(std::string_view bytes, size_t& at, FileBlock& block) {
  size_t here = at;
  int64_t size = 0;
  if (const Status s = read_long(bytes, here, block.records); s != Status::kDone) return s;
  if (const Status s = read_long(bytes, here, size); s != Status::kDone) return s;
  if (block.records < 0 || size < 0) return Status::kDamaged;
  if (bytes.size() - here < static_cast<uint64_t>(size) + kSyncBytes) return Status::kShort;
  block.data = bytes.substr(here, static_cast<size_t>(size));
  block.sync = bytes.substr(here + static_cast<size_t>(size), kSyncBytes);
  at = here + static_cast<size_t>(size) + kSyncBytes;
  return Status::kDone;
}

std::unique_ptr<RecordCutter> make_block_cutter() { return std::make_unique<BlockCutter>(); }

Result<Codec> parse_codec(std::string_view name) {
  if (name == "null") return Codec::kNull;
  if (name == "deflate") return Codec::kDeflate;
  if (name == "zstandard") return Codec::kZstandard;
  if (name == "bzip2") return Codec::kBzip2;
  if (name == "xz") return Codec::kXz;
  return fail(ErrorKind::kData,
              "the codec " + quote_for_message(name) + " of the Avro file is not read",
              "null, deflate, zstandard, bzip2 and xz are");
}

Result<void> unpack(Codec codec, std::string_view data, size_t limit, Vec<char>& out) {
  const auto decompressor = decompressor_of(codec);
  if (auto r = decompressor->begin(); !r) return r;
  const char* in = data.data();
  const char* const end = in + data.size();
  size_t used = 0;
  out.resize(std::max(out.size(), 4 * data.size() + 1024));
  for (;;) {
    char* to = out.data() + used;
    const char* const before = in;
    std::string problem;
    const auto status = decompressor->decode(in, end, to, out.data() + out.size(), problem);
    const auto now = static_cast<size_t>(to - out.data());
    const bool moved = in != before || now != used;
    used = now;
    if (status == Decompressor::Status::kError) return fail(ErrorKind::kData, problem);
    if (status == Decompressor::Status::kEnd) break;
    if (used == out.size()) {
      if (used >= limit)
        return fail(ErrorKind::kData, "it unpacks to more than " + format_byte_size(limit));
      out.resize(2 * used);
    } else if (!moved) {
      return fail(ErrorKind::kData, "it ends too early");
    }
  }
  out.resize(used);
  return {};
}

Result<void> pack(Codec codec, std::string_view data, std::string& out) {
  if (codec == Codec::kNull) {
    out = data;
    return {};
  }
  auto compressor = compressor_of(codec);
  if (!compressor) return fail(compressor.error());
  const char* in = data.data();
  const char* const end = in + data.size();
  size_t used = 0;
  out.resize(data.size() / 2 + 1024);
  for (;;) {
    char* to = out.data() + used;
    auto done =
        (*compressor)->encode(in, end, to, out.data() + out.size(), Compressor::Action::kFinish);
    if (!done) return fail(done.error());
    used = static_cast<size_t>(to - out.data());
    if (*done) break;
    out.resize(2 * out.size());
  }
  out.resize(used);
  return {};
}

}  // namespace weir::avro
