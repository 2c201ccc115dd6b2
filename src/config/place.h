// Places of sources and sinks: files, or URLs whose scheme says what is there.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// The type that a place's scheme names: "sqlite:a.db" is "sqlite", "postgresql://host/db" "postgres"; a file's
// path gives "".
inline std::string_view kind_of_place(std::string_view place) {
  for (const std::string_view kind : {"sqlite", "tcp", "udp", "unix", "kafka", "postgres", "http"})
    if (place.starts_with(kind) && place.substr(kind.size()).starts_with(':')) return kind;
  if (place.starts_with("https:")) return "http";
  return place.starts_with("postgresql:") ? std::string_view("postgres") : std::string_view();
}

// The key that holds the place of a component of this type.
inline std::string_view place_key(std::string_view kind) {
  return kind.empty() || kind == "file" || kind == "sqlite" ? "path" : "url";
}

}  // namespace weir
