// poll, select, epoll, and timers.
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/conformance/random/generator.hpp"

namespace stillpoint::test {
namespace {

bool any(const Generator::Slot&) { return true; }
bool is_epoll(const Generator::Slot& slot) { return slot.kind == SlotKind::epoll; }

void a_poll(Generator& generator) {
  std::vector<int> slots;
  std::vector<short> events;
  std::string text;
  do {
    slots.push_back(generator.pick_mostly(any));
    constexpr short kMany[] = {POLLIN | POLLOUT | POLLRDHUP,
                               POLLIN | POLLOUT | POLLRDHUP,
                               POLLIN,
                               POLLOUT,
                               0,
                               POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLWRNORM | POLLRDBAND | POLLWRBAND};
    events.push_back(generator.one_of(kMany));
    text += fmt::format("{}s{}: {}", text.empty() ? "" : ", ", slots.back(),
                        readiness(static_cast<std::uint16_t>(events.back())));
  } while (slots.size() < 4 && !generator.one_in(3));
  generator.add(fmt::format("poll({})", text), [=](Caller& caller) {
    std::vector<pollfd> entries;
    for (std::size_t i = 0; i < slots.size(); ++i) entries.push_back({caller.fd(slots[i]), events[i], 0});
    std::string seen = outcome(poll(entries.data(), entries.size(), 0));
    for (const pollfd& entry : entries) seen += ", " + readiness(static_cast<std::uint16_t>(entry.revents));
    return seen;
  });
}

// Everything that there is, at once.
void a_look_at_all(Generator& generator) {
  generator.add("poll(all)", [](Caller& caller) {
    std::vector<pollfd> entries;
    for (std::size_t slot = 0; slot < caller.slots(); ++slot)
      entries.push_back({caller.fd(static_cast<int>(slot)), POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0});
    std::string seen = outcome(poll(entries.data(), entries.size(), 0));
    for (std::size_t slot = 0; slot < entries.size(); ++slot)
      seen += fmt::format(", s{}: {}", slot, readiness(static_cast<std::uint16_t>(entries[slot].revents)));
    return seen;
  });
}

void a_select(Generator& generator) {
  const int one = generator.pick_mostly(any);
  const int other = generator.pick(any);
  if (one < 0 || other < 0) return;
  generator.add(fmt::format("select(s{}, s{})", one, other), [=](Caller& caller) {
    fd_set in, out, except;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&except);
    int end = 0;
    for (const int slot : {one, other}) {
      const int fd = caller.fd(slot);
      if (fd < 0) continue;
      FD_SET(fd, &in);
      FD_SET(fd, &out);
      FD_SET(fd, &except);
      end = std::max(end, fd + 1);
    }
    timeval none{};
    std::string seen = outcome(select(end, &in, &out, &except, &none));
    for (const int slot : {one, other}) {
      const int fd = caller.fd(slot);
      if (fd < 0) continue;
      seen += fmt::format(", s{}:{}{}{}", slot, FD_ISSET(fd, &in) ? " in" : "", FD_ISSET(fd, &out) ? " out" : "",
                          FD_ISSET(fd, &except) ? " except" : "");
    }
    return seen;
  });
}

// ---- epoll ----

std::uint32_t interest(Generator& generator) {
  constexpr std::uint32_t kEvents[] = {
      EPOLLIN, EPOLLIN | EPOLLRDHUP, EPOLLIN | EPOLLOUT, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI, EPOLLOUT, 0};
  std::uint32_t events = generator.one_of(kEvents);
  if (generator.one_in(2)) events |= EPOLLET;
  if (generator.one_in(5)) events |= EPOLLONESHOT;
  return events;
}

std::string interest_text(std::uint32_t events) {
  std::string text = readiness(events & ~(EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE));
  if ((events & EPOLLET) != 0) text += " ET";
  if ((events & EPOLLONESHOT) != 0) text += " ONESHOT";
  if ((events & EPOLLEXCLUSIVE) != 0) text += " EXCLUSIVE";
  return text;
}

void an_epoll_ctl(Generator& generator, int operation, const char* name) {
  const int epoll = generator.pick_mostly(is_epoll);
  const int slot = generator.pick_mostly(any);
  if (epoll < 0) return;
  std::uint32_t events = interest(generator);
  if (generator.one_in(25)) events |= EPOLLEXCLUSIVE;
  generator.add(fmt::format("epoll_ctl(s{}, {}, s{}, {})", epoll, name, slot, interest_text(events)),
                [=](Caller& caller) {
                  epoll_event event{};
                  event.events = events;
                  event.data.u64 = static_cast<std::uint64_t>(slot);
                  return outcome(epoll_ctl(caller.fd(epoll), operation, caller.fd(slot), &event));
                });
}
void an_epoll_add(Generator& generator) { an_epoll_ctl(generator, EPOLL_CTL_ADD, "ADD"); }
void an_epoll_mod(Generator& generator) { an_epoll_ctl(generator, EPOLL_CTL_MOD, "MOD"); }
void an_epoll_del(Generator& generator) {
  an_epoll_ctl(generator, generator.one_in(10) ? 9 : EPOLL_CTL_DEL, "DEL or worse");
}

void an_epoll_wait(Generator& generator) {
  const int epoll = generator.pick_mostly(is_epoll);
  if (epoll < 0) return;
  const int capacity = generator.one_of({16, 16, 16, 1, 2, 0, -1});
  generator.add(fmt::format("epoll_wait(s{}, {})", epoll, capacity), [=](Caller& caller) {
    epoll_event found[16];
    const int count = epoll_wait(caller.fd(epoll), found, capacity, 0);
    std::string seen = outcome(count);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t ready = found[i].data.u64;
      seen += fmt::format(", s{}: {}", ready, readiness(found[i].events));
    }
    return seen;
  });
}

// ---- timers ----

// Far away, off, or due already: then it is waited for.
void a_timer(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return each.kind == SlotKind::timerfd; });
  if (slot < 0) return;
  const int when = generator.number(3);
  constexpr const char* kWhen[] = {"off", "in an hour", "due already"};
  generator.add(fmt::format("timerfd_settime(s{}, {})", slot, kWhen[when]), [=](Caller& caller) {
    itimerspec value{};
    if (when == 1) value.it_value.tv_sec = 3'600;
    if (when == 2) value.it_value.tv_nsec = 1;
    itimerspec old{};
    const int result = timerfd_settime(caller.fd(slot), when == 2 ? TFD_TIMER_ABSTIME : 0, &value, &old);
    if (result != 0) return outcome(result);
    if (when == 2) {  // Linux raises an interrupt, which need not come at once
      for (int tries = 0; tries < 1'000; ++tries) {
        pollfd entry{caller.fd(slot), POLLIN, 0};
        if (poll(&entry, 1, 0) != 0) break;
        const timespec moment{0, 1'000};
        nanosleep(&moment, nullptr);
      }
    }
    return fmt::format("0, it was {}", old.it_value.tv_sec != 0 ? "set" : "off");
  });
}

constexpr Kind kKinds[] = {{8, a_poll},       {10, a_look_at_all}, {3, a_select},       {20, an_epoll_add},
                           {6, an_epoll_mod}, {3, an_epoll_del},   {24, an_epoll_wait}, {3, a_timer}};

}  // namespace

const std::span<const Kind> kWaiting(kKinds);

}  // namespace stillpoint::test
