#include "state/checkpoint_file.h"

#include <cstring>

#include "state/hash.h"

namespace weir {

namespace {

constexpr std::string_view kMagic = "WEIRCKPT";
constexpr std::string_view kEndMagic = "WEIRCEND";
constexpr size_t kFooterBytes = 24;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Takes values from the head of some bytes; after a short read everything is zero and ok is false.
struct Cursor {
  std::string_view rest;
  bool ok = true;

  template <class T>
  T get() {
    T value{};
    if (rest.size() < sizeof value) {
      ok = false;
      return value;
    }
    std::memcpy(&value, rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return value;
  }
  std::string_view get_text(size_t length) {
    if (rest.size() < length) {
      ok = false;
      return {};
    }
    const std::string_view text = rest.substr(0, length);
    rest.remove_prefix(length);
    return text;
  }
};

std::unexpected<Error> damaged(const std::string& name, const std::string& problem) {
  return fail(ErrorKind::kState, "the checkpoint " + name + " is damaged: " + problem);
}

}  // namespace

const std::string* CheckpointFile::find(std::string_view name) const {
  for (const auto& [section, bytes] : sections) {
    if (section == name) return &bytes;
  }
  return nullptr;
}

std::string encode_checkpoint(const CheckpointFile& checkpoint) {
  std::string out(kMagic);
  put<uint32_t>(out, CheckpointFile::kVersion);
  put<uint32_t>(out, CheckpointFile::kVersion);
  put<uint64_t>(out, checkpoint.epoch);
  put<uint64_t>(out, checkpoint.pipeline_id);
  put<uint32_t>(out, static_cast<uint32_t>(checkpoint.sections.size()));
  size_t offset = out.size();
  for (const auto& [name, bytes] : checkpoint.sections) offset += 4 + name.size() + 24;
  for (const auto& [name, bytes] : checkpoint.sections) {
    put<uint32_t>(out, static_cast<uint32_t>(name.size()));
    out += name;
    put<uint64_t>(out, offset);
    put<uint64_t>(out, bytes.size());
    put<uint64_t>(out, hash_bytes(bytes));
    offset += bytes.size();
  }
  for (const auto& [name, bytes] : checkpoint.sections) out += bytes;
  const uint64_t length = out.size();
  const uint64_t sum = hash_bytes(out);
  put<uint64_t>(out, length);
  put<uint64_t>(out, sum);
  out += kEndMagic;
  return out;
}

Result<CheckpointFile> decode_checkpoint(std::string_view bytes, const std::string& name) {
  Cursor head{bytes};
  if (head.get_text(kMagic.size()) != kMagic)
    return fail(ErrorKind::kState, name + " is not a checkpoint");
  const auto version = head.get<uint32_t>();
  const auto oldest_reader = head.get<uint32_t>();
  if (head.ok && oldest_reader > CheckpointFile::kVersion)
    return fail(ErrorKind::kState,
                "the checkpoint " + name + " has format " + std::to_string(version) +
                    ", this weir reads up to " + std::to_string(CheckpointFile::kVersion),
                "a newer weir wrote it");
  if (bytes.size() < kFooterBytes) return damaged(name, "it is cut short");
  const std::string_view body = bytes.substr(0, bytes.size() - kFooterBytes);
  Cursor footer{bytes.substr(body.size())};
  const auto length = footer.get<uint64_t>();
  const auto sum = footer.get<uint64_t>();
  if (footer.rest != kEndMagic || length != body.size()) return damaged(name, "it is cut short");
  if (sum != hash_bytes(body)) return damaged(name, "its checksum does not fit");

  if (body.size() < 16) return damaged(name, "it is cut short");
  CheckpointFile checkpoint;
  head.rest = head.rest.substr(0, head.rest.size() - kFooterBytes);
  checkpoint.epoch = head.get<uint64_t>();
  checkpoint.pipeline_id = head.get<uint64_t>();
  const auto sections = head.get<uint32_t>();
  for (uint32_t i = 0; i < sections && head.ok; ++i) {
    const std::string_view section = head.get_text(head.get<uint32_t>());
    const auto offset = head.get<uint64_t>();
    const auto size = head.get<uint64_t>();
    const auto section_sum = head.get<uint64_t>();
    if (!head.ok || offset > body.size() || size > body.size() - offset)
      return damaged(name, "a section lies outside of it");
    const std::string_view content = body.substr(offset, size);
    if (hash_bytes(content) != section_sum)
      return damaged(name, "the checksum of `" + std::string(section) + "` does not fit");
    checkpoint.sections.emplace_back(section, content);
  }
  if (!head.ok) return damaged(name, "its table of sections is cut short");
  return checkpoint;
}

}  // namespace weir
