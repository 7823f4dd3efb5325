// Functions on files that libc builds from system calls inside itself: fopen(3), opendir(3), realpath(3), mkstemp(3)
// and their kin. They are libc's own; what they call comes back through the trap, and acts on the host's disk. Where
// there is no trap they stop the run by name, since they would reach the real machine.
#include "sim-core/interpose/libc_files.hpp"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "sim-core/interpose/libc_call.hpp"

namespace stillpoint::interpose {
namespace {

std::map<HostId, std::vector<FILE*>>& open_files() {
  static auto* files = new std::map<HostId, std::vector<FILE*>>;
  return *files;
}

}  // namespace

FILE* opened(kernel::Host& host, FILE* file) {
  if (file != nullptr) open_files()[host.id()].push_back(file);
  return file;
}

void closed(kernel::Host& host, FILE* file) { std::erase(open_files()[host.id()], file); }

void flush_files(kernel::Host& host) {
  const auto found = open_files().find(host.id());
  if (found == open_files().end()) return;
  for (FILE* file : found->second) fflush(file);
  found->second.clear();
}

// libc goes on knowing them, and must have nothing to write when it flushes all that it knows. Nobody will take their
// locks any more, so none is needed.
void forget_files(kernel::Host& host) {
  const auto found = open_files().find(host.id());
  if (found == open_files().end()) return;
  for (FILE* file : found->second) __fpurge(file);
  open_files().erase(found);
}

}  // namespace stillpoint::interpose

SP_CALL(FILE*, fopen, (const char* path, const char* mode), (path, mode)) {
  return stillpoint::interpose::opened(host, SP_LIBC(fopen, (path, mode)));
}
SP_CALL(FILE*, fopen64, (const char* path, const char* mode), (path, mode)) {
  return stillpoint::interpose::opened(host, SP_LIBC(fopen64, (path, mode)));
}
SP_CALL(FILE*, fdopen, (int fd, const char* mode), (fd, mode)) {
  return stillpoint::interpose::opened(host, SP_LIBC(fdopen, (fd, mode)));
}
SP_CALL(FILE*, tmpfile, (), ()) { return stillpoint::interpose::opened(host, SP_LIBC(tmpfile, ())); }
SP_CALL(FILE*, tmpfile64, (), ()) { return stillpoint::interpose::opened(host, SP_LIBC(tmpfile64, ())); }
SP_CALL(FILE*, freopen, (const char* path, const char* mode, FILE* stream), (path, mode, stream)) {
  if (stream == stdin || stream == stdout || stream == stderr)
    stillpoint::interpose::unsupported(host, call, "of a standard stream, which all hosts have in common");
  return SP_LIBC(freopen, (path, mode, stream));
}
SP_CALL(FILE*, freopen64, (const char* path, const char* mode, FILE* stream), (path, mode, stream)) {
  if (stream == stdin || stream == stdout || stream == stderr)
    stillpoint::interpose::unsupported(host, call, "of a standard stream, which all hosts have in common");
  return SP_LIBC(freopen64, (path, mode, stream));
}
SP_CALL(int, fclose, (FILE * stream), (stream)) {
  stillpoint::interpose::closed(host, stream);
  return SP_LIBC(fclose, (stream));
}

SP_TRAPPED(DIR*, opendir, (const char* path), (path))
SP_TRAPPED(DIR*, fdopendir, (int fd), (fd))
SP_TRAPPED(int, closedir, (DIR * directory), (directory))
SP_TRAPPED(dirent*, readdir, (DIR * directory), (directory))
SP_TRAPPED(dirent64*, readdir64, (DIR * directory), (directory))
SP_TRAPPED(void, rewinddir, (DIR * directory), (directory))
SP_TRAPPED(void, seekdir, (DIR * directory, long place), (directory, place))
SP_TRAPPED(int, scandir, (const char* path, void* result, void* filter, void* compare), (path, result, filter, compare))
SP_TRAPPED(int, scandir64, (const char* path, void* result, void* filter, void* compare),
           (path, result, filter, compare))
SP_TRAPPED(int, ftw, (const char* path, void* function, int most), (path, function, most))
SP_TRAPPED(int, nftw, (const char* path, void* function, int most, int flags), (path, function, most, flags))
SP_TRAPPED(char*, realpath, (const char* path, char* result), (path, result))
SP_TRAPPED(char*, __realpath_chk, (const char* path, char* result, size_t room), (path, result, room))
SP_TRAPPED(char*, canonicalize_file_name, (const char* path), (path))
SP_TRAPPED(long, pathconf, (const char* path, int name), (path, name))
SP_TRAPPED(long, fpathconf, (int fd, int name), (fd, name))
SP_TRAPPED(int, mkstemp, (char* path), (path))
SP_TRAPPED(int, mkstemp64, (char* path), (path))
SP_TRAPPED(int, mkostemp, (char* path, int flags), (path, flags))
SP_TRAPPED(int, mkostemp64, (char* path, int flags), (path, flags))
SP_TRAPPED(int, mkstemps, (char* path, int length), (path, length))
SP_TRAPPED(char*, mkdtemp, (char* path), (path))
SP_TRAPPED(int, lockf, (int fd, int command, off_t size), (fd, command, size))
SP_TRAPPED(int, lockf64, (int fd, int command, off64_t size), (fd, command, size))
