// random(4), null(4), getrandom(2): devices and what is wrong with a request. The bytes themselves differ, rightly.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::string open_and_note(World& w, const char* path, int flags) {
  const int fd = open(path, flags);
  return fd < 0 ? result(fd) : (w.keep(fd), "fd");
}

void null_and_zero(World& w) {
  for (const char* path : {"/dev/null", "/dev/zero"}) {
    const int fd = w.keep(open(path, O_RDWR));
    char bytes[4] = {'a', 'b', 'c', 'd'};
    w.note("read", result(read(fd, bytes, 3)));
    w.note("bytes", std::string(bytes, 4) == "abcd" ? "untouched" : bytes[0] == 0 && bytes[3] == 'd' ? "zero" : "?");
    w.note("write", result(write(fd, bytes, 4)));
    w.note("ready", w.ready(fd));
    w.note("epoll", w.add(w.epoll(), fd, EPOLLIN, 1));
  }
}

void random_devices(World& w) {
  for (const char* path : {"/dev/random", "/dev/urandom"}) {
    const int fd = w.keep(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    unsigned char bytes[64] = {};
    w.note("read", result(read(fd, bytes, sizeof bytes)));
    int zeros = 0;
    for (const unsigned char byte : bytes) zeros += byte == 0;
    w.note("they are random", zeros < 32);
    w.note("write", result(write(fd, bytes, 4)));
    w.note("ready", w.ready(fd));
    const int epoll = w.epoll();
    w.note("epoll", w.add(epoll, fd, EPOLLIN, 1));
    w.note("events", w.events(epoll));
    w.note("mode", std::to_string(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK)));
  }
}

void access_modes(World& w) {
  char byte = 'x';
  w.note("open to write", open_and_note(w, "/dev/null", O_WRONLY));
  const int writer = w.keep(open("/dev/null", O_WRONLY));
  w.note("read", result(read(writer, &byte, 1)));
  w.note("write", result(write(writer, &byte, 1)));
  const int reader = w.keep(openat(AT_FDCWD, "/dev/zero", O_RDONLY));
  w.note("write of a reader", result(write(reader, &byte, 1)));
  w.note("read of a reader", result(read(reader, &byte, 1)));
  w.note("as a directory", open_and_note(w, "/dev/null", O_RDONLY | O_DIRECTORY));
  w.note("exclusively", open_and_note(w, "/dev/null", O_RDWR | O_CREAT | O_EXCL));
  w.note("to create", open_and_note(w, "/dev/null", O_RDWR | O_CREAT | O_TRUNC));
}

void several_parts(World& w) {
  const int fd = w.keep(open("/dev/zero", O_RDWR));
  char first[3] = {'a', 'b', 'c'};
  char second[2] = {'d', 'e'};
  const iovec parts[] = {{first, 2}, {nullptr, 0}, {second, 2}};
  w.note("readv", result(readv(fd, parts, 3)));
  w.note("within", first[0] == 0 && first[1] == 0 && first[2] == 'c' && second[1] == 0);
  w.note("writev", result(writev(fd, parts, 3)));
}

void requests(World& w) {
  unsigned char bytes[300] = {};
  w.note("getrandom", result(getrandom(bytes, sizeof bytes, 0)));
  w.note("of nothing", result(getrandom(bytes, 0, 0)));
  w.note("random", result(getrandom(bytes, 16, GRND_RANDOM | GRND_NONBLOCK)));
  w.note("insecure", result(getrandom(bytes, 16, GRND_INSECURE)));
  w.note("both", result(getrandom(bytes, 16, GRND_INSECURE | GRND_RANDOM)));
  w.note("unknown flag", result(getrandom(bytes, 16, 0x80)));
  unsigned char* volatile null = nullptr;
  w.note("to nowhere", result(getrandom(null, 16, 0)));
  w.note("getentropy", result(getentropy(bytes, 256)));
  w.note("too much", result(getentropy(bytes, 257)));
}

constexpr Case kCases[] = {{"null and zero", null_and_zero},
                           {"random and urandom", random_devices},
                           {"access modes of devices", access_modes},
                           {"a device read in parts", several_parts},
                           {"requests for entropy", requests}};

const Suite kSuite("entropy", kCases);

}  // namespace

}  // namespace stillpoint::test
