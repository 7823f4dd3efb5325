#include "sim-core/interpose/paths.hpp"

namespace stillpoint::interpose {

// getname() in Linux's fs/namei.c.
Result<std::string_view> read_text(const char* path) {
  const auto text = readable_text(path, PATH_MAX);
  if (!text) return Failure{EFAULT};
  if (text->size() >= PATH_MAX) return Failure{ENAMETOOLONG};
  if (text->empty()) return Failure{ENOENT};
  return *text;
}

// path_init()
Result<Path> start_path(kernel::Host& host, int directory, std::string_view text) {
  if (text.front() == '/' || directory == AT_FDCWD) return Path{&host.storage().working_directory(), text};
  const Result<kernel::DiskFile*> file = find_disk_file(host, directory, ENOTDIR);
  if (!file) return Failure{file.error()};
  if (!file.value()->node().is(S_IFDIR)) return Failure{ENOTDIR};
  return Path{&file.value()->node(), text};
}

Result<Path> read_path(kernel::Host& host, int directory, const char* path) {
  const Result<std::string_view> text = read_text(path);
  return text ? start_path(host, directory, text.value()) : Failure{text.error()};
}

Result<disk::Inode*> find_inode(kernel::Host& host, int directory, const char* path, disk::Follow follow) {
  const Result<Path> read = read_path(host, directory, path);
  if (!read) return Failure{read.error()};
  return host.storage().find(*read.value().base, read.value().text, follow);
}

Result<kernel::DiskFile*> find_disk_file(kernel::Host& host, int fd, int otherwise) {
  kernel::File* file = host.descriptors.find(fd);
  if (file == nullptr) return Failure{EBADF};
  kernel::DiskFile* on_disk = file->as_disk_file();
  if (on_disk == nullptr) return Failure{otherwise};
  return on_disk;
}

}  // namespace stillpoint::interpose
