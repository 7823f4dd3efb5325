// Unmodified libuv, as Debian has it, in ordinary programs: TCP, timers, its thread pool, names.
//
// Its thread pool is one for the whole process: of the hosts of a simulation one alone may use it, as they share the
// library. So one client here asks for the server's name, the other knows its address.
#include <uv.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "tests/interpose/programs.hpp"

using namespace std::chrono_literals;
using test::Programs;
using test::Replay;
using test::twenty_seeds;

namespace {

constexpr int kPort = 7000;

void allocate(uv_handle_t*, std::size_t size, uv_buf_t* buffer) {
  *buffer = uv_buf_init(new char[size], static_cast<unsigned>(size));
}

void close_handle(uv_handle_t* handle) {
  if (!uv_is_closing(handle)) uv_close(handle, nullptr);
}

template <typename Handle>
uv_handle_t* generic(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}

// ---- an echo server that ends after a second ----

void echo(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count < 0) {
    delete[] buffer->base;
    uv_close(generic(stream), [](uv_handle_t* handle) { delete reinterpret_cast<uv_tcp_t*>(handle); });
    return;
  }
  auto* request = new uv_write_t;
  request->data = buffer->base;
  const uv_buf_t out = uv_buf_init(buffer->base, static_cast<unsigned>(count));
  uv_write(request, stream, &out, 1, [](uv_write_t* written, int) {
    delete[] static_cast<char*>(written->data);
    delete written;
  });
}

void on_connection(uv_stream_t* listener, int status) {
  if (status != 0) return;
  auto* user = new uv_tcp_t;
  uv_tcp_init(listener->loop, user);
  auto* stream = reinterpret_cast<uv_stream_t*>(user);
  if (uv_accept(listener, stream) == 0) uv_read_start(stream, allocate, echo);
}

int serve() {
  uv_loop_t loop;
  if (uv_loop_init(&loop) != 0) return 1;
  uv_tcp_t listener;
  uv_tcp_init(&loop, &listener);
  sockaddr_in address;
  uv_ip4_addr("0.0.0.0", kPort, &address);
  if (uv_tcp_bind(&listener, reinterpret_cast<const sockaddr*>(&address), 0) != 0) return 2;
  if (uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 16, on_connection) != 0) return 3;
  uv_timer_t end;
  uv_timer_init(&loop, &end);
  end.data = &listener;
  uv_timer_start(
      &end,
      [](uv_timer_t* timer) {
        close_handle(static_cast<uv_handle_t*>(timer->data));
        close_handle(generic(timer));
      },
      1'000, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  return uv_loop_close(&loop) == 0 ? 0 : 4;
}

// ---- a client that finds the server by its name, and sends ten times, with pauses ----

struct Client {
  uv_loop_t loop;
  uv_tcp_t socket;
  uv_timer_t pause;
  uv_connect_t connect;
  uv_getaddrinfo_t look_up;
  uv_write_t write;
  std::string sent;
  std::string got;
  const char* server = nullptr;
  int round = 0;
  int error = 0;
};

void give_up(Client& client, int error) {
  client.error = error;
  close_handle(generic(&client.socket));
  close_handle(generic(&client.pause));
}

void send_next(Client& client) {
  if (client.round == 10) return give_up(client, 0);
  client.sent.assign(static_cast<std::size_t>(client.round) * 700 + 1, static_cast<char>('a' + client.round));
  client.got.clear();
  ++client.round;
  const uv_buf_t out = uv_buf_init(client.sent.data(), static_cast<unsigned>(client.sent.size()));
  uv_write(&client.write, reinterpret_cast<uv_stream_t*>(&client.socket), &out, 1, nullptr);
}

void on_bytes(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  Client& client = *static_cast<Client*>(stream->data);
  if (count > 0) client.got.append(buffer->base, static_cast<std::size_t>(count));
  delete[] buffer->base;
  if (count < 0) return give_up(client, 5);
  if (client.got.size() < client.sent.size()) return;
  if (client.got != client.sent) return give_up(client, 6);
  uv_timer_start(
      &client.pause, [](uv_timer_t* timer) { send_next(*static_cast<Client*>(timer->data)); }, 3, 0);
}

void on_connect(uv_connect_t* request, int status) {
  Client& client = *static_cast<Client*>(request->data);
  if (status != 0) return give_up(client, 4);
  uv_read_start(reinterpret_cast<uv_stream_t*>(&client.socket), allocate, on_bytes);
  send_next(client);
}

