#include "windows/window_options.h"

namespace weir {

void WindowComplaints::at(const char* key, std::string message, std::string hint) {
  const Node* node = spec_.options.find(key);
  add({ErrorKind::kConfig,
       std::move(message),
       node != nullptr ? node->position : spec_.position,
       std::move(hint),
       {}});
}

void WindowComplaints::add(Error error) {
  // Of a step, whoever binds it knows its number.
  if (error.context.empty() && !has("op")) error.context = "[window]";
  errors_.push_back(std::move(error));
}

}  // namespace weir
