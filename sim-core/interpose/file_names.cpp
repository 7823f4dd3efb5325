// The calls that make, change and remove names: mkdir(2), rename(2), link(2), unlink(2), symlink(2), readlink(2); and
// the working directory.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/paths.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::Result;
using stillpoint::Status;
using stillpoint::disk::Follow;
using stillpoint::disk::Inode;
using stillpoint::disk::Place;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::find_inode;
using stillpoint::interpose::finish;
using stillpoint::interpose::Path;
using stillpoint::interpose::read_path;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::Host;
using Rename = stillpoint::disk::FileSystem::Rename;

int make_directory(Host& host, const Call& call, int directory, const char* path, mode_t mode) {
  const Result<Path> read = read_path(host, directory, path);
  if (!read) return fail(host, call, read.error());
  return finish(host, call, host.storage().make_directory(*read.value().base, read.value().text, mode));
}

int remove_name(Host& host, const Call& call, int directory, const char* path, int flags) {
  if ((flags & ~AT_REMOVEDIR) != 0) return fail(host, call, EINVAL);
  const Result<Path> read = read_path(host, directory, path);
  if (!read) return fail(host, call, read.error());
  Inode& base = *read.value().base;
  return finish(host, call,
                (flags & AT_REMOVEDIR) != 0 ? host.storage().remove_directory(base, read.value().text)
                                            : host.storage().remove(base, read.value().text));
}

// filename_parentat() in Linux's fs/namei.c.
Result<Place> find_last(Host& host, int directory, const char* path) {
  const Result<Path> read = read_path(host, directory, path);
  if (!read) return Failure{read.error()};
  return host.storage().find_last(*read.value().base, read.value().text);
}

int rename_name(Host& host, const Call& call, int from_directory, const char* from, int to_directory, const char* to,
                unsigned flags) {
  constexpr unsigned kKnown = RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT;
  if ((flags & ~kKnown) != 0) return fail(host, call, EINVAL);
  if ((flags & RENAME_EXCHANGE) != 0 && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)) != 0)
    return fail(host, call, EINVAL);
  if ((flags & RENAME_WHITEOUT) != 0) return fail(host, call, EPERM);  // mknod(2) of one takes a privilege
  const Result<Place> old_place = find_last(host, from_directory, from);
  if (!old_place) return fail(host, call, old_place.error());
  const Result<Place> new_place = find_last(host, to_directory, to);
  if (!new_place) return fail(host, call, new_place.error());
  const Rename how = (flags & RENAME_EXCHANGE) != 0    ? Rename::exchange
                     : (flags & RENAME_NOREPLACE) != 0 ? Rename::keep
                                                       : Rename::replace;
  return finish(host, call, host.storage().rename(old_place.value(), new_place.value(), how));
}

// do_linkat() in Linux's fs/namei.c. AT_EMPTY_PATH takes a privilege.
int link_name(Host& host, const Call& call, int from_directory, const char* from, int to_directory, const char* to,
              int flags) {
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) return fail(host, call, EINVAL);
  const Follow follow = (flags & AT_SYMLINK_FOLLOW) != 0 ? Follow::yes : Follow::no;
  const Result<Inode*> inode = find_inode(host, from_directory, from, follow);
  if (!inode) return fail(host, call, inode.error());
  const Result<Path> path = read_path(host, to_directory, to);
  if (!path) return fail(host, call, path.error());
  return finish(host, call, host.storage().link(*inode.value(), *path.value().base, path.value().text));
}

int make_symbolic_link(Host& host, const Call& call, const char* target, int directory, const char* path) {
  const auto text = stillpoint::readable_text(target, PATH_MAX);
  if (!text) return fail(host, call, EFAULT);
  if (text->size() >= PATH_MAX) return fail(host, call, ENAMETOOLONG);
  if (text->empty()) return fail(host, call, ENOENT);
  const Result<Path> read = read_path(host, directory, path);
  if (!read) return fail(host, call, read.error());
  return finish(host, call, host.storage().make_symbolic_link(*text, *read.value().base, read.value().text));
}

// do_readlinkat() in Linux's fs/stat.c.
ssize_t read_link(Host& host, const Call& call, int directory, const char* path, char* result, size_t size) {
  if (static_cast<int>(size) <= 0) return fail<ssize_t>(host, call, EINVAL);
  Result<Inode*> inode = nullptr;
  if (stillpoint::is_readable(path) && *path == '\0') {  // the link behind a descriptor of O_PATH
    const auto file = stillpoint::interpose::find_disk_file(host, directory, ENOENT);
    inode = file ? Result<Inode*>(&file.value()->node())
                 : Failure{file.error() == EBADF && directory == AT_FDCWD ? ENOENT : file.error()};
    if (inode && !inode.value()->is(S_IFLNK)) return fail<ssize_t>(host, call, ENOENT);
  } else {
    inode = find_inode(host, directory, path, Follow::no);
  }
  if (!inode) return fail<ssize_t>(host, call, inode.error());
  if (!inode.value()->is(S_IFLNK)) return fail<ssize_t>(host, call, EINVAL);
  const std::string& target = inode.value()->target;
  const size_t some = std::min(size, target.size());
  if (!stillpoint::is_writable_bytes(result, some)) return fail<ssize_t>(host, call, EFAULT);
  std::memcpy(result, target.data(), some);
  host.storage().files.touch_accessed(*inode.value());
  return static_cast<ssize_t>(some);
}

Status change_directory(Host& host, const Result<Inode*>& inode) {
  if (!inode) return Failure{inode.error()};
  if (!inode.value()->is(S_IFDIR)) return Failure{ENOTDIR};
  if (!stillpoint::disk::may(*inode.value(), stillpoint::disk::kMayExecute, host.storage().user()))
    return Failure{EACCES};
  host.storage().set_working_directory(*inode.value());
  return stillpoint::Done{};
}

