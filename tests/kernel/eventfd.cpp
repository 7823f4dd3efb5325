#include <poll.h>
#include <sys/eventfd.h>

#include "tests/kernel/machines.hpp"

using namespace stillpoint::test;

namespace {

int make(const Machine& a, unsigned initial, int flags = 0) {
  return static_cast<int>(a([&] { return eventfd(initial, EFD_NONBLOCK | flags); }).value);
}
Outcome write(const Machine& a, int fd, std::uint64_t value) {
  return a([&] { return ::write(fd, &value, sizeof value); });
}
// The value, or minus errno.
std::int64_t read(const Machine& a, int fd) {
  std::uint64_t value = 0;
  const Outcome outcome = a([&] { return ::read(fd, &value, sizeof value); });
  return outcome.error != 0 ? -outcome.error : static_cast<std::int64_t>(value);
}
std::string ready(const Machine& a, int fd) {
  pollfd entry{fd, POLLIN | POLLOUT, 0};
  a([&] { return poll(&entry, 1, 0); });
  return event_names(static_cast<std::uint32_t>(entry.revents));
}

}  // namespace

TEST_CASE("a counter adds what is written, and a read takes it all") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = make(a, 5);
  CHECK(ready(a, fd) == "IN OUT");
  CHECK(write(a, fd, 3) == gives(8));
  CHECK(read(a, fd) == 8);
  CHECK(ready(a, fd) == "OUT");
  CHECK(read(a, fd) == -EAGAIN);
  CHECK(write(a, fd, 0) == gives(8));
  CHECK(read(a, fd) == -EAGAIN);
}

TEST_CASE("a semaphore is taken one at a time") {
  Machines machines;
  const int fd = make(machines.a, 2, EFD_SEMAPHORE);
  CHECK(read(machines.a, fd) == 1);
  CHECK(read(machines.a, fd) == 1);
  CHECK(read(machines.a, fd) == -EAGAIN);
}

TEST_CASE("the counter ends at 2^64-2") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = make(a, 0);
  CHECK(write(a, fd, UINT64_MAX) == fails(EINVAL));
  CHECK(write(a, fd, UINT64_MAX - 1) == gives(8));
  CHECK(ready(a, fd) == "IN");
  CHECK(write(a, fd, 1) == fails(EAGAIN));
  CHECK(static_cast<std::uint64_t>(read(a, fd)) == UINT64_MAX - 1);
  CHECK(write(a, fd, 1) == gives(8));
}

TEST_CASE("fewer than eight bytes are EINVAL") {
  Machines machines;
  const int fd = make(machines.a, 1);
  char bytes[8];
  CHECK(machines.a([&] { return ::read(fd, bytes, 7); }) == fails(EINVAL));
  CHECK(machines.a([&] { return ::write(fd, bytes, 4); }) == fails(EINVAL));
  CHECK(read(machines.a, fd) == 1);
}

TEST_CASE("a blocking read of zero is refused") {
  Machines machines;
  const int fd = static_cast<int>(machines.a([] { return eventfd(0, 0); }).value);
  static std::uint64_t value;
  CHECK_THAT(machines.a.refusal([fd] { return ::read(fd, &value, sizeof value); }),
             Catch::StartsWith("read (it would block"));
}
