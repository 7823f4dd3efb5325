#include "tests/disk/real/mounted.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/disk/tree.hpp"

namespace stillpoint::test {
namespace {

namespace fs = std::filesystem;

void shell(const std::string& command) {
  if (std::system((command + " > /dev/null 2>&1").c_str()) != 0) throw std::runtime_error("cannot " + command);
}

bool is_same(int fd, const std::string& path) {
  struct stat opened {};
  struct stat there {};
  return fstat(fd, &opened) == 0 && stat(path.c_str(), &there) == 0 && opened.st_ino == there.st_ino;
}

std::uint64_t number_of(const std::string& word) { return std::strtoull(word.c_str(), nullptr, 10); }

}  // namespace

Mounted::Mounted(const std::string& kind)
    : kind_(kind), image_((place_ / "image").string()), root_((place_ / "root").string()) {
  const bool is_ext4 = kind == "ext4";
  fs::create_directory(root_);
  shell(fmt::format("truncate -s {} {}", is_ext4 ? "24M" : "320M", image_));
  shell(is_ext4 ? "mkfs.ext4 -q -J size=4 " + image_ : "mkfs.xfs -q " + image_);
  // Names are committed after a second, so that a test can wait for it.
  shell(fmt::format("mount -o loop{} {} {}", is_ext4 ? ",commit=1" : "", image_, root_));
}

Mounted::~Mounted() {
  for (const auto& [path, fd] : open_) ::close(fd);
  try {
    shell("umount " + root_);
  } catch (const std::runtime_error&) {  // it is told by the folder that stays
  }
}

void Mounted::begin_program() {
  for (const auto& [path, fd] : open_) ::close(fd);
  open_.clear();
  if (programs_ > 0) fs::remove_all(folder_);
  folder_ = root_ + "/" + std::to_string(++programs_);
  fs::create_directory(folder_);
  sync();
}

void Mounted::sync() {
  const int fd = ::open(root_.c_str(), O_RDONLY | O_DIRECTORY);
  if (fd < 0 || syncfs(fd) != 0) throw std::runtime_error("cannot sync " + root_);
  ::close(fd);
}

void Mounted::write_back(const std::string& path) {
  const int fd = ::open((folder_ + "/" + path).c_str(), O_WRONLY);
  if (fd < 0) return;
  sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  ::close(fd);
}

bool Mounted::run(const Operation& words) {
  const std::string& what = words.at(0);
  if (what == "sync") return sync(), true;
  const std::string path = folder_ + "/" + words.at(1);
  // By the descriptor that it was opened with, if it is still the same file.
  const auto with_file = [&](int flags, auto use) {
    const auto handle = open_.find(path);
    const bool same = handle != open_.end() && is_same(handle->second, path);
    const int fd = same ? handle->second : ::open(path.c_str(), flags, 0644);
    if (fd < 0) return false;
    const bool good = use(fd);
    if (!same) ::close(fd);
    return good;
  };
  const auto write = [&](const std::string& runs, off_t at) {
    const std::string content = content_of_runs(runs);
    return with_file(O_RDWR, [&](int fd) {
      struct stat status {};
      fstat(fd, &status);
      const ssize_t done = pwrite(fd, content.data(), content.size(), at < 0 ? status.st_size : at);
      return done == static_cast<ssize_t>(content.size());
    });
  };
  if (what == "create") return with_file(O_WRONLY | O_CREAT | O_EXCL, [](int) { return true; });
  if (what == "mkdir") return ::mkdir(path.c_str(), 0755) == 0;
  if (what == "unlink") return ::unlink(path.c_str()) == 0;
  if (what == "rmdir") return ::rmdir(path.c_str()) == 0;
  if (what == "fsync") return with_file(O_RDONLY, [](int fd) { return ::fsync(fd) == 0; });
  if (what == "fdatasync") return with_file(O_RDONLY, [](int fd) { return ::fdatasync(fd) == 0; });
  if (what == "write") return write(words.at(3), static_cast<off_t>(number_of(words.at(2))));
  if (what == "append") return write(words.at(2), -1);
  if (what == "truncate")
    return with_file(O_RDWR, [&](int fd) { return ftruncate(fd, static_cast<off_t>(number_of(words.at(2)))) == 0; });
  if (what == "open") {
    const int fd = ::open(path.c_str(), O_RDWR);
    if (fd >= 0 && !open_.emplace(path, fd).second) ::close(fd);
    return fd >= 0;
  }
  if (what == "close") {
    const auto handle = open_.find(path);
    if (handle == open_.end()) return false;
    ::close(handle->second);
    open_.erase(handle);
    return true;
  }
  const std::string to = folder_ + "/" + words.at(2);
  if (what == "link") return ::link(path.c_str(), to.c_str()) == 0;
  if (what == "rename") return ::rename(path.c_str(), to.c_str()) == 0;
  if (what == "exchange") return renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0;
  throw std::invalid_argument(what);
}

std::string Mounted::tree_after_loss() {
  const std::string copy = (place_ / "copy").string();
  const std::string again = (place_ / "again").string();
  fs::create_directory(again);
  shell(fmt::format("cp --sparse=always {} {}", image_, copy));
  // Its log is replayed, as after a loss of power.
  shell(fmt::format("mount -o loop{} {} {}", kind_ == "xfs" ? ",nouuid" : "", copy, again));
  const std::string tree = tree_of_folder(again + "/" + std::to_string(programs_));
  shell("umount " + again);
  return tree;
}

std::string Mounted::tree_of_folder(const std::string& folder) {
  std::string text;
  std::map<ino_t, std::string> seen;
  const auto walk = [&](const auto& self, const std::string& prefix) -> void {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder + "/" + prefix)) paths.push_back(entry.path());
    std::ranges::sort(paths);
    for (const fs::path& each : paths) {
      const std::string path = prefix + each.filename().string();
      struct stat status {};
      lstat(each.c_str(), &status);
      if (!text.empty()) text += ' ';
      text += path;
      if (S_ISDIR(status.st_mode)) {
        text += '/';
        self(self, path + "/");
      } else if (const auto [other, first] = seen.emplace(status.st_ino, path); !first) {
        text += '~' + other->second;
      } else {
        std::ifstream in(each, std::ios::binary);
        text += '=' + runs(std::string(std::istreambuf_iterator<char>(in), {}));
      }
    }
  };
  walk(walk, "");
  return text.empty() ? "nothing" : text;
}

}  // namespace stillpoint::test
