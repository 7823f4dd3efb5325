// Pipes, Unix-domain sockets and standard streams, in what the conformance suite cannot ask: limits, what is refused,
// and that hosts are apart from each other.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/kernel/machines.hpp"

using namespace stillpoint::test;

namespace {

int ends[2];

sockaddr_un named(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}
const sockaddr* any(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

int local_socket(const Machine& machine, int type = SOCK_STREAM) {
  return static_cast<int>(machine([=] { return socket(AF_UNIX, type | SOCK_NONBLOCK, 0); }).value);
}

}  // namespace

TEST_CASE("a broken pipe, or local stream, stops the run where SIGPIPE would be delivered") {
  Machines machines;
  const Machine& a = machines.a;
  CHECK(a([] { return pipe2(ends, O_NONBLOCK); }) == gives(0));
  CHECK(a([] { return close(ends[0]); }) == gives(0));
  CHECK(a.refusal([] { return write(ends[1], "x", 1); }) == "write (SIGPIPE would be delivered)");

  CHECK(a([] { return socketpair(AF_UNIX, SOCK_STREAM, 0, ends); }) == gives(0));
  CHECK(a([] { return close(ends[0]); }) == gives(0));
  CHECK(a.refusal([] { return write(ends[1], "x", 1); }) == "write (SIGPIPE would be delivered)");
  CHECK(a.refusal([] { return send(ends[1], "x", 1, 0); }) == "send (SIGPIPE would be delivered)");
  CHECK(a([] { return send(ends[1], "x", 1, MSG_NOSIGNAL); }) == fails(EPIPE));

  // Packets end without it.
  CHECK(a([] { return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends); }) == gives(0));
  CHECK(a([] { return close(ends[0]); }) == gives(0));
  CHECK(a([] { return write(ends[1], "x", 1); }) == fails(EPIPE));
  CHECK(a([] { return send(ends[1], "x", 1, 0); }) == fails(EPIPE));
}

TEST_CASE("what would block on a pipe or local socket of a driven host is refused") {
  Machines machines;
  const Machine& a = machines.a;
  static char byte;
  CHECK(a([] { return pipe(ends); }) == gives(0));
  CHECK_THAT(a.refusal([] { return read(ends[0], &byte, 1); }), Catch::StartsWith("read (it would block"));
  CHECK(a([] { return socketpair(AF_UNIX, SOCK_DGRAM, 0, ends); }) == gives(0));
  CHECK_THAT(a.refusal([] { return recv(ends[0], &byte, 1, 0); }), Catch::StartsWith("recv (it would block"));
  CHECK(a([] { return recv(ends[0], &byte, 1, MSG_DONTWAIT); }) == fails(EAGAIN));
}

TEST_CASE("what pipes and local sockets do not model is refused") {
  Machines machines;
  const Machine& a = machines.a;
  static char byte;
  CHECK(a.refusal([] { return pipe2(ends, O_DIRECT); }) == "pipe2 (O_DIRECT)");
  CHECK(a([] { return pipe2(ends, O_NONBLOCK); }) == gives(0));
  CHECK(a.refusal([] { return fcntl(ends[1], F_SETFL, O_DIRECT); }) == "fcntl (O_ASYNC, O_DIRECT or O_NOATIME)");
  CHECK(a([] { return socketpair(AF_UNIX, SOCK_STREAM, 0, ends); }) == gives(0));
  CHECK(a.refusal([] { return send(ends[0], "x", 1, MSG_OOB); }) == "send (flags 0x1)");
  CHECK(a.refusal([] { return recv(ends[0], &byte, 1, MSG_WAITALL); }) == "recv (flags 0x100)");
  CHECK(a.refusal([] { return close_range(90, 91, 2); }) == "close_range (CLOSE_RANGE_UNSHARE)");
}

TEST_CASE("a pair of descriptors is made whole or not at all") {
  Machines machines(1, 4);  // room for one beside the standard streams
  const Machine& a = machines.a;
  CHECK(a([] { return pipe(ends); }) == fails(EMFILE));
  CHECK(a([] { return socketpair(AF_UNIX, SOCK_STREAM, 0, ends); }) == fails(EMFILE));
  CHECK(a.socket() == 3);
  CHECK(a([] { return pipe(ends); }) == fails(EMFILE));
}

