// Unmodified libevent, as Debian has it, in ordinary programs: bufferevents, listeners, timers, names.
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/interpose/programs.hpp"

using namespace std::chrono_literals;
using test::Programs;
using test::Replay;
using test::twenty_seeds;

namespace {

constexpr int kPort = 7000;

// ---- an echo server that ends after a second ----

void echo(bufferevent* user, void*) { evbuffer_add_buffer(bufferevent_get_output(user), bufferevent_get_input(user)); }

void on_end(bufferevent* user, short events, void*) {
  if ((events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) bufferevent_free(user);
}

void on_connection(evconnlistener* listener, evutil_socket_t fd, sockaddr*, int, void*) {
  bufferevent* user = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(user, echo, nullptr, on_end, nullptr);
  bufferevent_enable(user, EV_READ | EV_WRITE);
}

int serve() {
  event_base* base = event_base_new();
  if (base == nullptr) return 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  evconnlistener* listener =
      evconnlistener_new_bind(base, on_connection, nullptr, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, -1,
                              reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (listener == nullptr) return 2;
  const timeval a_second{1, 0};
  event_base_loopexit(base, &a_second);
  if (event_base_dispatch(base) != 0) return 3;
  evconnlistener_free(listener);
  event_base_free(base);
  return 0;
}

// ---- a client that sends ten times, with pauses ----

struct Client {
  event_base* base = nullptr;
  bufferevent* server = nullptr;
  event* pause = nullptr;
  std::string sent;
  int round = 0;
  int error = 0;
};

void give_up(Client& client, int error) {
  client.error = error;
  event_base_loopbreak(client.base);
}

void send_next(evutil_socket_t, short, void* data) {
  Client& client = *static_cast<Client*>(data);
  if (client.round == 10) return give_up(client, 0);
  client.sent.assign(static_cast<std::size_t>(client.round) * 700 + 1, static_cast<char>('a' + client.round));
  ++client.round;
  bufferevent_write(client.server, client.sent.data(), client.sent.size());
}

void on_bytes(bufferevent* server, void* data) {
  Client& client = *static_cast<Client*>(data);
  evbuffer* input = bufferevent_get_input(server);
  if (evbuffer_get_length(input) < client.sent.size()) return;
  std::string got(client.sent.size(), '\0');
  evbuffer_remove(input, got.data(), got.size());
  if (got != client.sent) return give_up(client, 5);
  const timeval three_ms{0, 3'000};
  event_add(client.pause, &three_ms);
}

void on_connected(bufferevent*, short events, void* data) {
  Client& client = *static_cast<Client*>(data);
  if ((events & BEV_EVENT_CONNECTED) == 0) return give_up(client, 4);
  send_next(-1, 0, &client);
}

// After the server has begun to listen. libevent asks for the name itself, and blocks.
void connect_now(evutil_socket_t, short, void* data) {
  Client& client = *static_cast<Client*>(data);
  bufferevent_setcb(client.server, on_bytes, nullptr, on_connected, &client);
  bufferevent_enable(client.server, EV_READ | EV_WRITE);
  if (bufferevent_socket_connect_hostname(client.server, nullptr, AF_INET, "server", kPort) != 0) give_up(client, 3);
}

int talk() {
  Client client;
  client.base = event_base_new();
  if (client.base == nullptr) return 1;
  client.server = bufferevent_socket_new(client.base, -1, BEV_OPT_CLOSE_ON_FREE);
  client.pause = evtimer_new(client.base, send_next, &client);
  const timeval a_ms{0, 1'000};
  if (event_base_once(client.base, -1, EV_TIMEOUT, connect_now, &client, &a_ms) != 0) return 2;
  event_base_dispatch(client.base);
  event_free(client.pause);
  bufferevent_free(client.server);
  event_base_free(client.base);
  return client.error;
}

}  // namespace

TEST_CASE("a libevent echo server and its clients") {
  const Replay replay = twenty_seeds([](std::uint64_t seed) {
    Programs programs(seed);
    programs.kernel.fabric.set_default_link({1ms, 4ms});
    programs.add("server", [](int, char**) { return serve(); });
    for (const char* name : {"client-1", "client-2"}) programs.add(name, [](int, char**) { return talk(); });
    programs.run();
    for (const char* name : {"server", "client-1", "client-2"}) {
      INFO(name);
      CHECK(programs.status(name) == 0);
    }
    return programs.hash();
  });
  CHECK(replay.alike);
  CHECK(replay.different == 20);
}

TEST_CASE("libevent's timers keep their order and their time") {
  const Replay replay = twenty_seeds([](std::uint64_t seed) {
    Programs programs(seed);
    programs.add("program", [](int, char**) {
      struct Told {
        event_base* base;
        std::vector<long> fired;
      } told{event_base_new(), {}};
      const auto fire = [](evutil_socket_t, short, void* data) {
        Told& to = *static_cast<Told*>(data);
        timeval now;
        event_base_gettimeofday_cached(to.base, &now);
        to.fired.push_back(now.tv_usec);
      };
      timeval start;
      event_base_gettimeofday_cached(told.base, &start);
      for (const long ms : {30, 10, 20}) {
        const timeval after{0, ms * 1'000};
        event_base_once(told.base, -1, EV_TIMEOUT, fire, &told, &after);
      }
      event_base_dispatch(told.base);
      event_base_free(told.base);
      const long begun = start.tv_usec;
      if (told.fired.size() != 3) return 1;
      // Its clock is CLOCK_MONOTONIC_COARSE, which ticks every 4 ms.
      for (std::size_t i = 0; i < 3; ++i) {
        const long late = told.fired[i] - begun - static_cast<long>(i + 1) * 10'000;
        if (late < 0 || late > 8'000) return 2;
      }
      return 0;
    });
    programs.run();
    CHECK(programs.status("program") == 0);
    return programs.hash();
  });
  CHECK(replay.alike);
}
