// statvfs(3), statfs(2), pathconf(3): what makes sense of a file system as a whole.
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

bool sensible(const struct statvfs& all) {
  return all.f_bsize > 0 && all.f_frsize > 0 && all.f_blocks >= all.f_bfree && all.f_bfree >= all.f_bavail &&
         all.f_blocks > 0 && all.f_files >= all.f_ffree && all.f_ffree >= all.f_favail;
}

void of_a_path(World& w) {
  put("a", "text");
  struct statvfs one {};
  w.notes("statvfs", {result(statvfs("a", &one)), std::to_string(one.f_bsize), std::to_string(one.f_frsize),
                      std::to_string(one.f_namemax)});
  w.note("sensible", sensible(one));
  w.note("it may be written", (one.f_flag & ST_RDONLY) == 0);
  struct statvfs other {};
  w.notes("fstatvfs", {result(fstatvfs(open(w, ".", O_RDONLY), &other)), std::to_string(other.f_namemax)});
  w.note("the same", other.f_blocks == one.f_blocks && other.f_fsid == one.f_fsid && other.f_files == one.f_files);
  w.notes("refused", {result(statvfs("none", &one)), result(statvfs("a/b", &one)), result(statvfs("", &one)),
                      result(fstatvfs(-1, &one))});
}

void older(World& w) {
  put("a", "text");
  struct statfs one {};
  w.notes("statfs", {result(statfs(".", &one)), std::to_string(one.f_bsize), std::to_string(one.f_namelen)});
  struct statfs other {};
  w.notes("fstatfs",
          {result(fstatfs(open(w, "a", O_RDONLY), &other)), other.f_type == one.f_type ? "the same" : "another"});
  w.notes("refused", {result(statfs("none", &one)), result(fstatfs(-1, &one))});
}

void taken(World& w) {
  const auto free_bytes = [] {
    struct statvfs all {};
    statvfs(".", &all);
    return static_cast<long long>(all.f_bfree) * static_cast<long long>(all.f_frsize);
  };
  const int fd = open(w, "a");
  constexpr off_t kSize = 64 << 20;
  const long long before = free_bytes();
  w.note("allocate", result(fallocate(fd, 0, 0, kSize)));
  // Other programs of the machine take and give room, too.
  w.note("it is taken", before - free_bytes() > kSize / 2);
  const long long with = free_bytes();
  w.note("cut", result(ftruncate(fd, 0)));
  w.note("it is given back", free_bytes() - with > kSize / 2);
}

void limits(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDONLY);
  w.notes("names", {result(pathconf(".", _PC_NAME_MAX)), result(fpathconf(fd, _PC_NAME_MAX)),
                    result(pathconf(".", _PC_PATH_MAX))});
  w.notes("pipes", {result(pathconf(".", _PC_PIPE_BUF)), result(pathconf(".", _PC_NO_TRUNC)),
                    result(pathconf(".", _PC_CHOWN_RESTRICTED))});
  w.notes("refused",
          {result(pathconf("none", _PC_NAME_MAX)), result(fpathconf(-1, _PC_NAME_MAX)), result(pathconf(".", 999))});
}

constexpr Case kCases[] = {
    {"of a path", of_a_path},
    {"statfs", older},
    {"taken and given back", taken},
    {"pathconf", limits},
};
const Suite suite("files/space", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
