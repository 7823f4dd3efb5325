// Asio's signal_set, and signals that end a process, on driven hosts and in ordinary programs.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "sim-core/kernel/current.hpp"
#include "sim-core/process/program.hpp"
#include "tests/base/ends.hpp"
#include "tests/interpose/in_simulation.hpp"
#include "tests/trace/memory_trace.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// A service that stops in order when it is asked to.
struct Graceful {
  Graceful(asio::io_context& context, std::vector<std::string>& story, Simulation& simulation, std::string name)
      : signals(context, SIGTERM, SIGHUP),
        timer(context),
        its_story(story),
        its_simulation(simulation),
        its_name(name) {
    timer.expires_after(1h);
    timer.async_wait([this](const boost::system::error_code& error) { note(error ? "timer cancelled" : "timer"); });
    wait();
  }
  void wait() {
    signals.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      note(std::string("SIG") + sigabbrev_np(number));
      if (number == SIGHUP) return wait();
      timer.cancel();
    });
  }
  void note(const std::string& what) {
    its_story.push_back(its_name + " " + what + " at " + std::to_string(its_simulation.now().time_since_epoch() / 1ms));
  }
  asio::signal_set signals;
  asio::steady_timer timer;
  std::vector<std::string>& its_story;
  Simulation& its_simulation;
  std::string its_name;
};

struct TwoServices {
  ::test::Outcome outcome;
  std::vector<std::string> story;
};

TwoServices simulate_two_services() {
  TwoServices result;
  result.outcome = ::test::simulate(1, 10s, [&result](Simulation& simulation) {
    HostId hosts[2];
    const char* names[] = {"first", "second"};
    for (int i = 0; i < 2; ++i) {
      hosts[i] = simulation.add_host(
          {.name = names[i],
           .role = "server",
           .slice_cost = 10us,
           .start = [&result, &simulation, name = names[i]](asio::io_context& context) -> std::shared_ptr<void> {
             return std::make_shared<Graceful>(context, result.story, simulation, name);
           }});
    }
    simulation.at(VirtualTime(1s), [&simulation, second = hosts[1]] { simulation.signal(second, SIGHUP); });
    simulation.at(VirtualTime(2s), [&simulation, first = hosts[0]] { simulation.signal(first, SIGTERM); });
    simulation.at(VirtualTime(3s), [&simulation, second = hosts[1]] { simulation.signal(second, SIGTERM); });
  });
  return result;
}

// What becomes of a driven host that is sent a signal a second after its start.
::test::Outcome signalled(
    int number, std::function<void()> prepare = [] {}) {
  return ::test::simulate(1, 5s, [&](Simulation& simulation) {
    const HostId host = simulation.add_host(
        {.name = "server", .role = "role", .start = [&](asio::io_context& context) -> std::shared_ptr<void> {
           prepare();
           auto timer = std::make_shared<asio::steady_timer>(context, 1h);
           timer->async_wait([](const boost::system::error_code&) {});
           return timer;
         }});
    simulation.at(VirtualTime(1s), [&simulation, host, number] { simulation.signal(host, number); });
  });
}

// How an ordinary program ends; `sent` comes after a second from outside, if it is a signal.
struct End {
  bool ended = false;
  ProgramEnd how;
};

[[noreturn]] void refuse(kernel::Host&, const char* call, const void*) {
  kernel::set_current_host(nullptr);
  std::fprintf(stderr, "called %s\n", call);
  std::abort();
}

struct Sent final : Event {
  void fire() override { host->raise(number); }
  kernel::Host* host = nullptr;
  int number = 0;
};

End run(process::Main main, int sent = 0) {
  stillpoint::test::MemoryTrace trace(1 << 22);
  kernel::Kernel kernel(trace.writer, 1, refuse);
  kernel::Host& host = kernel.add_host({.name = "host", .role = "test", .address = {0x0A000001}});
  End end;
  process::Program program(host, std::move(main), {"program"}, [&end](const ProgramEnd& how) {
    end.ended = true;
    end.how = how;
  });
  host.boot(program);
  Sent signal;
  signal.host = &host;
  signal.number = sent;
  if (sent != 0) kernel.queue.schedule(signal, VirtualTime(1s));
  while (!end.ended && !kernel.queue.empty()) kernel.queue.pop().fire();
  return end;
}

int sleeping_main(int, char**) {
  sleep(10);
  return 0;
}

}  // namespace

TEST_CASE("two services wait for signals with Asio, each for its own") {
  const TwoServices result = simulate_two_services();
  CHECK(result.outcome.report.verdict == Verdict::pass);
  CHECK(result.story == std::vector<std::string>{"second SIGHUP at 1000", "first SIGTERM at 2000",
                                                 "first timer cancelled at 2000", "second SIGTERM at 3000",
                                                 "second timer cancelled at 3000"});
  CHECK(simulate_two_services().outcome.hash == result.outcome.hash);
}

