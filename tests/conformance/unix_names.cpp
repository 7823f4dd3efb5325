// unix(7): names of sockets.
#include <cstdio>

#include "tests/conformance/unix.hpp"

namespace stillpoint::test {
namespace {

using namespace unix_domain;

void paths(World& w) {
  ::unlink(path("one").c_str());
  const int listener = make(w);
  w.note("bind", bind(listener, at_path("one")));
  w.note("name", local(listener));
  w.note("bind again", bind(listener, at_path("two")));
  w.note("to the same", bind(listener, at_path("one")));
  w.note("another", bind(make(w), at_path("one")));
  w.note("not listening", connect(make(w), at_path("one")));
  w.note("listen", result(::listen(listener, 4)));
  const int user = make(w);
  w.note("connect", connect(user, at_path("one")));
  w.note("peer", remote(user));
  w.accept(listener);
  w.note("accepted", local(w.last()) + ", " + remote(w.last()));
  w.note("of another type", connect(make(w, SOCK_DGRAM), at_path("one")));
  w.note("close", w.close(listener));
  w.note("nobody is there", connect(make(w), at_path("one")));
  w.note("but the path", bind(make(w), at_path("one")));
  w.note("unlink", result(::unlink(path("one").c_str())));
  w.note("unlink again", result(::unlink(path("one").c_str())));
  w.note("no path", connect(make(w), at_path("one")));
  w.note("the connection lives", w.send(user, "x") + ", " + w.receive(w.last()));
  w.note("with its name", remote(user));
}

void unlinked_while_open(World& w) {
  ::unlink(path("open").c_str());
  const int first = listening(w, at_path("open"));
  w.note("unlink", result(::unlink(path("open").c_str())));
  w.note("name", local(first));
  w.note("connect", connect(make(w), at_path("open")));
  const int second = listening(w, at_path("open"));
  w.note("the second is found", connect(make(w), at_path("open")) + ", " + w.accept(second));
  w.note("the first is not", w.accept(first));
  w.close(first);
  w.note("the second stays", connect(make(w), at_path("open")));
  w.note("remove", result(::remove(path("open").c_str())));
}

void lengths(World& w) {
  ::unlink(path("length").c_str());
  const int fd = make(w);
  Name name = at_path("length");
  name.length = sizeof name.address;  // with all the zeros
  w.note("bind", bind(fd, name));
  w.note("name", local(fd));
  ::unlink(path("length").c_str());
  name = at_path("length");
  --name.length;  // without its zero
  const int other = make(w);
  w.note("bind", bind(other, name));
  w.note("name", local(other));
  sockaddr_un cut{};
  socklen_t length = 5;
  w.note("cut off", result(getsockname(other, reinterpret_cast<sockaddr*>(&cut), &length)));
  w.note("says how long it is", length == name.length + 1);
  w.note("three bytes of it", std::string(cut.sun_path, 4) == std::string("/tm\0", 4));
  ::unlink(path("length").c_str());
}

void longest(World& w) {
  std::string longest = path("");
  longest.resize(sizeof(sockaddr_un::sun_path), 'p');
  ::unlink(longest.c_str());
  const int fd = make(w);
  w.note("bind", bind(fd, name_of(longest)));
  char room[sizeof(sockaddr_un) + 8] = {};
  socklen_t length = sizeof room;
  getsockname(fd, reinterpret_cast<sockaddr*>(room), &length);
  w.note("one more than the structure", length == sizeof(sockaddr_un) + 1);
  w.note("unlink", result(::unlink(longest.c_str())));
}

void abstract_names(World& w) {
  const int fd = make(w);
  w.note("bind", bind(fd, abstract("x")));
  w.note("name", local(fd));
  w.note("bind again", bind(fd, abstract("y")));
  w.note("another", bind(make(w), abstract("x")));
  w.note("of another type", bind(make(w, SOCK_DGRAM), abstract("x")));
  Name longer = abstract("x");
  ++longer.length;
  const int with_zero = make(w);
  w.note("a zero more is another name", bind(with_zero, longer) + ", " + local(with_zero));
  w.note("close", w.close(fd));
  w.note("it is free", bind(make(w), abstract("x")));
  w.note("nobody", connect(make(w), abstract("nobody")));
}

void chosen_by_the_kernel(World& w) {
  const int a = make(w, SOCK_DGRAM);
  const int b = make(w, SOCK_DGRAM);
  Name none = name_of("");
  w.note("bind", bind(a, none) + ", " + bind(b, none));
  sockaddr_un name_a{}, name_b{};
  socklen_t length = sizeof name_a;
  getsockname(a, reinterpret_cast<sockaddr*>(&name_a), &length);
  w.note("length", std::to_string(length));
  w.note("abstract", name_a.sun_path[0] == '\0');
  w.note("five digits",
         std::string_view(name_a.sun_path + 1, 5).find_first_not_of("0123456789abcdef") == std::string_view::npos);
  getsockname(b, reinterpret_cast<sockaddr*>(&name_b), &length);
  w.note("different", std::memcmp(&name_a, &name_b, sizeof name_a) != 0);
  w.note("bind again", bind(a, none));
  w.note("to a name", bind(a, abstract("later")));
  Name found;
  found.address = name_b;
  found.length = length;
  w.note("send to it", send_to(a, "hello", found) + ", " + w.receive(b));
}

void nonsense(World& w) {
  const int fd = make(w);
  Name name = abstract("x");
  name.length = 1;
  w.note("a byte", bind(fd, name) + ", " + connect(fd, name));
  name.length = 0;
  w.note("nothing", bind(fd, name) + ", " + connect(fd, name));
  name.length = sizeof(sockaddr_un) + 1;
  w.note("too long", bind(fd, name) + ", " + connect(fd, name));
  w.note("connect to no name", connect(fd, name_of("")));
  name = abstract("x");
  name.address.sun_family = AF_INET;
  w.note("of another family", bind(fd, name) + ", " + connect(fd, name));
  w.note("still unnamed", local(fd));
  w.note("unlink nothing", result(::unlink(path("nothing").c_str())));
}

void peer_names(World& w) {
  const int listener = listening(w, abstract("peer"));
  const int user = make(w);
  bind(user, abstract("user"));
  connect(user, abstract("peer"));
  sockaddr_un from{};
  socklen_t length = sizeof from;
  const int server = w.keep(::accept(listener, reinterpret_cast<sockaddr*>(&from), &length));
  w.note("accepted from", shown(from, length));
  w.send(user, "x");
  w.note("recvfrom shows it", receive_from(server));
  w.send(server, "y");
  w.note("and the listener's", receive_from(user));
  const int unnamed = make(w);
  connect(unnamed, abstract("peer"));
  length = sizeof from;
  const int other = w.keep(::accept(listener, reinterpret_cast<sockaddr*>(&from), &length));
  w.note("accepted from", shown(from, length));
  w.send(unnamed, "z");
  w.note("of nobody", receive_from(other));
}

void late_name(World& w) {
  const int listener = listening(w, abstract("late"));
  const int user = make(w);
  connect(user, abstract("late"));
  w.accept(listener);
  w.note("no name yet", remote(w.last()));
  w.note("bind while connected", bind(user, abstract("me")));
  w.note("named", remote(w.last()));
}

constexpr Case kCases[] = {{"paths", paths},
                           {"unlinked while open", unlinked_while_open},
                           {"lengths", lengths},
                           {"the longest", longest},
                           {"abstract names", abstract_names},
                           {"chosen by the kernel", chosen_by_the_kernel},
                           {"nonsense", nonsense},
                           {"names of peers", peer_names},
                           {"a late name", late_name}};

const Suite kSuite("unix_names", kCases);

}  // namespace

}  // namespace stillpoint::test
