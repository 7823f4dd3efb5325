#pragma once
// What the cases about files share: calls on files in few words. Each gives what is observed, or the name of the errno.
// Names are relative: a case's working directory is its folder.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "tests/conformance/world.hpp"

namespace stillpoint::test::files {

// Bytes as text: "ab\0*20c" is ab, twenty zeros, c. What repeats up to three times is written out.
std::string shown(std::string_view bytes);

// ---- descriptors ----

// The world closes it; -1 if it cannot be opened.
int open(World& w, const std::string& path, int flags = O_RDWR | O_CREAT, mode_t mode = 0644);
// "opened", of a descriptor that is closed at once.
std::string opening(const std::string& path, int flags, mode_t mode = 0644);

std::string read(int fd, std::size_t most = 200);
std::string write(int fd, std::string_view bytes);
std::string pread(int fd, std::size_t most, off_t offset);
std::string pwrite(int fd, std::string_view bytes, off_t offset);
std::string seek(int fd, off_t offset, int whence = SEEK_SET);
// Where it stands.
std::string place(int fd);
// All of it, whatever the place.
std::string contents(int fd);
std::string size(int fd);

// ---- paths ----

// Makes the file, or empties it, and writes: the result of that.
std::string put(const std::string& path, std::string_view bytes);
std::string contents(const std::string& path);
std::string size(const std::string& path);
// "file", "directory", "link", "socket", …: of the path itself, no link is followed.
std::string type(const std::string& path);
// "0644"
std::string mode(const std::string& path);
std::string links(const std::string& path);
std::string target(const std::string& link);
// Whether two paths, or the files under two descriptors, are one.
bool same(const std::string& one, const std::string& other);
bool same(int one, int other);
// The names in a directory without "." and "..", sorted: "a b c"; "none".
std::string names(const std::string& path = ".");

std::string type_of(mode_t mode);
std::string octal(mode_t permissions);

// Of pathnames: so many bytes of one name.
inline std::string long_name(std::size_t length) { return std::string(length, 'n'); }

}  // namespace stillpoint::test::files
