// Calls on descriptors as such.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/conformance/random/generator.hpp"

namespace stillpoint::test {
namespace {

bool any(const Generator::Slot&) { return true; }

// What a duplicate is: what the first one is.
int add_copy(Generator& generator, int of) {
  const Generator::Slot original = generator.slot(of);
  const int slot = generator.add_slot(original.kind);
  generator.slot(slot) = original;
  return slot;
}

void a_close(Generator& generator) {
  const int slot = generator.pick_mostly(any);
  if (slot >= 0 && static_cast<std::size_t>(slot) < generator.slots().size()) generator.slot(slot).open = false;
  generator.add(fmt::format("close(s{})", slot), [=](Caller& caller) { return outcome(close(caller.fd(slot))); });
}

void a_dup(Generator& generator) {
  const int slot = generator.pick_mostly(any);
  if (slot < 0 || generator.full()) return;
  const int copy = add_copy(generator, slot);
  switch (generator.below(3)) {
    case 0:
      generator.add(fmt::format("s{} = dup(s{})", copy, slot),
                    [=](Caller& caller) { return caller.keep(copy, dup(caller.fd(slot))); });
      break;
    case 1: {
      const int least = generator.one_of({0, 2, 8, 20});
      generator.add(fmt::format("s{} = fcntl(s{}, F_DUPFD_CLOEXEC, {})", copy, slot, least), [=](Caller& caller) {
        return caller.keep(copy, fcntl(caller.fd(slot), F_DUPFD_CLOEXEC, caller.first() + least));
      });
      break;
    }
    default: {
      const int to = generator.one_of({1, 5, 25});
      generator.add(fmt::format("s{} = dup2(s{}, fd {})", copy, slot, to),
                    [=](Caller& caller) { return caller.keep(copy, dup2(caller.fd(slot), caller.first() + to)); });
      break;
    }
  }
}

// Over another slot, whose file is closed.
void a_dup_over(Generator& generator) {
  const int from = generator.pick_mostly(any);
  const int to = generator.pick(any);
  if (from < 0 || to < 0) return;
  const Generator::Slot original = generator.slot(from);
  generator.slot(to) = original;
  if (generator.one_in(2)) {
    generator.add(fmt::format("dup2(s{}, s{})", from, to), [=](Caller& caller) {
      const int result = dup2(caller.fd(from), caller.fd(to));
      return result < 0 ? outcome(result) : caller.number(result);
    });
  } else {
    generator.add(fmt::format("dup3(s{}, s{}, O_CLOEXEC)", from, to), [=](Caller& caller) {
      const int result = dup3(caller.fd(from), caller.fd(to), O_CLOEXEC);
      return result < 0 ? outcome(result) : caller.number(result);
    });
  }
}

void a_fcntl(Generator& generator) {
  const int slot = generator.pick_mostly(any);
  struct Command {
    int command;
    long argument;
    const char* text;
  };
  // Nothing may ever block: O_NONBLOCK stays.
  constexpr Command kCommands[] = {{F_GETFL, 0, "F_GETFL"},
                                   {F_GETFD, 0, "F_GETFD"},
                                   {F_SETFD, FD_CLOEXEC, "F_SETFD, FD_CLOEXEC"},
                                   {F_SETFD, 0, "F_SETFD, 0"},
                                   {F_SETFL, O_NONBLOCK, "F_SETFL, O_NONBLOCK"},
                                   {F_SETFL, O_NONBLOCK | O_APPEND, "F_SETFL, O_NONBLOCK|O_APPEND"},
                                   {F_GETPIPE_SZ, 0, "F_GETPIPE_SZ"},
                                   {F_SETPIPE_SZ, 4'096, "F_SETPIPE_SZ, 4096"},
                                   {F_SETPIPE_SZ, 100'000, "F_SETPIPE_SZ, 100000"}};
  const Command& chosen = generator.one_of(kCommands);
  generator.add(fmt::format("fcntl(s{}, {})", slot, chosen.text),
                [=](Caller& caller) { return outcome(fcntl(caller.fd(slot), chosen.command, chosen.argument)); });
}

void an_ioctl(Generator& generator) {
  const int slot = generator.pick_mostly(any);
  struct Request {
    unsigned long request;
    const char* text;
  };
  constexpr Request kRequests[] = {{FIONREAD, "FIONREAD"}, {FIONREAD, "FIONREAD"}, {FIONBIO, "FIONBIO, 1"},
                                   {FIOCLEX, "FIOCLEX"},   {SIOCOUTQ, "SIOCOUTQ"}, {TIOCGWINSZ, "TIOCGWINSZ"}};
  const Request chosen = generator.one_of(kRequests);
  generator.add(fmt::format("ioctl(s{}, {})", slot, chosen.text), [=](Caller& caller) {
    // What of TCP is not acknowledged yet depends on delayed acknowledgements; the kernel does not serve it of UDP.
    if (chosen.request == SIOCOUTQ && (caller.domain(slot) == AF_INET || caller.domain(slot) == AF_INET6))
      return std::string("not asked");
    int number[4] = {1, 0, 0, 0};
    const int result = ioctl(caller.fd(slot), chosen.request, number);
    return result < 0 ? outcome(result) : fmt::format("{}: {}", result, number[0]);
  });
}

void a_seek(Generator& generator) {
  const int slot = generator.pick_mostly(any);
  const int whence = generator.one_of({SEEK_SET, SEEK_CUR, SEEK_END, 9});
  generator.add(fmt::format("lseek(s{}, 0, {})", slot, whence),
                [=](Caller& caller) { return outcome(lseek(caller.fd(slot), 0, whence)); });
}

// Of sockets and pipes: the others have no kind of file that fstat(2) names.
void a_stat(Generator& generator) {
  const int slot = generator.pick_mostly(any);
  generator.add(fmt::format("fstat(s{})", slot), [=](Caller& caller) {
    if (caller.type(slot) < 0 && fcntl(caller.fd(slot), F_GETPIPE_SZ) < 0) return std::string("not asked");
    struct stat status {};
    const int result = fstat(caller.fd(slot), &status);
    return result < 0 ? outcome(result) : fmt::format("{:#o}", status.st_mode);
  });
}

constexpr Kind kKinds[] = {{10, a_close}, {5, a_dup},  {3, a_dup_over}, {5, a_fcntl},
                           {8, an_ioctl}, {1, a_seek}, {1, a_stat}};

}  // namespace

const std::span<const Kind> kDescribing(kKinds);

}  // namespace stillpoint::test
