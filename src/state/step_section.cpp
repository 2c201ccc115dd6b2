#include "state/step_section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/spelling.h"
#include "state/snapshot.h"

namespace weir {

namespace {

constexpr uint64_t kToTheEnd =
    ~uint64_t{0};  // in place of the state's length; the first version had that

}  // namespace

void begin_step_section(const StepSection& head, SnapshotWriter& writer) {
  writer.put_text(head.signature);
  writer.put_i64(head.watermark);
  writer.put_i64(head.passed_on);
  writer.put_u64(head.arrived);
  writer.put_u64(head.emitted);
  writer.put_u64(kToTheEnd);
}

std::string encode_step_section(const StepSection& section) {
  SnapshotWriter writer;
  begin_step_section(section, writer);
  writer.put_bytes(section.state);
  return writer.take();
}

std::optional<StepSection> decode_step_section(std::string_view bytes) {
  SnapshotReader reader(bytes);
  StepSection section;
  section.signature = reader.get_text();
  section.watermark = reader.get_i64();
  section.passed_on = reader.get_i64();
  section.arrived = reader.get_u64();
  section.emitted = reader.get_u64();
  const uint64_t length = reader.get_u64();
  section.state = reader.get_rest();
  if (!reader.ok() || (length != kToTheEnd && length != section.state.size())) return std::nullopt;
  return section;
}

Result<void> reset_step(CheckpointFile& checkpoint, std::string_view name) {
  std::vector<std::string> ids;
  for (const auto& section : checkpoint.sections) {
    if (!section.name.starts_with(kStepPrefix)) continue;
    const std::string_view id = std::string_view(section.name).substr(kStepPrefix.size());
    const bool is_it = id == name || (id.ends_with(name) && id.size() > name.size() &&
                                      id[id.size() - name.size() - 1] == ' ');
    if (!is_it) {
      ids.emplace_back(id);
      continue;
    }
    auto decoded = decode_step_section(section.bytes);
    if (!decoded) return fail(ErrorKind::kState, fmt::format("the section of `{}` is damaged", id));
    decoded->state = {};
    checkpoint.replace(section.name, encode_step_section(*decoded));
    return {};
  }
  const std::string near = nearest_name(name, ids);
  std::string hint = "it has none";
  if (!near.empty()) {
    hint = fmt::format("did you mean `{}`?", near);
  } else if (!ids.empty()) {
    hint = fmt::format("it has: {}", fmt::join(ids, ", "));
  }
  return fail(ErrorKind::kState, fmt::format("the checkpoint has no step `{}`", name), hint);
}

}  // namespace weir
