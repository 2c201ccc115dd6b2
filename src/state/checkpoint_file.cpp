#include "state/checkpoint_file.h"

#include <xxhash.h>

#include <cstring>

#include "state/hash.h"

namespace weir {

namespace {

constexpr std::string_view kMagic = "WEIRCKPT";
constexpr std::string_view kEndMagic = "WEIRCEND";
constexpr size_t kFooterBytes = 24;
constexpr size_t kHeadBytes = 32;

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

void CheckpointFile::add(std::string name, std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  sections.push_back({std::move(name), *owner, owner});
}

bool CheckpointFile::replace(std::string_view name, std::string bytes) {
  for (auto& section : sections) {
    if (section.name != name) continue;
    auto owner = std::make_shared<const std::string>(std::move(bytes));
    section = {section.name, *owner, owner};
    return true;
  }
  return false;
}

std::optional<std::string_view> CheckpointFile::find(std::string_view name) const {
  for (const auto& section : sections) {
    if (section.name == name) return section.bytes;
  }
  return std::nullopt;
}

// --- writing ---

// Checksums under way.
struct CheckpointWriter::Sums {
  XXH3_state_t* all = XXH3_createState();
  XXH3_state_t* section = XXH3_createState();
  ~Sums() {
    XXH3_freeState(all);
    XXH3_freeState(section);
  }
};

CheckpointWriter::CheckpointWriter(Output output, uint64_t epoch, uint64_t pipeline_id)
    : output_(std::move(output)), sums_(std::make_unique<Sums>()) {
  XXH3_64bits_reset(sums_->all);
  XXH3_64bits_reset(sums_->section);
  std::string head(kMagic);
  weir::put<uint32_t>(head, CheckpointFile::kVersion);
  weir::put<uint32_t>(head, CheckpointFile::kVersion);
  weir::put<uint64_t>(head, epoch);
  weir::put<uint64_t>(head, pipeline_id);
  put(head);
}

CheckpointWriter::~CheckpointWriter() = default;

void CheckpointWriter::put(std::string_view bytes) {
  if (error_) return;
  XXH3_64bits_update(sums_->all, bytes.data(), bytes.size());
  XXH3_64bits_update(sums_->section, bytes.data(), bytes.size());
  written_ += bytes.size();
  if (auto r = output_(bytes); !r) error_ = std::move(r.error());
}

void CheckpointWriter::add(std::string_view name, std::string_view bytes) {
  add(name, [&](SnapshotWriter& writer) { writer.put_bytes(bytes); });
}

void CheckpointWriter::add(std::string_view name,
                           const std::function<void(SnapshotWriter&)>& fill) {
  const uint64_t offset = written_;
  XXH3_64bits_reset(sums_->section);
  SnapshotWriter writer([this](std::string_view bytes) { put(bytes); });
  fill(writer);
  writer.drain();
  entries_.push_back(
      {std::string(name), offset, written_ - offset, XXH3_64bits_digest(sums_->section)});
}

Result<void> CheckpointWriter::finish() {
  const uint64_t table = written_;
  std::string tail;
  weir::put<uint32_t>(tail, static_cast<uint32_t>(entries_.size()));
  for (const auto& entry : entries_) {
    weir::put<uint32_t>(tail, static_cast<uint32_t>(entry.name.size()));
    tail += entry.name;
    weir::put<uint64_t>(tail, entry.offset);
    weir::put<uint64_t>(tail, entry.length);
    weir::put<uint64_t>(tail, entry.sum);
  }
  weir::put<uint64_t>(tail, table);
  put(tail);
  std::string footer;
  weir::put<uint64_t>(footer, written_);
  weir::put<uint64_t>(footer, XXH3_64bits_digest(sums_->all));
  footer += kEndMagic;
  put(footer);
  if (error_) return fail(*error_);
  return {};
}

std::string encode_checkpoint(const CheckpointFile& checkpoint) {
  std::string out;
  CheckpointWriter writer(
      [&](std::string_view bytes) {
        out += bytes;
        return Result<void>{};
      },
      checkpoint.epoch, checkpoint.pipeline_id);
  for (const auto& section : checkpoint.sections) writer.add(section.name, section.bytes);
  static_cast<void>(writer.finish());
  return out;
}

// --- reading ---

Result<CheckpointFile> decode_checkpoint(std::string_view bytes, const std::string& name,
                                         std::shared_ptr<const void> owner) {
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

  if (body.size() < kHeadBytes + 8) return damaged(name, "it is cut short");
  CheckpointFile checkpoint;
  head.rest = body.substr(16);
  checkpoint.epoch = head.get<uint64_t>();
  checkpoint.pipeline_id = head.get<uint64_t>();
  if (version > 1) {
    Cursor last{body.substr(body.size() - 8)};
    const auto table = last.get<uint64_t>();
    if (table > body.size() - 8) return damaged(name, "its table of sections is not in it");
    head.rest = body.substr(table, body.size() - 8 - table);
  }
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
    if (owner) {
      checkpoint.sections.push_back({std::string(section), content, owner});
    } else {
      checkpoint.add(std::string(section), std::string(content));
    }
  }
  if (!head.ok) return damaged(name, "its table of sections is cut short");
  return checkpoint;
}

}  // namespace weir
