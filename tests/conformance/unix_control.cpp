// unix(7): what travels beside the bytes. Descriptors (SCM_RIGHTS) and credentials (SCM_CREDENTIALS).
#include <fcntl.h>
#include <sys/eventfd.h>

#include <array>
#include <thread>

#include "tests/conformance/unix.hpp"

namespace stillpoint::test {
namespace {

using namespace unix_domain;

// A control buffer, put together message by message.
struct Control {
  alignas(cmsghdr) std::array<char, 2048> bytes{};
  std::size_t size = 0;
  void add(int level, int type, const void* data, std::size_t length) {
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(length);
    header.cmsg_level = level;
    header.cmsg_type = type;
    std::memcpy(bytes.data() + size, &header, sizeof header);
    if (length > 0) std::memcpy(bytes.data() + size + CMSG_LEN(0), data, length);
    size += CMSG_SPACE(length);
  }
  void files(std::initializer_list<int> fds) { add(SOL_SOCKET, SCM_RIGHTS, fds.begin(), fds.size() * sizeof(int)); }
  void credentials(const ucred& given) { add(SOL_SOCKET, SCM_CREDENTIALS, &given, sizeof given); }
};

std::string send(int fd, std::string_view bytes, const Control& control, int flags = MSG_NOSIGNAL) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = const_cast<char*>(control.bytes.data());
  message.msg_controllen = control.size;
  return result(::sendmsg(fd, &message, flags));
}

std::string send_files(int fd, std::string_view bytes, std::initializer_list<int> fds) {
  Control control;
  control.files(fds);
  return send(fd, bytes, control);
}

ucred own() { return {getpid(), getuid(), getgid()}; }

// What came, in words; `files` are the descriptors, which the world keeps.
struct Received {
  std::string text;
  std::vector<int> files;
};

Received receive(World& w, int fd, std::size_t most = 4096, std::size_t room = 1024, int flags = 0) {
  std::string bytes(most, '\0');
  alignas(cmsghdr) std::array<char, 2048> control{};
  iovec part{bytes.data(), most};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room > 0 ? control.data() : nullptr;
  message.msg_controllen = room;
  const ssize_t got = ::recvmsg(fd, &message, flags);
  Received received;
  if (got < 0) {
    received.text = result(got);
    return received;
  }
  bytes.resize(static_cast<std::size_t>(got));
  received.text = '"' + bytes + '"';
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    received.text += header->cmsg_level == SOL_SOCKET ? "" : " of another level";
    const std::size_t size = header->cmsg_len - CMSG_LEN(0);
    if (header->cmsg_type == SCM_RIGHTS) {
      for (std::size_t i = 0; i < size / sizeof(int); ++i) {
        int file = -1;
        std::memcpy(&file, CMSG_DATA(header) + i * sizeof file, sizeof file);
        received.files.push_back(w.keep(file));
      }
      received.text += " files " + std::to_string(received.files.size());
    } else if (header->cmsg_type == SCM_CREDENTIALS) {
      ucred given{};
      std::memcpy(&given, CMSG_DATA(header), std::min(size, sizeof given));
      const bool whole = size == sizeof given;
      const bool mine = given.pid == getpid() && given.uid == getuid() && given.gid == getgid();
      received.text += !whole ? " credentials cut to " + std::to_string(size) : mine ? " mine" : " of others";
    }
  }
  received.text += " control " + std::to_string(message.msg_controllen);
  if ((message.msg_flags & MSG_CTRUNC) != 0) received.text += " CTRUNC";
  if ((message.msg_flags & MSG_TRUNC) != 0) received.text += " TRUNC";
  return received;
}

std::string take(int fd) {
  eventfd_t value = 0;
  return eventfd_read(fd, &value) == 0 ? std::to_string(value) : result(-1);
}

void a_file(World& w) {
  const Ends p(w);
  const int event = w.eventfd(5);
  w.note("send", send_files(p.a, "x", {event}));
  w.note("close here", w.close(event));
  const Received got = receive(w, p.b);
  w.note("receive", got.text);
  w.note("it is the file", got.files.size() == 1 ? take(got.files[0]) : "none");
  w.note("flags", result(fcntl(got.files.at(0), F_GETFD)));
}

void several_files(World& w) {
  const Ends p(w, SOCK_DGRAM);
  const int one = w.eventfd(1);
  const int two = w.eventfd(2);
  w.note("send", send_files(p.a, "two", {one, two, one}));
  const Received got = receive(w, p.b, 4096, 1024, MSG_CMSG_CLOEXEC);
  w.note("receive", got.text);
  w.note("in their order", take(got.files.at(1)) + ", " + take(got.files.at(0)) + ", " + take(got.files.at(2)));
  w.note("flags", result(fcntl(got.files.at(2), F_GETFD)));
  Control twice;
  twice.files({one});
  twice.files({two});
  w.note("in two messages", send(p.a, "x", twice));
  w.note("come as one", receive(w, p.b).text);
}

