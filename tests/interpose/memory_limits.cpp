// Hosts whose memory is limited: malloc and mmap fail there, and nowhere else.
#include <malloc.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "sim-core/interpose/trap.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "tests/interpose/in_simulation.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr std::size_t kMiB = 1 << 20;

// Under a sanitizer malloc is another one, and asks Linux by other ways.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kOwnMalloc = false;
#else
constexpr bool kOwnMalloc = true;
#endif

// Sets the limit on the running host, as a fault does.
EventId limit(std::uint64_t bytes) {
  kernel::Host& host = *kernel::current_host;
  const kernel::CurrentHost none(nullptr);
  const EventId fault = host.kernel().trace.event(EventKind::note, host.kernel().queue.now(), {}, 0);
  host.limit_memory(fault, bytes);
  return fault;
}
void lift(EventId fault) { kernel::current_host->lift_memory_limit(fault); }

// What of so many bytes malloc gives in blocks of a size.
std::size_t allocate(std::size_t block, std::size_t most) {
  std::vector<void*> blocks;
  blocks.reserve(most / block + 1);
  for (std::size_t i = 0; i < most / block; ++i) {
    void* const place = std::malloc(block);
    if (place == nullptr) break;
    blocks.push_back(place);
  }
  for (void* place : blocks) std::free(place);
  return blocks.size() * block;
}

// Runs it as a handler of a driven host, or as a program.
void on_a_host(bool driven, const std::function<void()>& what) {
  const ::test::Outcome outcome = ::test::simulate(1, 10s, [&](Simulation& simulation) {
    HostOptions options{.name = "server", .role = "server"};
    if (driven) {
      options.start = [&](asio::io_context& context) {
        asio::post(context, what);
        return std::shared_ptr<void>();
      };
    } else {
      options.main = [&](int, char**) {
        what();
        return 0;
      };
    }
    simulation.add_host(std::move(options));
  });
  CHECK(outcome.report.verdict == Verdict::pass);
}

}  // namespace

TEST_CASE("a host whose memory is limited can map so much more, and then nothing", "[memory]") {
  const bool driven = GENERATE(false, true);
  long first = 0, second = 0, third = 0, after = 0;
  int error = 0;
  on_a_host(driven, [&] {
    const auto map = [](std::size_t bytes) {
      return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    };
    const EventId fault = limit(8 * kMiB);
    void* const place = map(6 * kMiB);
    first = place != MAP_FAILED;
    second = map(3 * kMiB) != MAP_FAILED;
    error = errno;
    munmap(place, 6 * kMiB);
    third = map(3 * kMiB) != MAP_FAILED;
    lift(fault);
    after = map(100 * kMiB) != MAP_FAILED;
  });
  CHECK(first == 1);
  CHECK(second == 0);
  CHECK(error == ENOMEM);
  CHECK(third == 1);
  CHECK(after == 1);
}

TEST_CASE("malloc fails when its growth is refused, and goes on when the limit is gone", "[memory]") {
  if (!kOwnMalloc || !interpose::trap_is_armed()) return;
  const bool driven = GENERATE(false, true);
  const std::size_t block = GENERATE(16 * 1024, 2 * kMiB);  // from the heap, and mapped on their own
  CAPTURE(driven, block);
  std::size_t before = 0, limited = 0, after = 0;
  bool threw = false;
  on_a_host(driven, [&] {
    before = allocate(block, 100 * kMiB);
    malloc_trim(0);
    const EventId fault = limit(10 * kMiB);
    limited = allocate(block, 100 * kMiB);
    try {
      const std::vector<char> much(200 * kMiB);
    } catch (const std::bad_alloc&) {
      threw = true;
    }
    lift(fault);
    after = allocate(block, 100 * kMiB);
  });
  CHECK(before == 100 * kMiB);
  CHECK(limited >= 6 * kMiB);
  CHECK(limited <= 30 * kMiB);  // what malloc had free already comes on top
  CHECK(threw);
  CHECK(after == 100 * kMiB);
}

TEST_CASE("what the kernel allocates for a host whose memory is limited does not fail", "[memory]") {
  if (!kOwnMalloc || !interpose::trap_is_armed()) return;
  std::size_t written = 0;
  on_a_host(false, [&] {
    limit(0);
    allocate(kMiB, 200 * kMiB);
    while (std::malloc(4096) != nullptr) continue;  // what malloc had left
    for (int i = 0; i < 1000; ++i) {
      int more[2];
      if (socketpair(AF_UNIX, SOCK_STREAM, 0, more) != 0) return;
      static const char bytes[65536] = {};
      const ssize_t some = write(more[0], bytes, sizeof bytes);
      if (some > 0) written += static_cast<std::size_t>(some);
    }
  });
  CHECK(written == 1000u * 65536u);
}

TEST_CASE("a limit of one host is none of another's, and each refusal is in the trace", "[memory]") {
  if (!kOwnMalloc || !interpose::trap_is_armed()) return;
  std::size_t other = 0, own = 0;
  std::uint64_t events[2] = {};
  ::test::simulate(1, 10s, [&](Simulation& simulation) {
    simulation.add_host({.name = "poor", .role = "server", .main = [&](int, char**) {
                           limit(0);
                           events[0] = kernel::current_host->kernel().trace.last_event();
                           own = allocate(64 * kMiB, 640 * kMiB);
                           events[1] = kernel::current_host->kernel().trace.last_event();
                           sleep(2);
                           return 0;
                         }});
    simulation.add_host({.name = "rich", .role = "server", .main = [&](int, char**) {
                           sleep(1);
                           other = allocate(64 * kMiB, 640 * kMiB);
                           return 0;
                         }});
  });
  CHECK(own == 0);
  CHECK(other == 640 * kMiB);
  CHECK(events[1] > events[0]);
}
