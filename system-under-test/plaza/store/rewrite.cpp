#include "system-under-test/plaza/store/rewrite.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "system-under-test/plaza/store/sqlite.hpp"

namespace plaza {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& file) : number_(::open(file.c_str(), O_RDWR | O_CLOEXEC)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

[[noreturn]] void fail(const char* what) {
  throw StoreError(SQLITE_IOERR, std::string("cannot ") + what + " its log: " + std::strerror(errno));
}

}  // namespace

void rewrite(const std::filesystem::path& file) {
  const Descriptor descriptor(file);
  if (descriptor.number() < 0 && errno == ENOENT) return;
  if (descriptor.number() < 0) fail("open");
  std::vector<char> portion(64 * 1024);
  off_t at = 0;
  for (;;) {
    const ssize_t got = ::pread(descriptor.number(), portion.data(), portion.size(), at);
    if (got < 0) fail("read");
    if (got == 0) break;
    if (::pwrite(descriptor.number(), portion.data(), static_cast<std::size_t>(got), at) != got) fail("write");
    at += got;
  }
  if (::fsync(descriptor.number()) != 0) fail("sync");
}

}  // namespace plaza
