#pragma once
// Words of commands that a user can paste into a shell.
#include <string>
#include <string_view>

namespace stillpoint {

// `text` as a POSIX shell reads it back for one word: as it is, or in quotes.
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02
std::string shell_word(std::string_view text);

}  // namespace stillpoint
