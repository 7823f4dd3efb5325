#pragma once
// Two hosts that run processes which a test scripts, and what the trace says of them.
#include <functional>
#include <vector>

#include "tests/kernel/machines.hpp"

namespace stillpoint::test {

// A process that does nothing unless the test says what.
struct Idle final : kernel::Process {
  explicit Idle(std::function<bool()> what = nullptr) : turn(std::move(what)) {}
  bool step() override {
    ++turns;
    return turn != nullptr && turn();
  }
  std::function<bool()> turn;
  int turns = 0;
};

struct Booted : Machines {
  explicit Booted(std::uint64_t seed = 1) : Machines(seed) {
    a.host.boot(of_a);
    b.host.boot(of_b);
    settle();
  }
  void boot(Machine& machine) {
    machine.host.boot(&machine == &a ? of_a : of_b);
    run_for(0s);
  }
  std::vector<Entry> events(EventKind kind) const { return trace.events(kind); }
  EventId note() { return kernel.trace.event(EventKind::note, kernel.queue.now(), {}, 0); }
  // The number of the last event of a kind.
  EventId last(EventKind kind) const {
    EventId number = 0, found = kNoEvent;
    for (const Entry& entry : trace.records()) {
      if (entry.header.type != RecordType::event) continue;
      ++number;
      if (entry.kind() == kind) found = number;
    }
    return found;
  }
  // The event with this number.
  Entry event(EventId id) const {
    EventId number = 0;
    for (const Entry& entry : trace.records()) {
      if (entry.header.type == RecordType::event && ++number == id) return entry;
    }
    FAIL("no such event");
    return {};
  }
  // The causes of the event after its first one.
  std::vector<Cause> edges_of(EventId id) const {
    std::vector<Cause> edges;
    for (const Entry& entry : trace.records()) {
      if (entry.header.type == RecordType::edge && entry.header.subject == id)
        edges.push_back({entry.header.cause, entry.header.cause_kind});
    }
    return edges;
  }
  Idle of_a, of_b;
};

}  // namespace stillpoint::test
