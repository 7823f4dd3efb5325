#pragma once
// Which files a pattern of paths speaks of, such as /srv/*.db.
#include <set>
#include <string_view>

#include "sim-core/disk/file_system.hpp"

namespace stillpoint::disk {

// As fnmatch(3) without flags, byte by byte: `*` and `?` match slashes, too; [a-z], [!a-z] and \ are as there. It is
// our own since fnmatch(3) hangs on the locale that the program under test has set.
bool matches(std::string_view pattern, std::string_view text);

// The files and directories of which a path matches; an empty pattern matches all. Not those of the real machine.
std::set<InodeNumber> files_matching(FileSystem& files, std::string_view pattern);

}  // namespace stillpoint::disk