void files_divide_a_stream(World& w) {
  const Ends p(w);
  const int event = w.eventfd();
  w.send(p.a, "before ");
  send_files(p.a, "with one ", {event});
  send_files(p.a, "with another ", {event});
  w.send(p.a, "after ");
  w.send(p.a, "that");
  for (int i = 0; i < 4; ++i) w.note("receive", receive(w, p.b).text);
}

void files_come_with_the_first_byte(World& w) {
  const Ends p(w);
  send_files(p.a, "hello", {w.eventfd()});
  w.note("part", receive(w, p.b, 2).text);
  w.note("the rest", receive(w, p.b).text);
  w.note("of nothing, nothing is sent", send_files(p.a, "", {w.eventfd()}) + ", " + receive(w, p.b).text);
}

void no_room(World& w) {
  const Ends p(w, SOCK_SEQPACKET);
  const int event = w.eventfd();
  for (const std::size_t room : {std::size_t{0}, sizeof(cmsghdr) - 1, sizeof(cmsghdr), CMSG_LEN(4), CMSG_SPACE(4),
                                 CMSG_LEN(12), CMSG_SPACE(12)}) {
    send_files(p.a, "x", {event, event, event});
    w.note("room of " + std::to_string(room), receive(w, p.b, 4096, room).text);
  }
}

void lost_files(World& w) {
  const Ends p(w);
  const Ends inner(w);
  send_files(p.a, "x", {inner.b});
  w.close(inner.b);
  w.note("on its way it is open", w.ready(inner.a));
  w.note("read without asking for it", w.receive(p.b));
  w.note("so it is closed", w.ready(inner.a));
  const Ends second(w);
  send_files(p.a, "x", {second.b});
  w.close(second.b);
  w.close(p.b);
  w.note("closed with the receiver", w.ready(second.a));
}

void peeked_files(World& w) {
  const Ends p(w);
  const int event = w.eventfd(7);
  send_files(p.a, "x", {event});
  const Received first = receive(w, p.b, 4096, 1024, MSG_PEEK);
  w.note("peek", first.text);
  const Received second = receive(w, p.b);
  w.note("receive", second.text);
  w.note("two descriptors", first.files.at(0) != second.files.at(0));
  w.note("of one file", take(second.files.at(0)) + ", " + take(first.files.at(0)));
}

