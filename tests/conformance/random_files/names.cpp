// Calls that make, move and remove names.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/random_files/generator.hpp"

namespace stillpoint::test {
namespace {

void a_mkdir(FileGenerator& generator) {
  const std::string path = generator.one_in(2) ? generator.directory() : generator.path();
  const mode_t mode = generator.one_of({0755u, 0755u, 0777u, 0700u, 0555u, 0300u, 01777u});
  generator.add(fmt::format("mkdir(\"{}\", {:#o})", path, mode),
                [=](FileCaller&) { return outcome(mkdir(path.c_str(), mode)); });
}

void a_mkdirat(FileGenerator& generator) {
  const int directory = generator.pick_directory();
  const std::string path = generator.path();
  generator.add(fmt::format("mkdirat(s{}, \"{}\", 0755)", directory, path),
                [=](FileCaller& caller) { return outcome(mkdirat(caller.fd(directory), path.c_str(), 0755)); });
}

void a_removal(FileGenerator& generator) {
  const std::string path = generator.path();
  switch (generator.below(4)) {
    case 0:
      return generator.add(fmt::format("rmdir(\"{}\")", path),
                           [=](FileCaller&) { return outcome(rmdir(path.c_str())); });
    case 1:
      return generator.add(fmt::format("remove(\"{}\")", path),
                           [=](FileCaller&) { return outcome(std::remove(path.c_str())); });
    default:
      return generator.add(fmt::format("unlink(\"{}\")", path),
                           [=](FileCaller&) { return outcome(unlink(path.c_str())); });
  }
}

void an_unlinkat(FileGenerator& generator) {
  const int directory = generator.pick_directory();
  const std::string path = generator.path();
  const int flags = generator.one_of({0, 0, AT_REMOVEDIR, AT_SYMLINK_NOFOLLOW});
  generator.add(fmt::format("unlinkat(s{}, \"{}\", {:#x})", directory, path, flags),
                [=](FileCaller& caller) { return outcome(unlinkat(caller.fd(directory), path.c_str(), flags)); });
}

void a_rename(FileGenerator& generator) {
  const std::string from = generator.path();
  const std::string to = generator.path();
  generator.add(fmt::format("rename(\"{}\", \"{}\")", from, to),
                [=](FileCaller&) { return outcome(std::rename(from.c_str(), to.c_str())); });
}

void a_rename_with_flags(FileGenerator& generator) {
  const std::string from = generator.path();
  const std::string to = generator.path();
  const int directory = generator.one_in(3) ? generator.pick_directory() : -1;
  struct Flags {
    unsigned flags;
    const char* text;
  };
  constexpr Flags kFlags[] = {{RENAME_NOREPLACE, "RENAME_NOREPLACE"},
                              {RENAME_EXCHANGE, "RENAME_EXCHANGE"},
                              {RENAME_EXCHANGE, "RENAME_EXCHANGE"},
                              {0, "0"},
                              {RENAME_NOREPLACE | RENAME_EXCHANGE, "RENAME_NOREPLACE|RENAME_EXCHANGE"}};
  const Flags flags = generator.one_of(kFlags);
  generator.add(fmt::format("renameat2({}, \"{}\", AT_FDCWD, \"{}\", {})",
                            directory < 0 ? "AT_FDCWD" : fmt::format("s{}", directory), from, to, flags.text),
                [=](FileCaller& caller) {
                  return outcome(renameat2(directory < 0 ? AT_FDCWD : caller.fd(directory), from.c_str(), AT_FDCWD,
                                           to.c_str(), flags.flags));
                });
}

void a_link(FileGenerator& generator) {
  const std::string from = generator.path();
  const std::string to = generator.path();
  const int flags = generator.one_of({0, 0, AT_SYMLINK_FOLLOW});
  generator.add(fmt::format("linkat(AT_FDCWD, \"{}\", AT_FDCWD, \"{}\", {:#x})", from, to, flags),
                [=](FileCaller&) { return outcome(linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags)); });
}

void a_symlink(FileGenerator& generator) {
  const std::string target =
      generator.one_of<const char*>({"a", "b", "d", "d/a", "../a", "e/", "l", "m", ".", "none", "", "a/"});
  const std::string path = generator.one_in(2) ? generator.one_of({"l", "m"}) : generator.path();
  generator.add(fmt::format("symlink(\"{}\", \"{}\")", target, path),
                [=](FileCaller&) { return outcome(symlink(target.c_str(), path.c_str())); });
}

void a_chmod(FileGenerator& generator) {
  const std::string path = generator.path();
  const mode_t mode = generator.one_in(3) ? generator.permissions() : generator.one_of({0755u, 0777u, 0644u});
  generator.add(fmt::format("chmod(\"{}\", {:#o})", path, mode),
                [=](FileCaller&) { return outcome(chmod(path.c_str(), mode)); });
}

void an_fchmod(FileGenerator& generator) {
  const int slot = generator.pick();
  const mode_t mode = generator.permissions() | generator.one_of({0u, 0u, 0u, 01000u, 02000u, 04000u});
  generator.add(fmt::format("fchmod(s{}, {:#o})", slot, mode),
                [=](FileCaller& caller) { return outcome(fchmod(caller.fd(slot), mode)); });
}

void an_umask(FileGenerator& generator) {
  const mode_t mask = generator.one_of({022u, 022u, 0u, 077u, 0333u});
  generator.add(fmt::format("umask({:#o})", mask), [=](FileCaller&) { return files::octal(umask(mask)); });
}

void times_that_are_set(FileGenerator& generator) {
  const std::string path = generator.path();
  const timespec time{static_cast<time_t>(generator.below(2'000'000'000)),
                      static_cast<long>(generator.below(1'000'000'000))};
  const int flags = generator.one_of({0, 0, AT_SYMLINK_NOFOLLOW});
  generator.add(fmt::format("utimensat(\"{}\", {}.{}, {:#x}), fstatat", path, time.tv_sec, time.tv_nsec, flags),
                [=](FileCaller&) {
                  const timespec times[2] = {{0, UTIME_OMIT}, time};
                  const int given = utimensat(AT_FDCWD, path.c_str(), times, flags);
                  struct stat status {};
                  if (given != 0 || fstatat(AT_FDCWD, path.c_str(), &status, flags) != 0) return outcome(-1);
                  return fmt::format("{}.{}", status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
                });
}

constexpr FileKind kKinds[] = {
    {14, a_mkdir}, {4, a_mkdirat}, {18, a_removal}, {5, an_unlinkat}, {22, a_rename}, {10, a_rename_with_flags},
    {10, a_link},  {8, a_symlink}, {6, a_chmod},    {3, an_fchmod},   {2, an_umask},  {4, times_that_are_set}};

}  // namespace

const std::span<const FileKind> kNaming(kKinds);

void some_names(FileGenerator& generator) {
  const auto one = [&] {
    switch (generator.below(6)) {
      case 0:
      case 1: {
        const std::string path = generator.one_of({"a", "b", "c", "d/a", "d/b"});
        const std::string bytes(generator.size(), generator.letter());
        return generator.add(fmt::format("put {} into \"{}\"", files::shown(bytes), path),
                             [=](FileCaller&) { return files::put(path, bytes); });
      }
      case 2:
      case 3: {
        const std::string path = generator.one_of({"d", "d", "e", "d/e"});
        return generator.add(fmt::format("mkdir(\"{}\", 0755)", path),
                             [=](FileCaller&) { return outcome(mkdir(path.c_str(), 0755)); });
      }
      case 4:
        return a_symlink(generator);
      default:
        return a_link(generator);
    }
  };
  const std::uint64_t count = 2 + generator.below(5);
  for (std::uint64_t i = 0; i < count; ++i) one();
}

}  // namespace stillpoint::test