Result<std::string> working_path(Host& host) {
  auto path = stillpoint::disk::path_of(host.storage().files, host.storage().working_directory());
  if (!path) return Failure{ENOENT};
  return std::move(*path);
}

// getcwd(3): what is null is allocated.
char* get_directory(Host& host, const Call& call, char* result, size_t size) {
  const Result<std::string> path = working_path(host);
  const auto failed = [&](int error) -> char* {
    fail(host, call, error);
    return nullptr;
  };
  if (size == 0 && result != nullptr) return failed(EINVAL);
  if (!path) return failed(path.error());
  const size_t needed = path.value().size() + 1;
  if (result == nullptr) {
    if (size != 0 && size < needed) return failed(ERANGE);
    result = static_cast<char*>(std::malloc(size != 0 ? size : needed));
  } else {
    if (size < needed) return failed(ERANGE);
    if (!stillpoint::is_writable_bytes(result, needed)) return failed(EFAULT);
  }
  std::memcpy(result, path.value().c_str(), needed);
  return result;
}

}  // namespace

SP_CALL(int, mkdir, (const char* path, mode_t mode), (path, mode)) {
  return make_directory(host, call, AT_FDCWD, path, mode);
}
SP_CALL(int, mkdirat, (int directory, const char* path, mode_t mode), (directory, path, mode)) {
  return make_directory(host, call, directory, path, mode);
}
SP_CALL(int, rmdir, (const char* path), (path)) { return remove_name(host, call, AT_FDCWD, path, AT_REMOVEDIR); }
SP_CALL(int, unlink, (const char* path), (path)) { return remove_name(host, call, AT_FDCWD, path, 0); }
SP_CALL(int, unlinkat, (int directory, const char* path, int flags), (directory, path, flags)) {
  return remove_name(host, call, directory, path, flags);
}
// A file, or else a directory, as glibc's does.
SP_CALL(int, remove, (const char* path), (path)) {
  const int removed = remove_name(host, call, AT_FDCWD, path, 0);
  return removed == 0 || errno != EISDIR ? removed : remove_name(host, call, AT_FDCWD, path, AT_REMOVEDIR);
}

SP_CALL(int, rename, (const char* from, const char* to), (from, to)) {
  return rename_name(host, call, AT_FDCWD, from, AT_FDCWD, to, 0);
}
SP_CALL(int, renameat, (int from_directory, const char* from, int to_directory, const char* to),
        (from_directory, from, to_directory, to)) {
  return rename_name(host, call, from_directory, from, to_directory, to, 0);
}
SP_CALL(int, renameat2, (int from_directory, const char* from, int to_directory, const char* to, unsigned flags),
        (from_directory, from, to_directory, to, flags)) {
  return rename_name(host, call, from_directory, from, to_directory, to, flags);
}

SP_CALL(int, link, (const char* from, const char* to), (from, to)) {
  return link_name(host, call, AT_FDCWD, from, AT_FDCWD, to, 0);
}
SP_CALL(int, linkat, (int from_directory, const char* from, int to_directory, const char* to, int flags),
        (from_directory, from, to_directory, to, flags)) {
  return link_name(host, call, from_directory, from, to_directory, to, flags);
}
SP_CALL(int, symlink, (const char* target, const char* path), (target, path)) {
  return make_symbolic_link(host, call, target, AT_FDCWD, path);
}
SP_CALL(int, symlinkat, (const char* target, int directory, const char* path), (target, directory, path)) {
  return make_symbolic_link(host, call, target, directory, path);
}
SP_CALL(ssize_t, readlink, (const char* path, char* result, size_t size), (path, result, size)) {
  return read_link(host, call, AT_FDCWD, path, result, size);
}
SP_CALL(ssize_t, readlinkat, (int directory, const char* path, char* result, size_t size),
        (directory, path, result, size)) {
  return read_link(host, call, directory, path, result, size);
}
SP_CALL(ssize_t, __readlink_chk, (const char* path, char* result, size_t size, size_t room),
        (path, result, size, room)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  return read_link(host, call, AT_FDCWD, path, result, size);
}

SP_CALL(ssize_t, getdents64, (int fd, void* entries, size_t size), (fd, entries, size)) {
  const auto file = stillpoint::interpose::find_disk_file(host, fd, ENOTDIR);
  if (!file) return fail<ssize_t>(host, call, file.error());
  const size_t room = std::min<size_t>(size, INT_MAX);
  if (!stillpoint::is_writable_bytes(entries, room)) return fail<ssize_t>(host, call, EFAULT);
  return finish<ssize_t>(host, call, file.value()->read_entries({static_cast<std::byte*>(entries), room}));
}

SP_CALL(int, chdir, (const char* path), (path)) {
  return finish(host, call, change_directory(host, find_inode(host, AT_FDCWD, path, Follow::yes)));
}
SP_CALL(int, fchdir, (int fd), (fd)) {
  const auto file = stillpoint::interpose::find_disk_file(host, fd, ENOTDIR);
  return finish(host, call,
                change_directory(host, file ? Result<Inode*>(&file.value()->node()) : Failure{file.error()}));
}
SP_CALL(char*, getcwd, (char* result, size_t size), (result, size)) { return get_directory(host, call, result, size); }
SP_CALL(char*, __getcwd_chk, (char* result, size_t size, size_t room), (result, size, room)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  return get_directory(host, call, result, size);
}
SP_CALL(char*, get_current_dir_name, (), ()) { return get_directory(host, call, nullptr, 0); }
