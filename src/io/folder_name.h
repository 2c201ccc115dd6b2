// Texts as names of files and folders, and back.
//
// A text becomes one name, whatever it holds: bytes that could mean something else to the file system or a reader
// of paths are written %XX, so that no path leaves its folder, no two texts give one name, and the text can be
// told from it. An empty text is __EMPTY__; a very long one is cut, with a hash behind.
#pragma once

#include <string>
#include <string_view>

namespace weir {

inline constexpr std::string_view kNullFolder = "__NULL__";

std::string folder_name(std::string_view text);
// The text of a name, other writers' included; a name that was cut stays so.
std::string text_of_folder(std::string_view name);
// What stands for NULL: as we write it, and as Hive and Flink do.
bool is_null_folder(std::string_view name);

// Eight hexadecimal digits.
std::string short_hash(std::string_view text);

}  // namespace weir
