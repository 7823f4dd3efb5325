// Touching a program's memory: what can be touched, what becomes of faults that are no touch, and that a simulation
// goes on after one.
#include "sim-core/interpose/memory_faults.hpp"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <span>

#include "sim-core/base/program_memory.hpp"
#include "tests/interpose/programs.hpp"

#if defined(__x86_64__)

using namespace stillpoint;

namespace {

constexpr std::size_t kPages = 3;

// Two pages that can be written, one that can only be read, and one that is none.
class Memory {
 public:
  Memory() {
    begin_ = static_cast<char*>(
        mmap(nullptr, (kPages + 1) * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memset(begin_, 'm', kPages * kPageSize);
    mprotect(begin_ + 2 * kPageSize, kPageSize, PROT_READ);
    mprotect(begin_ + kPages * kPageSize, kPageSize, PROT_NONE);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { munmap(begin_, (kPages + 1) * kPageSize); }
  char* at(std::size_t place) const { return begin_ + place; }

 private:
  char* begin_;
};

// One that the compiler knows nothing of.
char* address(std::uintptr_t number) {
  volatile std::uintptr_t hidden = number;
  return reinterpret_cast<char*>(hidden);
}

// A handler of somebody else's, for the time of a test: what was there comes back afterwards.
class Former {
 public:
  Former(int number, const struct sigaction& action) : number_(number) { sigaction(number, &action, &before_); }
  Former(const Former&) = delete;
  Former& operator=(const Former&) = delete;
  ~Former() { sigaction(number_, &before_, nullptr); }

 private:
  int number_;
  struct sigaction before_ {};
};

sigjmp_buf way_out;
const void* volatile fault_at = nullptr;
volatile int number_seen = 0;

void leave(int number, siginfo_t* info, void*) {
  number_seen = number;
  fault_at = info->si_addr;
  siglongjmp(way_out, 1);
}

const void* where_writing_faults(char* place) {
  fault_at = nullptr;
  if (sigsetjmp(way_out, 1) == 0) *const_cast<volatile char*>(place) = 'x';
  return fault_at;
}

void raise_and_come_back(int number) {
  if (sigsetjmp(way_out, 1) == 0) raise(number);
}

void note(int number) { number_seen = number; }

struct sigaction action_of(void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  return action;
}

struct sigaction action_of(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  return action;
}

// Which signal ends a process that does this; 0: it ends by itself.
[[maybe_unused]] int what_kills(const std::function<void()>& what) {
  const pid_t child = fork();
  if (child == 0) {
    what();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

volatile int* volatile nowhere = nullptr;

}  // namespace

TEST_CASE("what can be touched") {
  interpose::catch_memory_faults();
  const Memory memory;
  const std::size_t readable_size = kPages * kPageSize;
  CHECK(is_readable_bytes(memory.at(0), readable_size));
  CHECK_FALSE(is_readable_bytes(memory.at(0), readable_size + 1));
  CHECK(readable(memory.at(10), 5 * kPageSize) == readable_size - 10);
  CHECK(writable(memory.at(10), 5 * kPageSize) == 2 * kPageSize - 10);
  CHECK(is_writable_bytes(memory.at(2 * kPageSize - 8), 8));
  CHECK_FALSE(is_writable_bytes(memory.at(2 * kPageSize - 8), 9));
  CHECK(std::string_view(memory.at(0), readable_size) == std::string(readable_size, 'm'));  // touches change nothing
  CHECK(is_readable_bytes(nullptr, 0));
  // Null, the kernel's half, and what is no address at all.
  for (const std::uintptr_t wrong : {std::uintptr_t{0}, std::uintptr_t{8}, ~std::uintptr_t{0}, ~std::uintptr_t{4095},
                                     std::uintptr_t{1} << 63, std::uintptr_t{0x800000000000}}) {
    INFO(wrong);
    CHECK_FALSE(is_readable_bytes(address(wrong), 1));
    CHECK_FALSE(is_writable_bytes(address(wrong), 1));
    CHECK(readable(address(wrong), SIZE_MAX) == 0);
  }
  CHECK(readable(memory.at(0), SIZE_MAX) == readable_size);
  CHECK_FALSE(is_readable(static_cast<const long*>(nullptr)));
}

TEST_CASE("rows and texts that can be touched") {
  interpose::catch_memory_faults();
  const Memory memory;
  char good[10];
  const iovec buffers[] = {{good, sizeof good}, {address(8), 0}, {memory.at(2 * kPageSize - 5), 10}, {good, 5}};
  const std::span<const iovec> parts(buffers);
  CHECK(readable(parts, 25) == 25);
  CHECK(writable(parts, 25) == 15);
  CHECK(is_writable(parts, 15));
  CHECK_FALSE(is_writable(parts, 16));
  CHECK_FALSE(readable_text(memory.at(0), SIZE_MAX));
  CHECK(readable_text(memory.at(kPages * kPageSize - 5), 5)->size() == 5);
  *memory.at(kPageSize + 3) = '\0';
  CHECK(readable_text(memory.at(kPageSize - 5), 4096)->size() == 8);
}

TEST_CASE("a page of a file that is not there cannot be touched") {
  interpose::catch_memory_faults();
  const int fd = memfd_create("short", 0);
  REQUIRE(ftruncate(fd, 4096) == 0);
  char* place = static_cast<char*>(mmap(nullptr, 2 * kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  CHECK(readable(place, 2 * kPageSize) == kPageSize);
  CHECK(writable(place, 2 * kPageSize) == kPageSize);
  munmap(place, 2 * kPageSize);
  close(fd);
}

TEST_CASE("a fault that is no touch goes to whoever was there before") {
  const Former former(SIGSEGV, action_of(leave));
  interpose::catch_memory_faults();
  const Memory memory;
  char* const beyond = memory.at(kPages * kPageSize);
  for (int round = 0; round < 3; ++round) {
    CHECK(readable(memory.at(0), SIZE_MAX) == kPages * kPageSize);
    CHECK(where_writing_faults(beyond) == beyond);
    CHECK(number_seen == SIGSEGV);
  }
  interpose::catch_memory_faults();  // once more changes nothing
  number_seen = 0;
  raise_and_come_back(SIGSEGV);
  CHECK(number_seen == SIGSEGV);
}

TEST_CASE("a handler without information is called too, and one that was set since is found") {
  const Former former(SIGSEGV, action_of(leave));
  interpose::catch_memory_faults();
  const Former later(SIGSEGV, action_of(note));
  interpose::catch_memory_faults();
  number_seen = 0;
  raise(SIGSEGV);
  CHECK(number_seen == SIGSEGV);
  CHECK_FALSE(is_readable_bytes(address(8), 1));
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("what nobody handles kills") {
  const auto with = [](void (*handler)(int), const std::function<void()>& what) {
    return what_kills([&] {
      const Former former(SIGSEGV, action_of(handler));
      interpose::catch_memory_faults();
      if (is_readable_bytes(address(8), 1)) _exit(1);
      what();
    });
  };
  const auto fault = [] { *nowhere = 1; };
  CHECK(with(SIG_DFL, fault) == SIGSEGV);
  CHECK(with(SIG_IGN, fault) == SIGSEGV);
  CHECK(with(SIG_DFL, [] { raise(SIGSEGV); }) == SIGSEGV);
  CHECK(with(SIG_IGN, [] { raise(SIGSEGV); }) == 0);
  // Once it is reset, it is not called again.
  CHECK(what_kills([&] {
          struct sigaction once = action_of(note);
          once.sa_flags = static_cast<int>(SA_RESETHAND);
          const Former former(SIGSEGV, once);
          interpose::catch_memory_faults();
          fault();
        }) == SIGSEGV);
}
#endif

TEST_CASE("a program goes on after a call with a bad pointer") {
  ::test::Programs programs(1);
  programs.add("solo", [](int, char**) {
    for (int i = 0; i < 100; ++i) {
      if (write(1, address(8), 5) != -1 || errno != EFAULT) return 1;
      timespec moment{0, 1'000'000};
      if (nanosleep(&moment, nullptr) != 0) return 2;
    }
    return 0;
  });
  programs.run();
  CHECK(programs.status("solo") == 0);
}

#endif
