// epoll(7).
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

constexpr std::uint32_t kEdge = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

void give(int fd) { eventfd_write(fd, 1); }
void take(int fd) {
  eventfd_t value;
  eventfd_read(fd, &value);
}

void level(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd();
  w.note("add", w.add(epoll, fd, EPOLLIN, 1));
  w.note("empty", w.events(epoll));
  give(fd);
  w.note("ready", w.events(epoll));
  w.note("still", w.events(epoll));
  take(fd);
  w.note("no more", w.events(epoll));
}

void edge(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd();
  w.add(epoll, fd, EPOLLIN | EPOLLET, 1);
  give(fd);
  w.note("ready", w.events(epoll));
  w.note("once", w.events(epoll));
  give(fd);
  w.note("another edge", w.events(epoll));
  give(fd);
  take(fd);
  w.note("an edge that has gone", w.events(epoll));
}

void edge_both_ways(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd();
  w.add(epoll, fd, EPOLLIN | EPOLLOUT | EPOLLET, 1);
  w.note("added", w.events(epoll));
  w.note("once", w.events(epoll));
  give(fd);
  w.note("given", w.events(epoll));
  take(fd);
  w.note("taken", w.events(epoll));
  w.note("and silent", w.events(epoll));
}

void one_shot(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd(1);
  w.add(epoll, fd, EPOLLIN | EPOLLONESHOT, 1);
  w.note("first", w.events(epoll));
  give(fd);
  w.note("spent", w.events(epoll));
  w.note("armed again", w.modify(epoll, fd, EPOLLIN | EPOLLONESHOT, 2));
  w.note("second", w.events(epoll));
  w.note("spent again", w.events(epoll));
}

void spent_one_shot_hears_no_hang_up(World& w) {
  const auto [user, server] = w.connected();
  const int epoll = w.epoll();
  w.add(epoll, user, EPOLLOUT | EPOLLONESHOT, 1);
  w.note("first", w.events(epoll));
  w.send(user, "never read");
  w.settle();
  w.close(server);
  w.settle();
  w.note("reset", w.events(epoll));
  w.modify(epoll, user, EPOLLONESHOT, 1);
  w.note("armed again", w.events(epoll));
}

void modified(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd(1);
  w.add(epoll, fd, EPOLLIN | EPOLLET, 1);
  w.note("added", w.events(epoll));
  for (int i = 2; i < 4; ++i) {
    w.note("modify", w.modify(epoll, fd, EPOLLIN | EPOLLET, i));
    w.note("again", w.events(epoll));
    w.note("once", w.events(epoll));
  }
  w.modify(epoll, fd, EPOLLOUT, 4);
  w.note("another interest", w.events(epoll));
  w.modify(epoll, fd, 0, 5);
  w.note("no interest", w.events(epoll));
}

void removed(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd(1);
  w.add(epoll, fd, EPOLLIN, 1);
  w.note("remove", w.remove(epoll, fd));
  w.note("silent", w.events(epoll));
  w.note("remove again", w.remove(epoll, fd));
  w.note("modify", w.modify(epoll, fd, EPOLLIN, 1));
  w.note("add", w.add(epoll, fd, EPOLLIN, 2));
  w.note("add again", w.add(epoll, fd, EPOLLIN, 3));
  w.note("ready", w.events(epoll));
}