void wrong_control(World& w) {
  const Ends p(w);
  w.note("no descriptor", send_files(p.a, "x", {9'999}));
  Control none;
  none.files({});
  w.note("of none", send(p.a, "x", none) + ", " + receive(w, p.b).text);
  Control unknown;
  unknown.add(SOL_SOCKET, 77, "abcd", 4);
  w.note("unknown", send(p.a, "x", unknown));
  Control other;
  other.add(IPPROTO_IP, 77, "abcd", 4);
  w.note("of another level", send(p.a, "x", other) + ", " + receive(w, p.b).text);
  Control cut;
  cut.files({p.a});
  cut.size = sizeof(cmsghdr) + 2;
  w.note("longer than the buffer", send(p.a, "x", cut));
  cut.size = sizeof(cmsghdr) - 1;
  w.note("no header", send(p.a, "x", cut) + ", " + receive(w, p.b).text);
  Control few;
  few.add(SOL_SOCKET, SCM_CREDENTIALS, "abcd", 4);
  w.note("too little for credentials", send(p.a, "x", few));
  Control many;
  std::array<int, 254> fds;
  fds.fill(p.a);
  many.add(SOL_SOCKET, SCM_RIGHTS, fds.data(), sizeof fds);
  w.note("too many", send(p.a, "x", many));
}

void a_connection_passed_on(World& w) {
  const Ends p(w);
  const auto [user, server] = w.connected();
  send_files(p.a, "x", {server});
  w.close(server);
  w.send(user, "hello");
  w.settle();
  const Received got = receive(w, p.b);
  const int passed = got.files.at(0);
  w.note("read", w.receive(passed));
  w.note("answer", w.send(passed, "back"));
  w.settle();
  w.note("arrived", w.receive(user));
}

void a_listener_passed_on(World& w) {
  const Ends p(w);
  const int listener = listening(w, abstract("passed"));
  send_files(p.a, "x", {listener});
  w.close(listener);
  w.note("connect while it is on its way", connect(make(w), abstract("passed")));
  const Received got = receive(w, p.b);
  w.note("accept", w.accept(got.files.at(0)));
}

void credentials(World& w) {
  const Ends p(w, SOCK_DGRAM);
  w.send(p.a, "before it is asked for");
  w.note("ask", w.set(p.b, SOL_SOCKET, SO_PASSCRED, 5) + ", " + w.get(p.b, SOL_SOCKET, SO_PASSCRED));
  w.note("of before", receive(w, p.b).text);
  w.send(p.a, "after");
  w.note("of after", receive(w, p.b).text);
  Control given;
  given.credentials(own());
  w.note("given", send(p.a, "given", given) + ", " + receive(w, p.b).text);
  w.send(p.a, "x");
  w.note("no room", receive(w, p.b, 4096, 0).text);
  w.send(p.a, "x");
  w.note("too little", receive(w, p.b, 4096, sizeof(cmsghdr) + 5).text);
  w.send(p.a, "x");
  w.note("exactly", receive(w, p.b, 4096, CMSG_LEN(sizeof(ucred))).text);
  Control both;
  both.files({p.a});
  both.credentials(own());
  w.note("with a file", send(p.a, "both", both) + ", " + receive(w, p.b).text);
  w.set(p.b, SOL_SOCKET, SO_PASSCRED, 0);
  w.note("not asked for", send(p.a, "x", given) + ", " + receive(w, p.b).text);
}

void credentials_divide_a_stream(World& w) {
  const Ends p(w);
  Control given;
  given.credentials(own());
  w.send(p.a, "none ");
  w.send(p.a, "none ");
  send(p.a, "given ", given);
  send(p.a, "given ", given);
  w.note("unasked they are one", receive(w, p.b, 4096, 1024, MSG_PEEK).text);
  w.set(p.b, SOL_SOCKET, SO_PASSCRED, 1);
  w.note("asked", receive(w, p.b).text);
  w.note("then", receive(w, p.b).text);
}

void asking_gives_a_name(World& w) {
  const int listener = listening(w, abstract("named"));
  const int user = make(w);
  w.set(user, SOL_SOCKET, SO_PASSCRED, 1);
  w.note("no name yet", local(user));
  connect(user, abstract("named"));
  w.note("a name by connecting", local(user).size() == std::string("@00000").size());
  w.accept(listener);
  const int datagram = make(w, SOCK_DGRAM);
  w.set(datagram, SOL_SOCKET, SO_PASSCRED, 1);
  send_to(datagram, "x", abstract("nobody"));
  w.note("and by sending", local(datagram).size() == std::string("@00000").size());
}

std::string peer_of(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return result(-1);
  if (peer.pid == 0) return "nobody " + std::to_string(static_cast<int>(peer.uid));
  return peer.pid == getpid() && peer.uid == getuid() && peer.gid == getgid() ? "mine" : "others";
}

void peers(World& w) {
  const Ends p(w);
  w.note("pair", peer_of(p.a));
  w.note("pair of datagrams", peer_of(Ends(w, SOCK_DGRAM).a));
  const int listener = listening(w, abstract("peers"));
  const int user = make(w);
  w.note("fresh", peer_of(user));
  w.note("listener", peer_of(listener));
  connect(user, abstract("peers"));
  w.accept(listener);
  w.note("connected", peer_of(user) + ", " + peer_of(w.last()));
  w.close(w.last());
  w.note("closed", peer_of(user));
  ucred part{};
  socklen_t length = sizeof(pid_t);
  w.note("part of it", result(getsockopt(p.a, SOL_SOCKET, SO_PEERCRED, &part, &length)));
  w.note("is as much as asked for", length == sizeof(pid_t) && part.pid == getpid());
}

void waited_for(World& w) {
  const Ends p(w, SOCK_STREAM, 0);
  const int event = w.eventfd(3);
  std::thread sender([&] {
    w.pass(20ms);
    send_files(p.a, "late", {event});
  });
  const Received got = receive(w, p.b);
  sender.join();
  w.note("received", got.text);
  w.note("it is the file", take(got.files.at(0)));
}

// More bytes than fit at once: the file comes once, with the first of them.
void with_many_bytes(World& w) {
  const Ends p(w, SOCK_STREAM, 0);
  const int event = w.eventfd(3);
  std::string sent;
  std::thread sender([&] {
    sent = send_files(p.a, std::string(1'000'000, 'x'), {event});
    w.shutdown(p.a, SHUT_WR);
  });
  std::size_t files = 0;
  std::size_t bytes = 0;
  bool first = false;
  for (;;) {
    const Received got = receive(w, p.b, 50'000);
    const std::size_t size = got.text.find('"', 1) - 1;
    if (size == 0) break;
    if (bytes == 0) first = got.files.size() == 1;
    bytes += size;
    files += got.files.size();
  }
  sender.join();
  w.note("sent", sent);
  w.note("received", std::to_string(bytes));
  w.note("files", std::to_string(files));
  w.note("with the first bytes", first);
}

constexpr Case kCases[] = {{"a file", a_file},
                           {"several files", several_files},
                           {"files divide a stream", files_divide_a_stream},
                           {"files come with the first byte", files_come_with_the_first_byte},
                           {"no room", no_room},
                           {"lost files", lost_files},
                           {"peeked files", peeked_files},
                           {"wrong control", wrong_control},
                           {"a connection passed on", a_connection_passed_on},
                           {"a listener passed on", a_listener_passed_on},
                           {"credentials", credentials},
                           {"credentials divide a stream", credentials_divide_a_stream},
                           {"asking gives a name", asking_gives_a_name},
                           {"peers", peers},
                           {"waited for", waited_for},
                           {"with many bytes", with_many_bytes}};

const Suite kSuite("unix_control", kCases);

}  // namespace

}  // namespace stillpoint::test
