#pragma once
// The character devices that any program may open: null(4), zero(4), random(4). They are always ready, and have no end.
#include <memory>
#include <string_view>

#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

class CharacterDevice final : public File {
 public:
  // /dev/null, /dev/zero, /dev/random or /dev/urandom, by its number. Null for any other. `flags` are open(2)'s.
  static std::unique_ptr<CharacterDevice> open(Host& host, dev_t device, int flags);

  std::uint32_t poll() override;
  // EBADF for what it was not opened for.
  Result<std::size_t> read(std::span<const iovec> parts) override;
  // All of it is taken. What is written to random is not mixed into the host's stream, whose entropy is the seed.
  Result<std::size_t> write(std::span<const iovec> parts) override;
  int access_mode() const override { return access_mode_; }
  // lseek(2): any position is taken (null_lseek, noop_llseek), and none kept.
  Result<off_t> seek(off_t offset, int whence) override { return seek_nowhere(offset, whence); }
  Result<mode_t> mode() const override { return mode_t{S_IFCHR | 0666}; }
  // Of these only /dev/random has a poll operation (drivers/char/random.c, mem.c).
  bool can_be_watched() const override { return kind_ == Kind::random; }
  dev_t device() const override;

 private:
  enum class Kind : std::uint8_t { null, zero, random, urandom };
  CharacterDevice(Host& host, Kind kind, int access_mode) : File(host), kind_(kind), access_mode_(access_mode) {}

  Kind kind_;
  int access_mode_;
};

}  // namespace stillpoint::kernel
