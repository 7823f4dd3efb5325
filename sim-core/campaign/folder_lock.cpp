#include "sim-core/campaign/folder_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <stillpoint/error.hpp>

namespace stillpoint::campaign {

FolderLock::FolderLock(const std::filesystem::path& folder)
    : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) throw Error(fmt::format("cannot use the folder {}: {}", folder.string(), std::strerror(errno)));
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  close(fd_);
  if (reason == EWOULDBLOCK) {
    throw Error(
        fmt::format("the folder {} is in use by another campaign; wait for it to end, or choose another with "
                    "--out",
                    folder.string()));
  }
  throw Error(fmt::format("cannot lock the folder {}: {}", folder.string(), std::strerror(reason)));
}

FolderLock::~FolderLock() { close(fd_); }

}  // namespace stillpoint::campaign
