// weir state: what checkpoints hold, and forgetting it.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/units.h"
#include "cli/command.h"
#include "cli/console.h"
#include "data/text.h"
#include "sinks/file_place.h"
#include "sources/file_position.h"
#include "state/checkpoint_store.h"
#include "state/step_section.h"

namespace weir {
namespace {

constexpr size_t kWordWidth = 12;

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// When a file was written last, and its size.
struct FileFacts {
  std::string written = "?";
  uint64_t bytes = 0;
};

FileFacts facts_of(const std::string& path) {
  FileFacts facts;
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return facts;
  Column column(Type::timestamp(0));
  column.push<int64_t>(int64_t{info.st_mtim.tv_sec} * 1'000'000);
  facts.written = text_at(column, 0) + "Z";
  facts.bytes = static_cast<uint64_t>(info.st_size);
  return facts;
}

std::string line(std::string_view word, std::string_view text) {
  return fmt::format("{:<{}}{}\n", word, kWordWidth, text);
}

// --- list ---

Result<std::string> list(const std::string& dir) {
  const auto files = CheckpointStore::list(dir);
  if (!files) return fail(files.error());
  std::string out;
  for (const auto& [epoch, path] : *files) {
    const FileFacts facts = facts_of(path);
    const auto read = read_checkpoint(path);
    const auto name = read ? read->find("pipeline") : std::nullopt;
    out +=
        fmt::format("{:>10}  {}  {:>9}  {}\n", epoch, facts.written, format_byte_size(facts.bytes),
                    !read           ? read.error().message
                    : !name         ? std::string("?")
                    : name->empty() ? std::string("(no name)")
                                    : std::string(*name));
  }
  return out;
}

// --- show ---

std::string shown_source(std::string_view bytes) {
  const auto positions = decode_positions(bytes);
  if (!positions) return format_byte_size(bytes.size());
  std::string out;
  for (const auto& position : *positions)
    out += fmt::format("{}{}: read up to byte {}", out.empty() ? "" : "; ", position.path,
                       position.offset);
  return out.empty() ? "nothing read yet" : out;
}

std::string shown_place(std::string_view position) {
  const auto place = decode_file_place(position);
  if (place) return fmt::format("{}: certain up to byte {}", place->path, place->length);
  return position.empty() ? std::string("delivered at least once")
                          : format_byte_size(position.size());
}

std::string shown_step(std::string_view id, std::string_view bytes) {
  const auto section = decode_step_section(bytes);
  if (!section) return fmt::format("{}: damaged", id);
  return fmt::format(
      "{}: {} ({})", id,
      section->state.empty() ? "no state" : format_byte_size(section->state.size()) + " of state",
      section->signature.substr(0, section->signature.find('\n')));
}

// The newest checkpoint that can be read.
Result<CheckpointFile> newest(const std::string& dir, std::string& path) {
  const auto files = CheckpointStore::list(dir);
  if (!files) return fail(files.error());
  if (files->empty()) return fail(ErrorKind::kState, "there is no checkpoint in " + dir);
  Result<CheckpointFile> read = fail(ErrorKind::kState, "");
  for (size_t i = files->size(); i-- > 0;) {
    path = (*files)[i].second;
    read = read_checkpoint(path);
    if (read) break;
  }
  return read;
}

Result<std::string> show(const std::string& dir) {
  std::string path;
  const auto read = newest(dir, path);
  if (!read) return fail(read.error());
  const FileFacts facts = facts_of(path);
  std::string out;
  const auto name = read->find("pipeline");
  out += line("checkpoint", fmt::format("{}, written {}, {}", file_name(path), facts.written,
                                        format_byte_size(facts.bytes)));
  if (name && !name->empty()) out += line("pipeline", *name);
  const auto rest = [](const std::string& section) {
    return section.substr(section.find(' ') + 1);
  };
  for (const auto& [section, bytes, owner] : read->sections) {
    if (section.starts_with("source "))
      out += line("source", rest(section) + ": " + shown_source(bytes));
    if (section.starts_with("sink "))
      out += line("sink", rest(section) + ": " + shown_place(bytes));
    if (section == "late" || (section == "dead_letter" && !bytes.empty()))
      out += line(section, shown_place(bytes));
    if (section.starts_with(kStepPrefix)) out += line("step", shown_step(rest(section), bytes));
  }
  return out;
}

// --- reset ---

Result<std::string> reset(const std::string& dir, const std::vector<std::string>& steps) {
  // A folder that is not there is a mistake, not one to be made.
  if (const auto files = CheckpointStore::list(dir); !files) return fail(files.error());
  auto store = CheckpointStore::open(dir);
  if (!store) return fail(store.error());
  if (steps.empty()) {
    if (auto r = (*store)->clear(); !r) return fail(r.error());
    return std::string();
  }
  auto last = (*store)->load();
  if (!last) return fail(last.error());
  if (!*last) return fail(ErrorKind::kState, "there is no checkpoint in " + dir);
  for (const auto& step : steps)
    if (auto r = reset_step(**last, step); !r) return fail(r.error());
  ++(*last)->epoch;
  if (auto r = (*store)->save(**last); !r) return fail(r.error());
  return std::string();
}

int run_state(const Invocation& invocation, Console& console) {
  const std::vector<std::string>& words = invocation.arguments;
  const auto refuse = [&](Error error) {
    console.error(error);
    return exit_code(error.kind);
  };
  const std::string action = words.empty() ? "" : words.front();
  if (action != "list" && action != "show" && action != "reset")
    return refuse({ErrorKind::kUsage,
                   action.empty() ? "nothing to do" : "`" + action + "` is not list, show or reset",
                   {},
                   "weir state list|show|reset DIR",
                   {}});
  if (words.size() < 2)
    return refuse({ErrorKind::kUsage,
                   "no folder given",
                   {},
                   "name the one that [checkpoint] dir or --checkpoint names",
                   {}});
  if (action != "reset" && invocation.has("step"))
    return refuse({ErrorKind::kUsage, "--step goes with reset", {}, {}, {}});
  const std::string& dir = words[1];
  const auto out = action == "list"   ? list(dir)
                   : action == "show" ? show(dir)
                                      : reset(dir, invocation.values("step"));
  return out ? console.print(*out) : refuse(out.error());
}

}  // namespace

const Command& state_command() {
  static const Command command = {
      "state",
      {"weir state list DIR", "weir state show DIR", "weir state reset DIR [--step NAME]"},
      "look into checkpoints, or forget them",
      "list prints the checkpoints in a folder, the newest last: number, time, size, pipeline.\n"
      "show prints what the newest holds: how far each source has been read, how much of each "
      "output is certain, and the state of each step.\n"
      "reset forgets all of them, or the state of some steps: the next run goes on where the last "
      "one stopped, with these steps as if they had seen nothing. It does not touch the outputs.",
      {{"step", '\0', "NAME", "reset: only this step's state; may be repeated", {}},
       {"color", '\0', "WHEN", "colours", {"auto", "always", "never"}}},
      2,
      {
          {"weir state show /var/lib/weir/errors", "where the next run goes on"},
          {"weir state reset /var/lib/weir/errors --step 'tumbling window 1'",
           "without the windows that are open"},
      },
      run_state,
  };
  return command;
}

}  // namespace weir