void wrong_arguments(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd();
  epoll_event event{};
  w.note("unknown operation", result(epoll_ctl(epoll, 9, fd, &event)));
  w.note("itself", w.add(epoll, epoll, EPOLLIN, 1));
  w.note("of nothing", w.add(epoll, 9'999, EPOLLIN, 1));
  w.note("to nothing", w.add(9'999, fd, EPOLLIN, 1));
  w.note("to an eventfd", w.add(fd, epoll, EPOLLIN, 1));
  w.note("no room", w.events(epoll, 0));
  w.note("negative room", w.events(epoll, -1));
  w.note("wait on an eventfd", w.events(fd));
  w.note("unknown flag", result(epoll_create1(1)));
  w.note("no size", result(epoll_create(0)));
}

void turns(World& w) {
  const int epoll = w.epoll();
  for (int i = 1; i <= 3; ++i) w.add(epoll, w.eventfd(1), EPOLLIN, i);
  w.note("two", w.events(epoll, 2));
  w.note("the next two", w.events(epoll, 2));
  w.note("and two", w.events(epoll, 2));
  w.note("all", w.events(epoll));
}

void order(World& w) {
  const int epoll = w.epoll();
  int fds[3];
  for (int i = 0; i < 3; ++i) w.add(epoll, fds[i] = w.eventfd(), EPOLLIN | EPOLLET, i);
  for (const int i : {2, 0, 1}) give(fds[i]);
  w.note("as they came", w.events(epoll));
  for (const int i : {1, 2, 1, 0}) give(fds[i]);
  w.note("as they came first", w.events(epoll));
}

void closed(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd(1);
  const int copy = w.keep(dup(fd));
  w.add(epoll, fd, EPOLLIN, 1);
  w.close(fd);
  w.note("a copy keeps it", w.events(epoll));
  w.close(copy);
  w.note("gone with the last", w.events(epoll));
}

void two_instances(World& w) {
  const int first = w.epoll();
  const int second = w.epoll();
  const int fd = w.eventfd();
  w.add(first, fd, EPOLLIN | EPOLLET, 1);
  w.add(second, fd, EPOLLIN, 2);
  give(fd);
  w.note("first", w.events(first));
  w.note("second", w.events(second));
  w.note("first again", w.events(first));
  w.note("second again", w.events(second));
}

void unconnected(World& w) {
  const int epoll = w.epoll();
  const int fd = w.socket();
  w.add(epoll, fd, kEdge, 1);
  w.note("fresh", w.events(epoll));
  w.note("once", w.events(epoll));
}

void life_of_a_connection(World& w) {
  const int listener = w.listener();
  const int epoll = w.epoll();
  const int user = w.socket();
  w.add(epoll, user, kEdge, 1);
  w.events(epoll);
  w.connect(user, listener);
  w.settle();
  w.note("connected", w.events(epoll));
  w.accept(listener);
  const int server = w.last();
  w.send(server, "hello");
  w.settle();
  w.note("data", w.events(epoll));
  w.note("once", w.events(epoll));
  w.send(server, "more");
  w.settle();
  w.note("more data", w.events(epoll));
  w.receive(user);
  w.note("read", w.events(epoll));
  w.send(user, "thanks");
  w.settle();
  w.note("sent", w.events(epoll));
  w.receive(server);
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.note("end of the stream", w.events(epoll));
  w.note("once more", w.events(epoll));
  w.shutdown(user, SHUT_WR);
  w.settle();
  w.note("over", w.events(epoll));
}

// Edge-triggered items with one interest each: what the kernel says without a reason is news to all of them.
void edges_by_interest(World& w) {
  const auto [user, server] = w.connected();
  const int copy_of_in = w.epoll();
  const int copy_of_out = w.epoll();
  w.add(copy_of_in, user, EPOLLIN | EPOLLET, 1);
  w.add(copy_of_out, user, EPOLLOUT | EPOLLET, 2);
  const auto look = [&](const char* when) {
    w.note(when, "in " + w.events(copy_of_in) + ", out " + w.events(copy_of_out));
  };
  look("connected");
  w.send(server, "hello");
  w.settle();
  look("data");
  w.shutdown(user, SHUT_WR);
  w.settle();
  look("shut for writing");
  w.shutdown(server, SHUT_WR);
  w.settle();
  look("the other end shut");
}

void end_of_stream_by_interest(World& w) {
  const auto [user, server] = w.connected();
  const int epoll = w.epoll();
  const int copy = w.keep(dup(user));
  w.add(epoll, user, EPOLLOUT | EPOLLET, 1);
  w.add(epoll, copy, EPOLLRDHUP | EPOLLET, 2);
  w.note("connected", w.events(epoll));
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.note("shut", w.events(epoll));
}

void shut_for_reading_by_interest(World& w) {
  const auto [user, server] = w.connected();
  const int epoll = w.epoll();
  w.add(epoll, user, EPOLLOUT | EPOLLET, 1);
  w.note("connected", w.events(epoll));
  w.shutdown(user, SHUT_RD);
  w.note("shut for reading", w.events(epoll));
  w.shutdown(server, SHUT_RD);
}

void refused(World& w) {
  const int unused = w.socket();
  w.bind(unused, INADDR_LOOPBACK, 0);
  const int epoll = w.epoll();
  const int user = w.socket();
  w.add(epoll, user, kEdge, 1);
  w.events(epoll);
  w.connect(user, unused);
  w.settle();
  w.note("refused", w.events(epoll));
  w.note("once", w.events(epoll));
  w.pending_error(user);
  w.note("asked", w.events(epoll));
  w.modify(epoll, user, EPOLLIN, 2);
  w.note("for its level", w.events(epoll));
}

void reset(World& w) {
  const auto [user, server] = w.connected();
  const int epoll = w.epoll();
  w.add(epoll, user, kEdge, 1);
  w.note("connected", w.events(epoll));
  w.send(user, "never read");
  w.settle();
  w.close(server);
  w.settle();
  w.note("reset", w.events(epoll));
  w.note("once", w.events(epoll));
  w.receive(user);
  w.note("read", w.events(epoll));
}

void listening(World& w) {
  const int listener = w.listener();
  const int epoll = w.epoll();
  w.add(epoll, listener, EPOLLIN | EPOLLET, 1);
  const auto come = [&] {
    w.connect(w.socket(), listener);
    w.settle();
  };
  come();
  w.note("one", w.events(epoll));
  w.note("once", w.events(epoll));
  come();
  w.note("another", w.events(epoll));
  w.accept(listener);
  w.note("one accepted", w.events(epoll));
  w.modify(epoll, listener, EPOLLIN, 2);
  w.note("for its level", w.events(epoll));
  w.accept(listener);
  w.note("all accepted", w.events(epoll));
}

void larger_send_buffer(World& w) {
  const int listener = w.listener();
  const int user = w.socket();
  w.set(user, SOL_SOCKET, SO_SNDBUF, 10'000);
  w.connect(user, listener);
  w.settle();
  w.accept(listener);
  w.set(w.last(), SOL_SOCKET, SO_RCVBUF, 5'000);
  const int epoll = w.epoll();
  w.add(epoll, user, EPOLLOUT | EPOLLET, 1);
  const std::string block(100'000, 'x');
  for (int i = 0; i < 500 && w.ready(user) != "nothing"; ++i) {
    while (::send(user, block.data(), block.size(), MSG_NOSIGNAL) > 0) {
    }
    w.settle();
  }
  w.events(epoll);
  w.note("full", w.events(epoll));
  w.set(user, SOL_SOCKET, SO_SNDBUF, 100'000);
  w.note("a larger buffer", w.events(epoll));
  w.note("ready", w.ready(user));
}

void partial_reads(World& w) {
  const auto [user, server] = w.connected();
  const int epoll = w.epoll();
  w.add(epoll, server, EPOLLIN | EPOLLET, 1);
  w.send(user, "abcdef");
  w.settle();
  w.note("ready", w.events(epoll));
  w.receive(server, 3);
  w.note("the rest is no news", w.events(epoll));
  w.modify(epoll, server, EPOLLIN, 1);
  w.note("but it is there", w.events(epoll));
}

void room_in_the_buffer(World& w) {
  const auto [user, server] = w.connected();
  const int epoll = w.epoll();
  w.add(epoll, user, EPOLLOUT | EPOLLET, 1);
  w.note("empty", w.events(epoll));
  const std::string block(100'000, 'x');
  const auto fill = [&] {
    while (::send(user, block.data(), block.size(), MSG_NOSIGNAL) > 0) {
    }
  };
  for (int i = 0; i < 500 && w.ready(user) != "nothing"; ++i) {
    fill();
    w.settle();
  }
  w.events(epoll);
  w.note("full", w.events(epoll));
  std::string bytes(1 << 20, '\0');
  while (::recv(server, bytes.data(), bytes.size(), 0) > 0 || w.wait_for(server, POLLIN)) {
    if (w.ready(user) == "OUT") break;
  }
  w.note("room", w.events(epoll));
  w.note("once", w.events(epoll));
}

void inside_another(World& w) {
  const int outer = w.epoll();
  const int inner = w.epoll();
  const int fd = w.eventfd();
  w.note("add", w.add(outer, inner, EPOLLIN, 1));
  w.add(inner, fd, EPOLLIN, 2);
  w.note("silent", w.events(outer));
  give(fd);
  w.note("outer", w.events(outer));
  w.note("outer again", w.events(outer));
  w.note("inner", w.events(inner));
  take(fd);
  w.note("taken", w.events(outer));
  give(fd);
  w.close(inner);
  w.note("the inner one closed", w.events(outer));
}

void inside_another_by_edges(World& w) {
  const int outer = w.epoll();
  const int inner = w.epoll();
  const int fd = w.eventfd();
  w.add(inner, fd, EPOLLIN, 2);
  w.add(outer, inner, EPOLLIN | EPOLLET, 1);
  w.note("silent", w.events(outer));
  give(fd);
  w.note("an edge", w.events(outer));
  w.note("once", w.events(outer));
  give(fd);
  w.note("another", w.events(outer));
  w.note("inner", w.events(inner));
  take(fd);
  w.note("taken", w.events(outer));
}

void inner_ready_when_added(World& w) {
  const int outer = w.epoll();
  const int inner = w.epoll();
  w.add(inner, w.eventfd(1), EPOLLIN | EPOLLET, 2);
  w.add(outer, inner, EPOLLIN, 1);
  w.note("outer", w.events(outer));
  w.note("inner takes the edge", w.events(inner));
  w.note("outer after", w.events(outer));
}

void loops(World& w) {
  const int a = w.epoll();
  const int b = w.epoll();
  const int c = w.epoll();
  w.note("a holds b", w.add(a, b, EPOLLIN, 1));
  w.note("b holds a", w.add(b, a, EPOLLIN, 1));
  w.note("b holds c", w.add(b, c, EPOLLIN, 1));
  w.note("c holds a", w.add(c, a, EPOLLIN, 1));
  w.note("a holds c too", w.add(a, c, EPOLLIN, 2));
  w.note("remove b from a", w.remove(a, b));
  w.note("c holds a, still", w.add(c, a, EPOLLIN, 1));
  w.note("remove c from a", w.remove(a, c));
  w.note("c holds a", w.add(c, a, EPOLLIN, 1));
}

void how_deep(World& w) {
  int chain[8];
  for (int& each : chain) each = w.epoll();
  for (int i = 0; i < 7; ++i) w.note("one more", w.add(chain[i], chain[i + 1], EPOLLIN, i));
  int below[8];
  for (int& each : below) each = w.epoll();
  for (int i = 7; i > 0; --i) w.note("one more above", w.add(below[i - 1], below[i], EPOLLIN, i));
}

void exclusive_arguments(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd();
  const auto [user, server] = w.connected();
  w.note("with end of stream", w.add(epoll, user, EPOLLIN | EPOLLRDHUP | EPOLLEXCLUSIVE, 1));
  w.note("with one-shot", w.add(epoll, fd, EPOLLIN | EPOLLONESHOT | EPOLLEXCLUSIVE, 1));
  w.note("of an instance", w.add(epoll, w.epoll(), EPOLLIN | EPOLLEXCLUSIVE, 1));
  w.note("add", w.add(epoll, fd, EPOLLIN | EPOLLET | EPOLLEXCLUSIVE, 1));
  w.note("modify", w.modify(epoll, fd, EPOLLIN, 2));
  w.note("modify to it", w.modify(epoll, fd, EPOLLIN | EPOLLEXCLUSIVE, 2));
  give(fd);
  w.note("ready", w.events(epoll));
  w.note("remove", w.remove(epoll, fd));
  w.add(epoll, fd, EPOLLIN, 3);
  w.note("modify another to it", w.modify(epoll, fd, EPOLLIN | EPOLLEXCLUSIVE, 2));
}

// With nobody waiting, an event is kept for all.
void exclusive_without_waiters(World& w) {
  const int first = w.epoll();
  const int second = w.epoll();
  const int fd = w.eventfd();
  w.add(first, fd, EPOLLIN | EPOLLEXCLUSIVE, 1);
  w.add(second, fd, EPOLLIN | EPOLLEXCLUSIVE, 2);
  give(fd);
  w.note("first", w.events(first));
  w.note("second", w.events(second));
}

// Of those who wait, the instance that was added first hears of it.
void exclusive_with_waiters(World& w) {
  const int instances[] = {w.epoll(), w.epoll()};
  const int plain = w.epoll();
  const int fd = w.eventfd();
  for (const int each : instances) w.add(each, fd, EPOLLIN | EPOLLEXCLUSIVE, 1);
  w.add(plain, fd, EPOLLIN, 1);
  int counts[2];
  const auto wait_on = [&](int i) {
    epoll_event found;
    counts[i] = epoll_wait(instances[i], &found, 1, 300);
  };
  std::thread first(wait_on, 0), second(wait_on, 1);
  w.pass(100ms);
  give(fd);
  first.join();
  second.join();
  w.note("first", std::to_string(counts[0]));
  w.note("second", std::to_string(counts[1]));
  w.note("one that is not exclusive", w.events(plain));
}

void time_outs(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd();
  w.add(epoll, fd, EPOLLIN, 1);
  epoll_event found;
  timespec timeout{0, 10'000'000};
  w.note("milliseconds", result(epoll_wait(epoll, &found, 1, 10)));
  w.note("nanoseconds", result(epoll_pwait2(epoll, &found, 1, &timeout, nullptr)));
  w.note("with a mask of none", result(epoll_pwait(epoll, &found, 1, 10, nullptr)));
  timeout = {0, -1};
  w.note("negative nanoseconds", result(epoll_pwait2(epoll, &found, 1, &timeout, nullptr)));
  give(fd);
  w.note("without end", result(epoll_pwait2(epoll, &found, 1, nullptr, nullptr)));
}

void waits_in_a_thread(World& w) {
  const int outer = w.epoll();
  const int inner = w.epoll();
  const int fd = w.eventfd();
  w.add(outer, inner, EPOLLIN, 1);
  w.add(inner, fd, EPOLLIN | EPOLLONESHOT, 2);
  epoll_event found{};
  int count = 0;
  std::thread waiter([&] { count = epoll_wait(outer, &found, 1, 5'000); });
  w.pass(20ms);
  give(fd);
  waiter.join();
  w.note("woken", std::to_string(count) + " of " + std::to_string(found.data.u64));
  w.note("inner", w.events(inner));
  w.note("spent", w.events(outer));
  w.modify(inner, fd, EPOLLIN | EPOLLONESHOT, 3);
  w.note("armed again", w.events(outer));
}

void closed_while_waiting(World& w) {
  const int epoll = w.epoll();
  const int copy = w.keep(dup(epoll));
  const int fd = w.eventfd();
  w.add(epoll, fd, EPOLLIN, 1);
  std::thread later([&] {
    w.pass(20ms);
    w.close(epoll);
    w.close(copy);
    w.pass(20ms);
    give(fd);
  });
  epoll_event found;
  const int count = epoll_wait(epoll, &found, 1, 200);
  later.join();
  w.note("the wait goes on", std::to_string(count));
  w.note("the next does not", result(epoll_wait(epoll, &found, 1, 0)));
}

void shared_by_a_copy(World& w) {
  const int epoll = w.epoll();
  const int copy = w.keep(dup(epoll));
  const int fd = w.eventfd(1);
  w.add(epoll, fd, EPOLLIN | EPOLLET, 1);
  w.note("by the copy", w.events(copy));
  w.note("by the first", w.events(epoll));
  w.note("add by the copy", w.add(copy, fd, EPOLLIN, 2));
  const int other = w.keep(dup(fd));
  w.note("a copy of the descriptor", w.add(copy, other, EPOLLIN | EPOLLET, 3));
  give(fd);
  w.note("both items", w.events(epoll));
  w.note("remove by the copy", w.remove(copy, other));
}

constexpr Case kCases[] = {{"level-triggered", level},
                           {"edge-triggered", edge},
                           {"edge-triggered both ways", edge_both_ways},
                           {"one-shot", one_shot},
                           {"a spent one-shot hears no hang-up", spent_one_shot_hears_no_hang_up},
                           {"modified", modified},
                           {"removed", removed},
                           {"wrong arguments", wrong_arguments},
                           {"turns", turns},
                           {"order", order},
                           {"closed", closed},
                           {"two instances", two_instances},
                           {"an unconnected socket", unconnected},
                           {"the life of a connection", life_of_a_connection},
                           {"edges by interest", edges_by_interest},
                           {"end of stream by interest", end_of_stream_by_interest},
                           {"shut for reading by interest", shut_for_reading_by_interest},
                           {"refused", refused},
                           {"reset", reset},
                           {"a listener", listening},
                           {"a larger send buffer", larger_send_buffer},
                           {"partial reads", partial_reads},
                           {"room in the buffer", room_in_the_buffer},
                           {"inside another", inside_another},
                           {"inside another, by edges", inside_another_by_edges},
                           {"an inner one that is ready when added", inner_ready_when_added},
                           {"loops", loops},
                           {"how deep", how_deep},
                           {"exclusive: arguments", exclusive_arguments},
                           {"exclusive, without waiters", exclusive_without_waiters},
                           {"exclusive, with waiters", exclusive_with_waiters},
                           {"time-outs", time_outs},
                           {"waits in a thread", waits_in_a_thread},
                           {"closed while waiting", closed_while_waiting},
                           {"shared by a copy", shared_by_a_copy}};

const Suite kSuite("epoll", kCases);

}  // namespace

}  // namespace stillpoint::test