TEST_CASE("a program stops in order when it is asked to") {
  std::vector<std::string> story;
  const auto main = [&story](int, char**) {
    asio::io_context context;
    asio::signal_set signals(context, SIGTERM, SIGINT);
    auto work = asio::make_work_guard(context);
    signals.async_wait([&](const boost::system::error_code&, int number) {
      story.push_back(std::string("SIG") + sigabbrev_np(number));
      work.reset();
    });
    std::thread second([&context] { context.run(); });
    context.run();
    second.join();
    story.push_back("in order");
    return 3;
  };
  const End end = run(main, SIGTERM);
  REQUIRE(end.ended);
  CHECK(!end.how.by_signal);
  CHECK(end.how.status == 3);
  CHECK(story == std::vector<std::string>{"SIGTERM", "in order"});
}

TEST_CASE("a signal that nobody handles ends a program, and is a crash of a driven host") {
  const int number = GENERATE(SIGTERM, SIGKILL, SIGHUP, SIGUSR1, SIGRTMIN);
  const End end = run(sleeping_main, number);
  REQUIRE(end.ended);
  CHECK(end.how.by_signal);
  CHECK(end.how.status == number);

  const ::test::Outcome outcome = signalled(number);
  CHECK(outcome.report.verdict == Verdict::crash);
  CHECK_THAT(outcome.report.reason, Catch::StartsWith("host server died of SIG"));
  CHECK(outcome.virtual_time == 1s);
}

TEST_CASE("a signal that is ignored changes nothing") {
  CHECK(run(sleeping_main, SIGCHLD).how.status == 0);
  CHECK(signalled(SIGWINCH).report.verdict == Verdict::pass);
  CHECK(signalled(SIGTERM, [] { signal(SIGTERM, SIG_IGN); }).report.verdict == Verdict::pass);
}

TEST_CASE("a driven host's handler runs at the beginning of its turn") {
  static int seen;
  seen = 0;
  const ::test::Outcome outcome = signalled(SIGTERM, [] { signal(SIGTERM, [](int number) { seen = number; }); });
  CHECK(outcome.report.verdict == Verdict::pass);
  CHECK(seen == SIGTERM);
}

TEST_CASE("a program dies of its own signals at once") {
  static bool went_on;
  went_on = false;
  const auto itself = [](int, char**) {
    raise(SIGTERM);
    went_on = true;
    return 0;
  };
  CHECK(run(itself).how.status == SIGTERM);
  // Also where another thread is asked first, and where it unblocks what was pending.
  const auto from_a_thread = [](int, char**) {
    std::thread([] {
      kill(getpid(), SIGUSR1);
      went_on = true;
    }).join();
    return 0;
  };
  CHECK(run(from_a_thread).how.status == SIGUSR1);
  const auto unblocked = [](int, char**) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    raise(SIGUSR2);
    sleep(1);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    went_on = true;
    return 0;
  };
  CHECK(run(unblocked).how.status == SIGUSR2);
  CHECK_FALSE(went_on);
}

TEST_CASE("abort runs its handler, and ends the program nevertheless") {
  static int seen;
  seen = 0;
  const auto main = [](int, char**) -> int {
    signal(SIGABRT, [](int) { ++seen; });
    abort();
  };
  CHECK(run(main).how.status == SIGABRT);
  CHECK(seen == 1);
  const auto ignores = [](int, char**) -> int {
    signal(SIGABRT, SIG_IGN);
    abort();
  };
  CHECK(run(ignores).how.status == SIGABRT);
}

TEST_CASE("a driven host that kills itself in the midst of a handler takes the simulation with it") {
  const stillpoint::test::Ending ending = stillpoint::test::ending_of([] { signalled(SIGWINCH, [] { raise(SIGTERM); }); });
  CHECK(ending.signal == SIGTERM);
}

TEST_CASE("a signal to its own group reaches the process, and nobody else is there") {
  static int seen;
  seen = 0;
  const auto main = [](int, char**) {
    signal(SIGUSR1, [](int) { ++seen; });
    int wrong = 0;
    wrong += kill(0, SIGUSR1) != 0;
    wrong += kill(-getpid(), SIGUSR1) != 0;
    wrong += kill(1, 0) != -1 || errno != ESRCH;
    wrong += kill(-1, SIGUSR1) != -1 || errno != ESRCH;
    return wrong;
  };
  CHECK(run(main).how.status == 0);
  CHECK(seen == 2);
}
