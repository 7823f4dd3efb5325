#pragma once
// The right of one process to use a folder: an advisory lock on the folder itself, which the system releases when the
// process ends, however it ends.
#include <filesystem>

namespace stillpoint::campaign {

class FolderLock {
 public:
  // Throws Error if another process has it, or the folder cannot be opened.
  explicit FolderLock(const std::filesystem::path& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int fd_;
};

}  // namespace stillpoint::campaign
