// eventfd(2).
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::string write(int fd, std::uint64_t value) { return result(::write(fd, &value, sizeof value)); }

std::string read(int fd) {
  std::uint64_t value = 0;
  const ssize_t got = ::read(fd, &value, sizeof value);
  return got < 0 ? result(got) : std::to_string(value);
}

void counter(World& w) {
  const int fd = w.eventfd(5);
  w.note("ready", w.ready(fd));
  w.note("write", write(fd, 3));
  w.note("read", read(fd));
  w.note("read again", read(fd));
  w.note("ready after", w.ready(fd));
  w.note("write nothing", write(fd, 0));
  w.note("read nothing", read(fd));
}

void semaphore(World& w) {
  const int fd = w.eventfd(2, EFD_SEMAPHORE);
  w.note("take", read(fd));
  w.note("take another", read(fd));
  w.note("take a third", read(fd));
  w.note("give", write(fd, 1));
  w.note("take it", read(fd));
}

void overflow(World& w) {
  const int fd = w.eventfd();
  w.note("the forbidden value", write(fd, UINT64_MAX));
  w.note("the largest", write(fd, UINT64_MAX - 1));
  w.note("ready", w.ready(fd));
  w.note("one more", write(fd, 1));
  w.note("nothing more", write(fd, 0));
  w.note("read", read(fd));
  w.note("ready after", w.ready(fd));
}

void sizes(World& w) {
  const int fd = w.eventfd(1);
  char bytes[16] = {};
  w.note("read seven", result(::read(fd, bytes, 7)));
  w.note("write seven", result(::write(fd, bytes, 7)));
  w.note("read sixteen", result(::read(fd, bytes, 16)));
  w.note("unknown flag", result(::eventfd(0, 4)));
}

void library_calls(World& w) {
  const int fd = w.eventfd();
  w.note("write", result(eventfd_write(fd, 9)));
  eventfd_t value = 0;
  w.note("read", result(eventfd_read(fd, &value)));
  w.note("value", std::to_string(value));
  w.note("read again", result(eventfd_read(fd, &value)));
}

void shared_by_duplicates(World& w) {
  const int fd = w.eventfd();
  const int copy = w.keep(dup(fd));
  write(fd, 4);
  w.note("read the copy", read(copy));
  w.note("read the first", read(fd));
}

constexpr Case kCases[] = {{"a counter", counter},
                           {"a semaphore", semaphore},
                           {"overflow", overflow},
                           {"sizes", sizes},
                           {"eventfd_read and eventfd_write", library_calls},
                           {"shared by duplicates", shared_by_duplicates}};

const Suite kSuite("eventfd", kCases);

}  // namespace

}  // namespace stillpoint::test
