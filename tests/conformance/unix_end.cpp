// The end of a local connection: what becomes of what was not read, who is told, and how often.
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/conformance/unix.hpp"

namespace stillpoint::test {
namespace {

using namespace unix_domain;

void unread_at_close(World& w, int type) {
  const Ends ends(w, type);
  w.send(ends.a, "unread");
  w.send(ends.b, "to be read");
  w.note("close", w.close(ends.b));
  w.note("ready", w.ready(ends.a));
  w.note("receive", w.receive(ends.a, 2));
  w.note("ready then", w.ready(ends.a));
  w.note("receive the rest", w.receive(ends.a));
  w.note("receive again", w.receive(ends.a));
  w.note("the end", w.receive(ends.a));
  w.note("send", w.send(ends.a, "x"));
}
void unread_of_a_stream(World& w) { unread_at_close(w, SOCK_STREAM); }
void unread_of_packets(World& w) { unread_at_close(w, SOCK_SEQPACKET); }

void read_in_part(World& w) {
  const Ends ends(w);
  w.send(ends.a, "hello");
  w.note("a part", w.receive(ends.b, 2));
  w.close(ends.b);
  w.note("receive", w.receive(ends.a));
  const Ends others(w);
  w.send(others.a, "hello");
  w.note("all", w.receive(others.b));
  w.close(others.b);
  w.note("receive then", w.receive(others.a));
  const Ends peeked(w);
  w.send(peeked.a, "hello");
  w.note("peek", w.receive(peeked.b, 9, MSG_PEEK));
  w.close(peeked.b);
  w.note("receive at last", w.receive(peeked.a));
}

// Who wants all looks for an error while there are bytes to tell of, and nobody hears of it any more.
void error_that_nobody_hears_of(World& w) {
  for (const int flags : std::initializer_list<int>{0, MSG_WAITALL, MSG_WAITALL | MSG_PEEK}) {
    const Ends ends(w);
    w.send(ends.a, "unread");
    w.send(ends.b, "hello");
    w.send(ends.b, "world");
    w.close(ends.b);
    w.note("ready", w.ready(ends.a));
    w.note("as many as there are", w.receive(ends.a, 5, flags));
    w.note("ready still", w.ready(ends.a));
    w.note("more than there are", w.receive(ends.a, 20, flags));
    w.note("ready then", w.ready(ends.a));
    w.note("receive", w.receive(ends.a));
    w.note("receive again", w.receive(ends.a));
  }
}

// A message of none at the head is taken for what urgent data leaves behind.
void messages_of_none(World& w) {
  for (const int more : {0, 1, 2}) {
    const Ends ends(w, SOCK_SEQPACKET);
    w.note("send none", w.send(ends.a, ""));
    for (int i = 0; i < more; ++i) w.send(ends.a, i == 0 ? "" : "x");
    w.note("ready", w.ready(ends.b));
    w.note("close", w.close(ends.b));
    w.note("receive", w.receive(ends.a));
    w.note("receive again", w.receive(ends.a));
  }
  const Ends stream(w);
  w.note("none into a stream", w.send(stream.a, ""));
  w.note("it is not there", w.ready(stream.b));
  w.close(stream.b);
  w.note("none to nobody", w.send(stream.a, ""));
}

void end_before_it_is_accepted(World& w) {
  const int listener = listening(w, abstract("end"));
  const int speaking = make(w);
  const int silent = make(w);
  const int patient = make(w);
  for (const int fd : {speaking, silent, patient}) w.note("connect", connect(fd, abstract("end")));
  w.note("send", w.send(speaking, "hello"));
  w.close(speaking);
  w.close(silent);
  w.note("accept", w.accept(listener));
  w.note("receive", w.receive(w.last()));
  w.note("the end", w.receive(w.last()));
  w.note("accept again", w.accept(listener));
  w.note("receive then", w.receive(w.last()));
  w.note("close", w.close(listener));
  w.note("ready", w.ready(patient));
  w.note("receive at last", w.receive(patient));
  w.note("and then", w.receive(patient));
}

// Bytes travel in messages of at most 36,544; the room that one takes comes back when all of it was read.
void pieces_of_a_stream(World& w) {
  const Ends ends(w);
  w.send(ends.a, std::string(60'000, 'x'));
  const auto unsent = [&] {
    int bytes = 0;
    ioctl(ends.a, SIOCOUTQ, &bytes);
    return bytes;
  };
  const int all = unsent();
  std::string room(36'543, '\0');
  w.note("read", result(::recv(ends.b, room.data(), room.size(), 0)));
  w.note("all is charged", unsent() == all);
  w.note("one byte more", result(::recv(ends.b, room.data(), 1, 0)));
  w.note("a piece is free", unsent() < all && unsent() > 0);
  w.note("the rest", result(::recv(ends.b, room.data(), room.size(), 0)));
  w.note("nothing is left", unsent() == 0);
}

void names_of_a_bound_socket(World& w) {
  const int first = make(w);
  const int second = make(w);
  w.note("bind", bind(first, abstract("first")));
  w.note("taken", bind(second, abstract("first")));
  w.note("bind again", bind(first, abstract("other")));
  w.note("the same again", bind(first, abstract("first")));
  w.note("a path", bind(first, at_path("end")));
  w.note("bind to a path", bind(second, at_path("end")));
  w.note("the same path", bind(second, at_path("end")));
  w.note("another path", bind(second, at_path("other-end")));
  w.note("abstract", bind(second, abstract("second")));
  unlink(path("end").c_str());
  w.note("it was made", result(unlink(path("other-end").c_str())));
}

constexpr Case kCases[] = {{"unread of a stream", unread_of_a_stream},
                           {"unread of packets", unread_of_packets},
                           {"read in part", read_in_part},
                           {"an error that nobody hears of", error_that_nobody_hears_of},
                           {"messages of none", messages_of_none},
                           {"the end before it is accepted", end_before_it_is_accepted},
                           {"pieces of a stream", pieces_of_a_stream},
                           {"names of a bound socket", names_of_a_bound_socket}};

const Suite kSuite("unix_end", kCases);

}  // namespace
}  // namespace stillpoint::test
