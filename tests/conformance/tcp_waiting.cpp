// Calls that block: how much they wait for, how long, and who wakes them.
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <thread>

#include "tests/conformance/waiting.hpp"

namespace stillpoint::test {
namespace {

void timeouts_are_read_back(World& w) {
  const int fd = w.socket();
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    w.note("at first", get_timeout(fd, option));
    w.note("set", set_timeout(fd, option, 2'500ms));
    w.note("is", get_timeout(fd, option));
    w.note("for ever", set_timeout(fd, option, 0ms));
    w.note("is then", get_timeout(fd, option));
    const timeval wrong{.tv_sec = 1, .tv_usec = 1'000'000};
    w.note("too many microseconds", result(setsockopt(fd, SOL_SOCKET, option, &wrong, sizeof wrong)));
    const timeval negative{.tv_sec = 0, .tv_usec = -1};
    w.note("negative", result(setsockopt(fd, SOL_SOCKET, option, &negative, sizeof negative)));
    w.note("too short", result(setsockopt(fd, SOL_SOCKET, option, &wrong, 8)));
  }
}

void receive_times_out(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  set_timeout(server, SO_RCVTIMEO, 300ms);
  w.note("tenths", tenths([&, fd = server] { w.note("receive", w.receive(fd)); }));
  char byte;
  w.note("tenths of read", tenths([&, fd = server] { w.note("read", result(::read(fd, &byte, 1))); }));
  w.send(user, "x");
  w.settle();
  w.note("with data", w.receive(server));
}

void data_comes_in_time(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  set_timeout(server, SO_RCVTIMEO, 2'000ms);
  std::thread thread = later(w, 100ms, [&, fd = user] { w.send(fd, "in time"); });
  w.note("receive", w.receive(server));
  thread.join();
}

void accept_times_out(World& w) {
  const int listener = w.listener();
  make_blocking(listener);
  set_timeout(listener, SO_RCVTIMEO, 200ms);
  w.note("tenths", tenths([&] { w.note("accept", w.accept(listener)); }));
}

void timeouts_are_inherited(World& w) {
  const int listener = w.listener();
  set_timeout(listener, SO_RCVTIMEO, 1'000ms);
  w.set(listener, SOL_SOCKET, SO_RCVLOWAT, 5);
  const auto [user, server] = w.connected_to(listener);
  w.note("server", get_timeout(server, SO_RCVTIMEO));
  w.note("server's other", get_timeout(server, SO_SNDTIMEO));
  w.note("server's low water", w.get(server, SOL_SOCKET, SO_RCVLOWAT));
  w.note("user", get_timeout(user, SO_RCVTIMEO));
}

void connect_times_out(World& w) {
  const int listener = w.listener(0);
  w.connect(w.socket(), listener);
  w.settle();
  const int user = w.socket();
  make_blocking(user);
  set_timeout(user, SO_SNDTIMEO, 300ms);
  w.note("tenths", tenths([&] { w.note("connect", w.connect(user, listener)); }));
  w.note("tenths again", tenths([&] { w.note("connect again", w.connect(user, listener)); }));
  w.note("ready", w.ready(user));
}

void send_times_out(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(user);
  set_timeout(user, SO_SNDTIMEO, 200ms);
  const std::string much(30'000'000, 'x');
  const ssize_t sent = ::send(user, much.data(), much.size(), MSG_NOSIGNAL);
  w.note("a part was taken", sent > 0 && sent < static_cast<ssize_t>(much.size()));
  while (::send(user, much.data(), much.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) w.settle();
  w.note("tenths", tenths([&, fd = user] { w.note("nothing then", w.send(fd, much)); }));
  w.note("server", w.ready(server));
}

void blocking_send_takes_all(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(user);
  make_blocking(server);
  const std::string much(5'000'000, 'x');
  std::size_t total = 0;
  std::thread reader([&, fd = server] {
    std::string bytes(1 << 16, '\0');
    while (total < much.size()) {
      const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), 0);
      if (got <= 0) break;
      total += static_cast<std::size_t>(got);
    }
  });
  w.note("send", w.send(user, much));
  reader.join();
  w.note("receive", std::to_string(total));
}

void wait_for_all(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  w.send(user, "one ");
  std::thread thread = later(w, 50ms, [&, fd = user] {
    w.send(fd, "two ");
    w.pass(50ms);
    w.send(fd, "three ");
  });
  w.note("receive", w.receive(server, 12, MSG_WAITALL));
  thread.join();
  w.settle();
  w.note("rest", w.receive(server, 100));
}

void wait_for_all_and_end(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  w.send(user, "all there is");
  w.settle();
  std::thread thread = later(w, 50ms, [&, fd = user] { w.shutdown(fd, SHUT_WR); });
  w.note("receive", w.receive(server, 100, MSG_WAITALL));
  w.note("end", w.receive(server, 100, MSG_WAITALL));
  thread.join();
}

void wait_for_all_and_reset(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  w.send(user, "half");
  w.settle();
  std::thread thread = later(w, 50ms, [&, fd = user] {
    const linger at_once{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    w.close(fd);
  });
  w.note("receive", w.receive(server, 100, MSG_WAITALL));
  w.note("then", w.receive(server, 100, MSG_WAITALL));
  thread.join();
}

void wait_for_all_with_timeout(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  set_timeout(server, SO_RCVTIMEO, 200ms);
  w.send(user, "half");
  w.settle();
  w.note("tenths", tenths([&, fd = server] { w.note("receive", w.receive(fd, 100, MSG_WAITALL)); }));
  w.note("tenths of nothing", tenths([&, fd = server] { w.note("receive", w.receive(fd, 100, MSG_WAITALL)); }));
}

void wait_for_all_without_blocking(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "half");
  w.settle();
  w.note("receive", w.receive(server, 100, MSG_WAITALL));
  w.note("receive again", w.receive(server, 100, MSG_WAITALL));
  make_blocking(server);
  w.send(user, "more");
  w.settle();
  w.note("in one call", w.receive(server, 100, MSG_WAITALL | MSG_DONTWAIT));
}

void peek_for_all(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  w.send(user, "one ");
  std::thread thread = later(w, 50ms, [&, fd = user] { w.send(fd, "two "); });
  w.note("peek", w.receive(server, 8, MSG_PEEK | MSG_WAITALL));
  thread.join();
  w.note("it is there", w.receive(server, 100));
}

void low_water(World& w) {
  const auto [user, server] = w.connected();
  w.note("at first", w.get(server, SOL_SOCKET, SO_RCVLOWAT));
  w.note("set", w.set(server, SOL_SOCKET, SO_RCVLOWAT, 5));
  w.note("is", w.get(server, SOL_SOCKET, SO_RCVLOWAT));
  w.send(user, "four");
  w.settle();
  w.note("too little", w.ready(server));
  w.note("and yet it can be read", w.receive(server, 2));
  w.send(user, "more");
  w.settle();
  w.note("enough", w.ready(server));
  w.note("set lower", w.set(server, SOL_SOCKET, SO_RCVLOWAT, 0));
  w.note("is one", w.get(server, SOL_SOCKET, SO_RCVLOWAT));
}

void low_water_and_end(World& w) {
  const auto [user, server] = w.connected();
  w.set(server, SOL_SOCKET, SO_RCVLOWAT, 50);
  w.send(user, "x");
  w.settle();
  w.note("before", w.ready(server));
  w.shutdown(user, SHUT_WR);
  w.settle();
  w.note("after", w.ready(server));
}

void low_water_blocks(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  w.set(server, SOL_SOCKET, SO_RCVLOWAT, 6);
  w.send(user, "one");
  // Linux wakes the reader, who has taken the first word, only when there is as much as this again.
  std::thread thread = later(w, 50ms, [&, fd = user] { w.send(fd, "and two"); });
  w.note("receive", w.receive(server, 100));
  thread.join();
  w.send(user, "abc");
  w.settle();
  w.note("no more than asked for", w.receive(server, 2));
}

void low_water_and_epoll(World& w) {
  const auto [user, server] = w.connected();
  const int epoll = w.epoll();
  w.set(server, SOL_SOCKET, SO_RCVLOWAT, 4);
  w.add(epoll, server, EPOLLIN | EPOLLET, 1);
  w.send(user, "ab");
  w.settle();
  w.note("too little", w.events(epoll));
  w.send(user, "cd");
  w.settle();
  w.note("enough", w.events(epoll));
  w.note("edge", w.events(epoll));
}

void blocked_reader_and_shutdown(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  std::thread thread = later(w, 50ms, [&, fd = server] { w.shutdown(fd, SHUT_RD); });
  w.note("receive", w.receive(server));
  thread.join();
  w.note("user", w.ready(user));
}

void blocked_reader_and_reset(World& w) {
  const auto [user, server] = w.connected();
  make_blocking(server);
  std::thread thread = later(w, 50ms, [&, fd = user] {
    const linger at_once{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    w.close(fd);
  });
  w.note("receive", w.receive(server));
  w.note("receive again", w.receive(server));
  thread.join();
}

void blocked_accept(World& w) {
  const int listener = w.listener();
  make_blocking(listener);
  const int user = w.socket();
  std::thread thread = later(w, 50ms, [&] { w.connect(user, listener); });
  w.note("accept", w.accept(listener));
  thread.join();
  w.note("ready", w.ready(w.last()));
}

void blocking_connect(World& w) {
  const int listener = w.listener();
  const int user = w.socket();
  make_blocking(user);
  w.note("connect", w.connect(user, listener));
  w.note("again", w.connect(user, listener));
  const int port = w.port_of(listener);
  w.close(listener);
  const int late = w.socket();
  make_blocking(late);
  w.note("refused", w.connect(late, INADDR_LOOPBACK, port));
  w.note("error is taken", w.pending_error(late));
}

void truncated_reading(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "thrown away, kept");
  w.settle();
  w.note("discard", result(::recv(server, nullptr, 11, MSG_TRUNC)));
  w.note("rest", w.receive(server));
  w.note("nothing", result(::recv(server, nullptr, 11, MSG_TRUNC)));
  w.send(user, "peeked");
  w.settle();
  char text[7] = "......";
  w.note("peek", result(::recv(server, text, 6, MSG_TRUNC | MSG_PEEK)));
  w.note("nothing was copied", text);
  w.note("it is there", w.receive(server));
}

void corked(World& w) {
  const auto [user, server] = w.connected();
  w.note("set", w.set(user, IPPROTO_TCP, TCP_CORK, 1));
  w.note("is", w.get(user, IPPROTO_TCP, TCP_CORK));
  w.note("send", w.send(user, "held "));
  w.pass(10ms);
  w.note("nothing came", w.receive(server));
  w.send(user, "back");
  w.note("uncork", w.set(user, IPPROTO_TCP, TCP_CORK, 0));
  w.settle();
  w.note("all came", w.receive(server));
}

void cork_pops(World& w) {
  const auto [user, server] = w.connected();
  w.set(user, IPPROTO_TCP, TCP_CORK, 1);
  w.send(user, "late");
  w.pass(100ms);
  w.note("nothing yet", w.receive(server));
  w.pass(300ms);
  w.note("then", w.receive(server));
}

void more_follows(World& w) {
  const auto [user, server] = w.connected();
  w.note("send", result(::send(user, "first ", 6, MSG_NOSIGNAL | MSG_MORE)));
  w.pass(10ms);
  w.note("nothing came", w.receive(server));
  w.note("send the rest", w.send(user, "second"));
  w.settle();
  w.note("all came", w.receive(server));
}

void more_follows_and_shutdown(World& w) {
  const auto [user, server] = w.connected();
  ::send(user, "all", 3, MSG_NOSIGNAL | MSG_MORE);
  w.shutdown(user, SHUT_WR);
  w.settle();
  w.note("receive", w.receive(server));
  w.note("end", w.receive(server));
}

void deferred_accept(World& w) {
  const int listener = w.listener();
  w.note("set", w.set(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5));
  w.note("is", w.get(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT));
  const int user = w.socket();
  w.connect(user, listener);
  w.settle();
  w.note("user", w.ready(user));
  w.note("accept", w.accept(listener));
  w.send(user, "now");
  w.settle();
  w.note("accept with data", w.accept(listener));
  w.note("receive", w.receive(w.last()));
}

void deferred_accept_ends(World& w) {
  const int listener = w.listener();
  w.set(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
  const int user = w.socket();
  w.connect(user, listener);
  w.pass(500ms);
  w.note("accept", w.accept(listener));
  w.pass(1'000ms);
  w.note("accept later", w.accept(listener));
  w.note("user", w.ready(user));
}

constexpr Case kCases[] = {{"time-outs are read back", timeouts_are_read_back},
                           {"receive times out", receive_times_out},
                           {"data comes in time", data_comes_in_time},
                           {"accept times out", accept_times_out},
                           {"time-outs are inherited", timeouts_are_inherited},
                           {"connect times out", connect_times_out},
                           {"send times out", send_times_out},
                           {"a blocking send takes all", blocking_send_takes_all},
                           {"waiting for all", wait_for_all},
                           {"waiting for all, and the end", wait_for_all_and_end},
                           {"waiting for all, and a reset", wait_for_all_and_reset},
                           {"waiting for all, with a time-out", wait_for_all_with_timeout},
                           {"waiting for all, without blocking", wait_for_all_without_blocking},
                           {"peeking for all", peek_for_all},
                           {"low water", low_water},
                           {"low water and the end", low_water_and_end},
                           {"low water blocks", low_water_blocks},
                           {"low water and epoll", low_water_and_epoll},
                           {"a blocked reader and a shutdown", blocked_reader_and_shutdown},
                           {"a blocked reader and a reset", blocked_reader_and_reset},
                           {"a blocked accept", blocked_accept},
                           {"a blocking connect", blocking_connect},
                           {"reading that throws away", truncated_reading},
                           {"corked", corked},
                           {"a cork pops", cork_pops},
                           {"more follows", more_follows},
                           {"more follows, and a shutdown", more_follows_and_shutdown},
                           {"a deferred accept", deferred_accept},
                           {"a deferred accept ends", deferred_accept_ends}};

const Suite kSuite("tcp_waiting", kCases);

}  // namespace

}  // namespace stillpoint::test
