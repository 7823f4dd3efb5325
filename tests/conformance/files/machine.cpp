#include "tests/conformance/files/machine.hpp"

#include <grp.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace stillpoint::test::files {
namespace {

constexpr uid_t kUser = 1000;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::abort();
}

}  // namespace

std::string make_folder() {
  // What is in memory only is not like a disk.
  struct statfs status {};
  const bool in_memory = statfs("/tmp", &status) == 0 && status.f_type == TMPFS_MAGIC;
  std::string path = std::string(in_memory ? "/var/tmp" : "/tmp") + "/stillpoint-conformance-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) give_up("mkdtemp");
  if (geteuid() == 0 && chown(path.c_str(), kUser, kUser) != 0) give_up("chown");
  return path;
}

void remove_tree(const std::string& path) {
  std::error_code ignored;
  chmod(path.c_str(), 0700);
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
    if (!entry.is_symlink(ignored) && entry.is_directory(ignored)) remove_tree(entry.path());
  }
  std::filesystem::remove_all(path, ignored);
}

void drop_privileges() {
  if (geteuid() != 0) return;
  if (setgroups(0, nullptr) != 0 || setresgid(kUser, kUser, kUser) != 0 || setresuid(kUser, kUser, kUser) != 0)
    give_up("setresuid");
}

}  // namespace stillpoint::test::files
