// Copies that rotation makes of a log: which names they have, and whether one is being made.
#pragma once

#include <string>

namespace weir {

// True if `path` is a name that rotation gives to a copy of `log`: log.1, log-20240131, log.1.gz.
bool is_rotated_name(const std::string& path, const std::string& log);

// "log.1" of "log.1.gz" (.zst .bz2 .xz); empty if it does not end so.
std::string without_compression_suffix(const std::string& path);

// True if `path` holds, compressed, what `plain` holds, or the beginning of that: a program that compresses is at work,
// or is done and has not removed `plain` yet. Compares at most the first 64 KiB. Files that cannot be read are not.
bool is_compressed_beginning(const std::string& path, const std::string& plain);

}  // namespace weir