void on_address(uv_getaddrinfo_t* request, int status, addrinfo* found) {
  Client& client = *static_cast<Client*>(request->data);
  if (status != 0) return give_up(client, 3);
  uv_tcp_connect(&client.connect, &client.socket, found->ai_addr, on_connect);
  uv_freeaddrinfo(found);
}

// `server` is a name or an address.
int talk(const char* server) {
  Client client;
  client.server = server;
  if (uv_loop_init(&client.loop) != 0) return 1;
  uv_tcp_init(&client.loop, &client.socket);
  uv_timer_init(&client.loop, &client.pause);
  client.socket.data = client.pause.data = client.connect.data = client.look_up.data = &client;
  // After the server has begun to listen.
  uv_timer_start(
      &client.pause,
      [](uv_timer_t* timer) {
        Client& waiting = *static_cast<Client*>(timer->data);
        addrinfo hints{};
        hints.ai_family = AF_INET;
        hints.ai_socktype = SOCK_STREAM;
        sockaddr_in address;
        if (uv_ip4_addr(waiting.server, kPort, &address) == 0) {
          uv_tcp_connect(&waiting.connect, &waiting.socket, reinterpret_cast<const sockaddr*>(&address), on_connect);
          return;
        }
        if (uv_getaddrinfo(&waiting.loop, &waiting.look_up, on_address, waiting.server, "7000", &hints) != 0)
          give_up(waiting, 2);
      },
      1, 0);
  uv_run(&client.loop, UV_RUN_DEFAULT);
  return client.error != 0 ? client.error : uv_loop_close(&client.loop);
}

// Each run in a fresh process; no hash at all if a program did not end well.
Replay twenty_fresh_seeds(const std::function<void(Programs&)>& add) {
  return twenty_seeds([&](std::uint64_t seed) {
    const std::uint64_t hash = test::in_fresh_process([&]() -> std::uint64_t {
      Programs programs(seed);
      add(programs);
      programs.run();
      return programs.all_succeeded() ? programs.hash() : 0;
    });
    CHECK(hash != 0);
    return hash;
  });
}

}  // namespace

TEST_CASE("a libuv echo server and its clients") {
  const Replay replay = twenty_fresh_seeds([](Programs& programs) {
    programs.kernel.fabric.set_default_link({1ms, 4ms});
    programs.add("server", [](int, char**) { return serve(); });
    programs.add("client-1", [](int, char**) { return talk("server"); });
    programs.add("client-2", [](int, char**) { return talk("10.0.0.1"); });
  });
  CHECK(replay.alike);
  CHECK(replay.different == 20);
}

TEST_CASE("libuv's timers keep their order and their time, and its threads work") {
  const Replay replay = twenty_fresh_seeds([](Programs& programs) {
    programs.add("program", [](int, char**) {
      uv_loop_t loop;
      uv_loop_init(&loop);
      std::vector<std::uint64_t> fired;
      uv_timer_t timers[3];
      const std::uint64_t start = uv_now(&loop);
      for (std::uint64_t i = 0; i < 3; ++i) {
        uv_timer_init(&loop, &timers[i]);
        timers[i].data = &fired;
        uv_timer_start(
            &timers[i],
            [](uv_timer_t* timer) {
              static_cast<std::vector<std::uint64_t>*>(timer->data)->push_back(uv_now(timer->loop));
            },
            30 - 10 * i, 0);
      }
      uv_async_t ready;
      int worked = 0;
      uv_async_init(&loop, &ready, [](uv_async_t* async) { uv_close(generic(async), nullptr); });
      ready.data = &worked;
      uv_work_t work;
      work.data = &ready;
      uv_queue_work(
          &loop, &work,
          [](uv_work_t* request) {
            uv_sleep(15);
            auto* async = static_cast<uv_async_t*>(request->data);
            ++*static_cast<int*>(async->data);
            uv_async_send(async);
          },
          nullptr);
      uv_run(&loop, UV_RUN_DEFAULT);
      for (uv_timer_t& timer : timers) uv_close(generic(&timer), nullptr);
      uv_run(&loop, UV_RUN_DEFAULT);
      if (uv_loop_close(&loop) != 0) return 1;
      return worked == 1 && fired == std::vector<std::uint64_t>{start + 10, start + 20, start + 30} ? 0 : 2;
    });
  });
  CHECK(replay.alike);
}