// poll(2): EINVAL beyond RLIMIT_NOFILE.
TEST_CASE("more entries than there may be descriptors cannot be polled") {
  Machines machines(1, 4);
  static pollfd entries[5];
  for (pollfd& entry : entries) entry.fd = -1;
  CHECK(machines.a([] { return poll(entries, 4, 0); }) == gives(0));
  CHECK(machines.a([] { return poll(entries, 5, 0); }) == fails(EINVAL));
}

TEST_CASE("names of local sockets are their host's alone") {
  Machines machines;
  const sockaddr_un address = named("/run/service");
  for (const Machine* machine : {&machines.a, &machines.b}) {
    const int listener = local_socket(*machine);
    CHECK((*machine)([&] { return bind(listener, any(address), sizeof address); }) == gives(0));
    CHECK((*machine)([&] { return listen(listener, 1); }) == gives(0));
  }
  CHECK(machines.b([] { return unlink("/run/service"); }) == gives(0));
  const int of_a = local_socket(machines.a);
  const int of_b = local_socket(machines.b);
  CHECK(machines.a([&] { return connect(of_a, any(address), sizeof address); }) == gives(0));
  CHECK(machines.b([&] { return connect(of_b, any(address), sizeof address); }) == fails(ENOENT));
}

TEST_CASE("names that the kernel chooses hang on the seed and the host") {
  const auto chosen = [](std::uint64_t seed, bool second) {
    Machines machines(seed);
    const Machine& machine = second ? machines.b : machines.a;
    const int fd = local_socket(machine, SOCK_DGRAM);
    const sockaddr_un none = named("");
    CHECK(machine([&] { return bind(fd, any(none), sizeof(sa_family_t)); }) == gives(0));
    sockaddr_un name{};
    socklen_t length = sizeof name;
    CHECK(machine([&] { return getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length); }) == gives(0));
    return std::string(name.sun_path + 1, 5);
  };
  CHECK(chosen(1, false) == chosen(1, false));
  CHECK(chosen(1, false) != chosen(2, false));
  CHECK(chosen(1, false) != chosen(1, true));
}

TEST_CASE("a host's standard streams are an empty input and two outputs") {
  Machines machines;
  const Machine& a = machines.a;
  char byte = 0;
  CHECK(a([&] { return read(0, &byte, 1); }) == gives(0));
  CHECK(a([&] { return write(0, &byte, 1); }) == fails(EBADF));
  CHECK(a([&] { return read(1, &byte, 1); }) == fails(EBADF));
  CHECK(a([] { return fcntl(0, F_GETFL); }) == gives(O_RDONLY));
  CHECK(a([] { return fcntl(2, F_GETFL); }) == gives(O_WRONLY));
  CHECK(a([] { return isatty(1); }) == gives(0));
  CHECK(a([] { return lseek(0, 5, SEEK_SET); }) == gives(0));
  CHECK(a([] { return lseek(1, 5, SEEK_SET); }) == fails(ESPIPE));
  struct stat status {};
  CHECK(a([&] { return fstat(0, &status); }) == gives(0));
  CHECK(S_ISCHR(status.st_mode));
  CHECK(a([&] { return fstat(1, &status); }) == gives(0));
  CHECK(S_ISFIFO(status.st_mode));
  const int epoll = a.epoll();
  CHECK(a.control(epoll, EPOLL_CTL_ADD, 0, EPOLLIN) == fails(EPERM));
  CHECK(a.control(epoll, EPOLL_CTL_ADD, 1, EPOLLOUT) == gives(0));
  CHECK(a.events(epoll) == "1:OUT");
}

TEST_CASE("a line written by a duplicate is of the stream that it was made from") {
  Machines machines;
  const Machine& a = machines.a;
  CHECK(a([] { return dup2(2, 1); }) == gives(1));
  CHECK(a([] { return write(1, "hello", 5); }) == gives(5));
  CHECK(a([] { return close(2); }) == gives(0));
  CHECK(a([] { return write(2, "lost", 4); }) == fails(EBADF));
  std::vector<std::string> lines;
  for (const Entry& entry : machines.trace.records()) {
    if (entry.header.type == stillpoint::RecordType::log)
      lines.push_back(std::to_string(entry.header.a) + ' ' + entry.payload);
  }
  CHECK(lines == std::vector<std::string>{"2 hello"});
}

TEST_CASE("fstat of what is no socket, pipe or device is refused") {
  Machines machines;
  static struct stat status;
  const int epoll = machines.a.epoll();
  CHECK(machines.a.refusal([epoll] { return fstat(epoll, &status); }) == "fstat (of this kind of file)");
}
