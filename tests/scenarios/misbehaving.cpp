// The behaviour `misbehaving`, for tests of the harness: one host whose service does something bad, by name, after a
// while of good behaviour.
#include <fcntl.h>
#include <sys/stat.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <stillpoint/scenario.hpp>

namespace {

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;

// The time-stamp counter: real entropy that no system call can be interposed for.
std::uint64_t real_entropy() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  std::uint64_t value = 0;
  asm volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
#endif
}

// The real process, which no host ever sees.
pid_t real_process = 0;

class Service {
 public:
  Service(asio::io_context& context, Simulation& simulation, std::string kind)
      : context_(context), simulation_(simulation), kind_(std::move(kind)), timer_(context) {
    simulation_.note("drew " + std::to_string(std::random_device()()));
    tick();
  }

 private:
  void tick() {
    timer_.expires_after(1ms);
    timer_.async_wait([this](boost::system::error_code) {
      simulation_.note("tick " + std::to_string(++ticks_));
      if (kind_ == "print" && ticks_ % 50 == 0) std::printf("the service has ticked\n");
      if (ticks_ == 100) misbehave();
      if (ticks_ < 200) tick();
    });
  }

  void misbehave() {
    if (kind_ == "segv") raise_for_real(SIGSEGV);
    if (kind_ == "kill") raise_for_real(SIGKILL);
    if (kind_ == "abort") std::abort();
    if (kind_ == "exit") std::exit(3);
    if (kind_ == "throw") throw std::runtime_error("the ticket printer is on fire");
    if (kind_ == "mkfifo") ::mkfifo("/tmp/pipe", 0600);
    if (kind_ == "fork") ::fork();
    if (kind_ == "entropy") simulation_.note("real entropy " + std::to_string(real_entropy()));
    if (kind_ == "post-for-ever") post_for_ever();
    if (kind_ == "wait-for-clock") wait_for_clock();
    if (kind_ == "observer-call") {
      const Observing observing(simulation_);
      ::getpid();
    }
    if (kind_ == "loop-for-ever") {
      for (volatile unsigned n = 0;;) n = n + 1;
    }
    if (kind_ == "poll-for-ever") {
      while (::poll(nullptr, 0, 0) == 0) continue;
    }
    if (kind_ == "leak") leak();
    if (kind_ == "flood") flood();
    if (kind_ == "lock") wait_for_lock();
    if (kind_ == "null") read_through(nullptr);
    if (kind_ == "recurse") ticks_ += recurse(1);
  }

  [[gnu::noinline]] void leak() {
    for (;;) leaked_.push_back(std::make_unique<std::string>(1 << 20, 'x'));
  }
  [[gnu::noinline]] static void flood() {
    for (;;) std::puts("the printer is on fire, and the printer is on fire, and the printer is on fire");
  }
  // A lock that is held already: no event will ever release it.
  [[gnu::noinline]] void wait_for_lock() {
    lock_.lock();
    lock_.lock();
  }
  [[gnu::noinline]] void read_through(const volatile int* nothing) { ticks_ += *nothing; }
  [[gnu::noinline]] int recurse(int depth) {
    volatile char frame[4096] = {};
    return depth == 0 ? 0 : recurse(depth + 1) + frame[static_cast<std::size_t>(depth) % sizeof frame];
  }

  // Not raise(): the signal comes from outside of what the virtual kernel serves.
  static void raise_for_real(int number) {
    register long nr asm("rax") = 62;  // kill
    register long target asm("rdi") = real_process;
    register long sig asm("rsi") = number;
    asm volatile("syscall" : "+r"(nr) : "r"(target), "r"(sig) : "rcx", "r11", "memory");
  }

  void post_for_ever() {
    asio::post(context_, [this] { post_for_ever(); });
  }

  // Spins until a millisecond has passed on the clock: on virtual time this must end.
  void wait_for_clock() {
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < 1ms) {
    }
    simulation_.note("the clock has moved");
  }

  asio::io_context& context_;
  Simulation& simulation_;
  std::string kind_;
  asio::steady_timer timer_;
  std::vector<std::unique_ptr<std::string>> leaked_;
  std::mutex lock_;
  int ticks_ = 0;
};

