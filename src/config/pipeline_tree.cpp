#include "config/pipeline_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "config/merge.h"
#include "config/toml_text.h"

namespace weir {
namespace {

constexpr size_t kMaxFileBytes = size_t{4} << 20;  // parse_toml refuses less, with the size

Result<std::string> read_text(const std::string& path) {
  const auto refuse = [&](int errno_value) {
    Error error = io_error(fmt::format("cannot read the pipeline `{}`", path), errno_value);
    error.kind = ErrorKind::kUsage;
    return fail(std::move(error));
  };
  const bool standard_input = path == "-";
  const int fd = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refuse(errno);
  std::string text;
  std::array<char, 16384> buffer;
  int failed = 0;
  while (text.size() < kMaxFileBytes) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) failed = errno;
    if (n <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(n));
  }
  if (!standard_input) ::close(fd);
  if (failed != 0) return refuse(failed);
  return text;
}

Node empty_table() { return Node{}; }

void add(Node& root, std::string_view text, const std::string& label, Errors& errors) {
  auto node = parse_toml(text, label);
  if (node)
    merge_tables(root, std::move(*node), errors);
  else
    errors.push_back(std::move(node.error()));
}

}  // namespace

std::expected<Node, Errors> read_tree(const PipelineText& text) {
  Errors errors;
  Node root = text.tree ? *text.tree : empty_table();
  if (!text.file.empty()) {
    const std::string label = text.file == "-" ? "<stdin>" : text.file;
    if (auto content = read_text(text.file)) {
      add(root, *content, label, errors);
      // `weir run access.log`: the input where the pipeline should be.
      if (!errors.empty() && errors.back().hint.empty() && !label.ends_with(".toml"))
        errors.back().hint =
            "the pipeline stands before its input: weir run PIPELINE.toml " + text.file;
    } else {
      errors.push_back(std::move(content.error()));
    }
  }
  for (size_t i = 0; i < text.fragments.size(); ++i)
    add(root, text.fragments[i],
        text.fragments.size() == 1 ? "<-e>" : fmt::format("<-e {}>", i + 1), errors);
  // What follows changes the tree; without one it would only add to the confusion.
  if (!errors.empty()) return std::unexpected(std::move(errors));
  for (const auto& setting : text.settings)
    if (auto r = apply_setting(root, setting, "<--set>"); !r)
      errors.push_back(std::move(r.error()));
  if (errors.empty()) apply_flags(root, text.flags, errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  if (!text.tree) root.position.file = !text.file.empty() ? text.file : "<-e>";
  return root;
}

}  // namespace weir
