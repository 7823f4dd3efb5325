// open(2) and its kin: files, directories and devices of the host's disk.
#include <fcntl.h>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/paths.hpp"

namespace {

using stillpoint::Result;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::on_exec;
using stillpoint::interpose::Path;
using stillpoint::interpose::read_text;
using stillpoint::interpose::start_path;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::Host;

// build_open_flags() in Linux's fs/open.c.
bool go_together(int flags) {
  if ((flags & O_PATH) != 0) return true;  // the others do not count
  if ((flags & O_CREAT) != 0 && (flags & O_DIRECTORY) != 0) return false;
  if ((flags & O_TMPFILE & ~O_DIRECTORY) == 0) return true;
  return (flags & O_DIRECTORY) != 0 && (flags & O_ACCMODE) != O_RDONLY;
}

// do_sys_openat2()
int open_path(Host& host, const Call& call, int directory, const char* path, int flags, long mode) {
  if ((flags & O_ASYNC) != 0) unsupported(host, call, "O_ASYNC");
  if (!go_together(flags)) return fail(host, call, EINVAL);
  const Result<std::string_view> text = read_text(path);
  if (!text) return fail(host, call, text.error());
  if (host.descriptors.full()) return fail(host, call, EMFILE);
  const Result<Path> start = start_path(host, directory, text.value());
  if (!start) return fail(host, call, start.error());
  auto file = host.storage().open(*start.value().base, start.value().text, flags, static_cast<mode_t>(mode));
  if (!file) return fail(host, call, file.error());
  return finish<int>(host, call, host.descriptors.add(std::move(file).value(), on_exec(flags)));
}

}  // namespace

SP_CALL(int, open, (const char* path, int flags, long mode), (path, flags, mode)) {
  return open_path(host, call, AT_FDCWD, path, flags, mode);
}
SP_CALL(int, open64, (const char* path, int flags, long mode), (path, flags, mode)) {
  return open_path(host, call, AT_FDCWD, path, flags, mode);
}
SP_CALL(int, openat, (int directory, const char* path, int flags, long mode), (directory, path, flags, mode)) {
  return open_path(host, call, directory, path, flags, mode);
}
SP_CALL(int, openat64, (int directory, const char* path, int flags, long mode), (directory, path, flags, mode)) {
  return open_path(host, call, directory, path, flags, mode);
}
SP_CALL(int, creat, (const char* path, mode_t mode), (path, mode)) {
  return open_path(host, call, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
SP_CALL(int, creat64, (const char* path, mode_t mode), (path, mode)) {
  return open_path(host, call, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
// What fortified programs call instead.
SP_CALL(int, __open_2, (const char* path, int flags), (path, flags)) {
  return open_path(host, call, AT_FDCWD, path, flags, 0);
}
SP_CALL(int, __open64_2, (const char* path, int flags), (path, flags)) {
  return open_path(host, call, AT_FDCWD, path, flags, 0);
}
SP_CALL(int, __openat_2, (int directory, const char* path, int flags), (directory, path, flags)) {
  return open_path(host, call, directory, path, flags, 0);
}
SP_CALL(int, __openat64_2, (int directory, const char* path, int flags), (directory, path, flags)) {
  return open_path(host, call, directory, path, flags, 0);
}
