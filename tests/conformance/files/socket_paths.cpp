// Sockets of AF_UNIX whose names are files.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/unix.hpp"

namespace stillpoint::test::files {
namespace {

using unix_domain::Name;

Name named(const std::string& path) { return unix_domain::name_of(path + '\0'); }
int listening(World& w, const std::string& path) {
  const int fd = unix_domain::make(w);
  if (unix_domain::bind(fd, named(path)) != "0" || ::listen(fd, 4) != 0) w.note("listener", result(-1));
  return fd;
}
std::string connecting(World& w, const std::string& path) {
  return unix_domain::connect(unix_domain::make(w), named(path));
}

void a_file_of_its_own_kind(World& w) {
  const int fd = unix_domain::make(w);
  w.notes("bind", {unix_domain::bind(fd, named("s")), type("s"), mode("s"), links("s"), size("s"), names()});
  w.notes("to open it", {opening("s", O_RDONLY), opening("s", O_RDWR | O_CREAT), opening("s", O_PATH)});
  w.notes("without permission", {result(chmod("s", 0)), opening("s", O_RDONLY), result(chmod("s", 0755))});
  w.notes("cut", {result(truncate("s", 0))});
  w.notes("there is one", {unix_domain::bind(unix_domain::make(w), named("s"))});
  w.notes("close leaves it",
          {w.close(fd), type("s"), unix_domain::bind(unix_domain::make(w), named("s")), connecting(w, "s")});
  w.notes("until it is unlinked",
          {result(unlink("s")), connecting(w, "s"), unix_domain::bind(unix_domain::make(w), named("s"))});
}

void unlinked(World& w) {
  const int listener = listening(w, "s");
  const int user = unix_domain::make(w);
  w.notes("connect", {unix_domain::connect(user, named("s")), w.accept(listener)});
  w.notes("unlink", {result(unlink("s")), connecting(w, "s")});
  w.notes("the connection stays", {w.send(user, "text"), w.receive(w.last())});
  const int other = listening(w, "s");
  w.notes("another of that name", {connecting(w, "s"), w.accept(other), w.accept(listener)});
}

void renamed_and_linked(World& w) {
  const int listener = listening(w, "s");
  w.notes("renamed", {result(rename("s", "t")), connecting(w, "s"), connecting(w, "t"), w.accept(listener)});
  w.notes("linked", {result(link("t", "u")), links("t"), connecting(w, "u"), w.accept(listener)});
  symlink("u", "v");
  w.notes("through a link", {connecting(w, "v"), w.accept(listener)});
  mkdir("d", 0755);
  w.notes("in a directory", {result(rename("t", "d/s")), connecting(w, "d/s"), connecting(w, "d/../d//s")});
  w.notes("a file over it", {put("a", "x"), result(rename("a", "u")), connecting(w, "u"), connecting(w, "d/s")});
}

void where_there_is_something(World& w) {
  put("a", "x");
  mkdir("d", 0755);
  symlink("none", "dangling");
  const int fd = unix_domain::make(w);
  w.notes("bind", {unix_domain::bind(fd, named("a")), unix_domain::bind(fd, named("d")),
                   unix_domain::bind(fd, named("dangling")), unix_domain::bind(fd, named("d/"))});
  w.notes("in nothing", {unix_domain::bind(fd, named("no/s")), unix_domain::bind(fd, named("a/s")),
                         unix_domain::bind(fd, named("new/"))});
  w.notes("connect", {connecting(w, "a"), connecting(w, "d"), connecting(w, "dangling"), connecting(w, "a/s"),
                      connecting(w, "no/s")});
  w.notes("still it can be bound", {unix_domain::bind(fd, named("d/s")), names("d"), names()});
}

void permissions(World& w) {
  const int listener = listening(w, "s");
  w.notes("may be written", {connecting(w, "s"), w.accept(listener)});
  chmod("s", 0400);
  w.notes("may not", {connecting(w, "s"), result(access("s", W_OK))});
  chmod("s", 0200);
  w.note("need not be read", connecting(w, "s"));
  mkdir("d", 0555);
  w.note("in a directory that may not be written", unix_domain::bind(unix_domain::make(w), named("d/s")));
  chmod("d", 0755);
  const int inner = listening(w, "d/s");
  chmod("d", 0600);
  w.notes("in one that may not be searched", {connecting(w, "d/s"), w.accept(inner)});
  umask(077);
  const int masked = unix_domain::make(w);
  w.notes("umask", {unix_domain::bind(masked, named("m")), mode("m")});
}

void by_absolute_path(World& w) {
  const int listener = listening(w, "s");
  w.notes("connect", {connecting(w, w.folder() + "/s"), w.accept(listener)});
  mkdir("d", 0755);
  chdir("d");
  w.notes("from elsewhere", {connecting(w, "s"), connecting(w, "../s"), w.accept(listener)});
  Name named_as{};
  named_as.length = sizeof named_as.address;
  w.notes("its name is as it was given",
          {result(getsockname(listener, reinterpret_cast<sockaddr*>(&named_as.address), &named_as.length)),
           named_as.address.sun_path, std::to_string(named_as.length)});
}

void datagrams(World& w) {
  const int receiver = unix_domain::make(w, SOCK_DGRAM);
  const int sender = unix_domain::make(w, SOCK_DGRAM);
  w.notes("bind", {unix_domain::bind(receiver, named("r")), type("r")});
  w.notes("send", {unix_domain::send_to(sender, "text", named("r")), w.receive(receiver)});
  w.notes("moved", {result(rename("r", "q")), unix_domain::send_to(sender, "more", named("r")),
                    unix_domain::send_to(sender, "more", named("q")), w.receive(receiver)});
  w.notes("to a file", {put("a", "x"), unix_domain::send_to(sender, "text", named("a"))});
  w.notes("unlinked", {result(unlink("q")), unix_domain::send_to(sender, "text", named("q"))});
}

constexpr Case kCases[] = {
    {"a file of its own kind", a_file_of_its_own_kind},
    {"unlinked", unlinked},
    {"renamed and linked", renamed_and_linked},
    {"where there is something", where_there_is_something},
    {"permissions", permissions},
    {"by absolute path", by_absolute_path},
    {"datagrams", datagrams},
};
const Suite suite("files/socket_paths", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
