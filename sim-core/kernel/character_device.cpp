#include "sim-core/kernel/character_device.hpp"

#include <sys/epoll.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstring>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {

// Linux's Documentation/admin-guide/devices.txt: the numbers of the kinds, of major number 1.
constexpr unsigned kMinors[] = {3, 5, 8, 9};

std::unique_ptr<CharacterDevice> CharacterDevice::open(Host& host, dev_t device, int flags) {
  for (const Kind kind : {Kind::null, Kind::zero, Kind::random, Kind::urandom}) {
    std::unique_ptr<CharacterDevice> file(new CharacterDevice(host, kind, flags & O_ACCMODE));
    file->nonblocking = (flags & O_NONBLOCK) != 0;
    if (file->device() == device) return file;
  }
  return nullptr;
}

dev_t CharacterDevice::device() const { return makedev(1, kMinors[static_cast<std::size_t>(kind_)]); }

std::uint32_t CharacterDevice::poll() {
  // random_poll(): only what waits for entropy could be written to.
  if (kind_ == Kind::random) return EPOLLIN | EPOLLRDNORM;
  return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
}

Result<std::size_t> CharacterDevice::read(std::span<const iovec> parts) {
  if (access_mode_ == O_WRONLY) return Failure{EBADF};
  if (kind_ == Kind::null) return std::size_t{0};
  const std::size_t wanted = total_size(parts);
  const std::size_t given = writable(parts, wanted);
  if (given == 0 && wanted > 0) return Failure{EFAULT};
  std::size_t left = given;
  for (const iovec& part : parts) {
    const std::size_t chunk = std::min(part.iov_len, left);
    left -= chunk;
    if (chunk == 0) continue;
    if (kind_ == Kind::zero) {
      std::memset(part.iov_base, 0, chunk);
    } else {
      host().entropy().fill({static_cast<unsigned char*>(part.iov_base), chunk});
    }
  }
  return given;
}

Result<std::size_t> CharacterDevice::write(std::span<const iovec> parts) {
  if (access_mode_ == O_RDONLY) return Failure{EBADF};
  const std::size_t wanted = total_size(parts);
  if (kind_ == Kind::null || kind_ == Kind::zero || wanted == 0) return wanted;
  // write_pool_user() in Linux's drivers/char/random.c reads what it is given.
  const std::size_t taken = readable(parts, wanted);
  if (taken == 0) return Failure{EFAULT};
  return taken;
}

}  // namespace stillpoint::kernel