class Misbehaving final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string&) override {
    kind_ = settings.text("service.kind", "none");
    real_process = ::getpid();
  }
  void build(Simulation& simulation) override {
    Check& check = simulation.safety("nothing is wrong");
    check.held();
    if (kind_ == "by-seed") {
      constexpr const char* kKinds[] = {"none", "null", "loop-for-ever", "leak", "flood"};
      kind_ = kKinds[simulation.seed() % 5];
    }
    simulation.add_host({.name = "server-1", .role = "server", .start = [this, &simulation](asio::io_context& context) {
                           return std::make_shared<Service>(context, simulation, kind_);
                         }});
    if (kind_ == "scenario-call") ::getpid();
    if (kind_ == "print") {
      std::printf("the scenario is built\n");
      simulation.at(VirtualTime(50ms), [] { std::printf("the scenario keeps an appointment\n"); });
    }
    if (kind_ == "violation" || kind_ == "entropy-violation") {
      if (kind_ == "entropy-violation") simulation.note("real entropy " + std::to_string(real_entropy()));
      simulation.at(VirtualTime(50ms), [&simulation, &check] {
        const EventId witness = simulation.note("the deed");
        check.broken(
            {.promised = "right", .found = "wrong", .because = "of the deed", .witnesses = {{witness, "deed"}}});
      });
    }
  }
  void finish(Simulation&) override {
    if (kind_ == "print") std::printf("the scenario is finished\n");
  }

 private:
  std::string kind_;
};

const RegisterBehaviour kMisbehaving{
    {.name = "misbehaving", .bugs = {}, .make = [] { return std::make_unique<Misbehaving>(); }}};

// The behaviour `pointers`: a service whose behaviour depends on the order of heap addresses, as that of a std::set of
// pointers does.
class PointerService {
 public:
  PointerService(asio::io_context& context, Simulation& simulation, std::uint64_t count)
      : simulation_(simulation), count_(count), timer_(context) {
    round();
  }

 private:
  void round() {
    std::set<std::string*> sorted;
    std::map<std::string*, std::uint64_t> numbers;
    for (std::uint64_t number = 0; number < count_; ++number) {
      // Sizes that come from all over the heap, and holes between them.
      auto* text = new std::string(16 + number * 37 % 3000, 'x');
      owned_.emplace_back(text);
      if (number % 3 == 0) owned_.erase(owned_.begin() + static_cast<std::ptrdiff_t>(number % owned_.size()));
    }
    for (std::uint64_t number = 0; number < owned_.size(); ++number) {
      sorted.insert(owned_[number].get());
      numbers[owned_[number].get()] = number;
    }
    std::string order;
    for (std::string* text : sorted) order += std::to_string(numbers[text]) + " ";
    order += std::to_string(reinterpret_cast<std::uintptr_t>(*sorted.begin()) >> 4);  // and the addresses themselves
    simulation_.note(order + " " + std::to_string(std::random_device()()));
    if (++rounds_ == 20) return;
    timer_.expires_after(1ms);
    timer_.async_wait([this](boost::system::error_code) { round(); });
  }

  Simulation& simulation_;
  std::uint64_t count_;
  asio::steady_timer timer_;
  std::vector<std::unique_ptr<std::string>> owned_;
  int rounds_ = 0;
};

class Pointers final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string&) override {
    count_ = settings.count("service.count", {1, 100'000}, 200);
  }
  void build(Simulation& simulation) override {
    simulation.add_host({.name = "server-1", .role = "server", .start = [this, &simulation](asio::io_context& context) {
                           return std::make_shared<PointerService>(context, simulation, count_);
                         }});
  }

 private:
  std::uint64_t count_ = 0;
};

const RegisterBehaviour kPointers{
    {.name = "pointers", .bugs = {}, .make = [] { return std::make_unique<Pointers>(); }}};

}  // namespace
