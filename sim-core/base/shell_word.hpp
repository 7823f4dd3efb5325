#pragma once
// Words of commands that a user can paste into a shell.
#include <string>
#include <string_view>

namespace stillpoint {

// `text` as a POSIX shell reads it back for one word: as it is, or in quotes. Line ends and other control characters
// are escaped in $'...', which POSIX has since 2024, and bash, zsh, ksh and busybox had before.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02
std::string shell_word(std::string_view text);

}  // namespace stillpoint
