// Places of servers as people write them.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// For messages: the password in "scheme://user:password@host/..." and the value of "password=..." as stars.
std::string without_password(std::string_view text);

}  // namespace weir
