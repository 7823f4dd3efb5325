// Random commands: what the machine does is what a simple model does, on every node, after every restart.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "tests/plaza/domain/model.hpp"
#include "tests/plaza/domain/random_requests.hpp"

using namespace plaza;
using namespace plaza::tickets;

namespace {

constexpr int kSeeds = 60;
constexpr int kCommands = 1500;

// Where the tickets are, as somebody would say who has seen all effects and nothing else.
class Observer {
 public:
  void see(const Machine::Applied& applied) {
    for (const Effect& effect : applied.effects) {
      Counts& counts = counts_[effect.subject];
      if (effect.kind == "open") counts.free += effect.count;
      if (effect.kind == "hold" || effect.kind == "offer") move(counts.free, counts.held, effect.count);
      if (effect.kind == "release" || effect.kind == "expire") move(counts.held, counts.free, effect.count);
      if (effect.kind == "sale") move(counts.held, counts.sold, effect.count);
      if (effect.kind == "wait") waits_[effect.key] = effect.count;
      if (effect.kind == "leave" || effect.kind == "offer") waits_.erase(effect.key);
    }
  }
  Counts counts(const std::string& event) const { return counts_.at(event); }
  std::uint32_t waiting() const {
    std::uint32_t sum = 0;
    for (const auto& [key, count] : waits_) sum += count;
    return sum;
  }

 private:
  static void move(std::uint32_t& from, std::uint32_t& to, std::uint32_t count) {
    from -= count;
    to += count;
  }
  std::map<std::string, Counts> counts_;
  std::map<RequestKey, std::uint32_t> waits_;
};

void open_all(Office& office) {
  for (const Open& event : RandomRequests::events()) {
    office.open(event);
  }
}

}  // namespace

TEST_CASE("the machine does what the model does") {
  std::map<std::string, int> told;  // how often, without numbers
  for (int seed = 0; seed < kSeeds; ++seed) {
    Office office;
    Model model;
    Observer observer;
    for (const Open& event : RandomRequests::events()) {
      observer.see(office.open(event));
      model.apply(command({}, {}, event));
    }
    RandomRequests requests(static_cast<std::uint64_t>(seed));
    for (int i = 0; i < kCommands; ++i) {
      const Command command = requests.next();
      const auto applied = office.apply(command);
      observer.see(applied);
      const std::string answer = (applied.repeated ? "again: " : "") + text_of(applied.answer);
      INFO("seed " << seed << " command " << i << " of " << command.key.user << "/" << command.key.id);
      const std::string expected = model.apply(command);
      if (command.domain == DomainId::none) continue;
      REQUIRE(answer == expected);
      ++told[answer.substr(0, answer.find_first_of("0123456789"))];
      std::uint32_t waiting = 0;
      for (const Open& event : RandomRequests::events()) {
        const std::string& name = event.event;
        const Counts counts = office.counts(name);
        REQUIRE(counts == model.counts(name));
        REQUIRE(counts.free + counts.held + counts.sold == event.capacity);
        REQUIRE(office.tickets().holds(name) == model.holds(name));
        REQUIRE(office.tickets().sales(name) == model.sales(name));
        REQUIRE(office.tickets().line(name) == model.line(name));
        Counts seen = observer.counts(name);
        seen.waiting = counts.waiting;
        REQUIRE(seen == counts);
        waiting += counts.waiting;
      }
      REQUIRE(observer.waiting() == waiting);
    }
  }
  for (const auto& [kind, times] : told) UNSCOPED_INFO(times << " times " << kind);
  // That all this happened, and often.
  for (const char* kind : {"ok ", "awaits ", "sold_out", "seat_taken", "no_such_seat", "too_many", "not_held",
                           "payment_pending", "payment_refused", "already_waiting", "not_waiting", "unknown_event",
                           "again: ok ", "again: sold_out", "id_reused"}) {
    INFO(kind);
    CHECK(told[kind] >= 10);
  }
}

TEST_CASE("what is restored from cells is the same, then and later") {
  for (int seed = 100; seed < 100 + kSeeds; ++seed) {
    Office office;
    open_all(office);
    RandomRequests requests(static_cast<std::uint64_t>(seed));
    Lcg random(static_cast<std::uint64_t>(seed));
    std::map<std::string, std::string> disk;  // what the changes alone make
    Office other;
    bool is_there = false;
    for (int i = 0; i < 800; ++i) {
      const Command command = requests.next();
      const auto applied = office.apply(command);
      for (CellChange& change : office.machine.take_changes()) {
        if (change.value) {
          disk[change.key] = *change.value;
        } else {
          disk.erase(change.key);
        }
      }
      INFO("seed " << seed << " command " << i);
      if (is_there) {
        const auto same = other.apply(command);
        REQUIRE(same.answer == applied.answer);
        REQUIRE(same.effects == applied.effects);
        REQUIRE(same.topics == applied.topics);
        REQUIRE(other.machine.hash() == office.machine.hash());
        REQUIRE(other.machine.next_due() == office.machine.next_due());
      }
      if (!random.one_in(50)) continue;
      // From the disk, or from a snapshot.
      const CellList cells = random.one_in(2) ? CellList(disk.begin(), disk.end()) : office.machine.snapshot();
      other.machine.restore(cells, office.machine.applied_index());
      is_there = true;
      REQUIRE(other.machine.hash() == office.machine.hash());
      REQUIRE(Cells::hash_of(cells) == office.machine.hash());
      REQUIRE(other.machine.now() == office.machine.now());
      REQUIRE(other.machine.next_due() == office.machine.next_due());
      REQUIRE(other.machine.take_changes().empty());
      for (const std::string topic : {"event/gala", "event/pic", "user/a", "user/b", "user/c"}) {
        REQUIRE(other.machine.view(topic) == office.machine.view(topic));
      }
    }
  }
}

TEST_CASE("equal entries give equal cells") {
  for (int seed = 200; seed < 220; ++seed) {
    Office one;
    Office two;
    open_all(one);
    open_all(two);
    RandomRequests requests(static_cast<std::uint64_t>(seed));
    for (int i = 0; i < kCommands; ++i) {
      const std::string entry = encode(requests.next());
      one.apply(entry);
      two.apply(entry);
      REQUIRE(one.machine.hash() == two.machine.hash());
    }
    CHECK(one.machine.hash() == Cells::hash_of(one.machine.cells().all()));
  }
}

TEST_CASE("whatever is repeated is answered as before and changes nothing, for as long as answers are kept") {
  struct Given {
    Command command;
    Answer answer;
    LogTime when;
  };
  int repeated = 0;
  int forgotten = 0;
  for (int seed = 300; seed < 330; ++seed) {
    Office office;
    open_all(office);
    RandomRequests requests(static_cast<std::uint64_t>(seed));
    Lcg random(static_cast<std::uint64_t>(seed));
    std::map<RequestKey, Given> given;
    for (int i = 0; i < kCommands; ++i) {
      const Command command = requests.next();
      const auto applied = office.apply(command);
      if (command.domain != DomainId::none && !applied.answer.awaits && !applied.repeated &&
          applied.answer.refusal != Refusal::id_reused) {
        given[command.key] = {command, applied.answer, office.machine.now()};
      }
      if (given.empty()) continue;
      auto at = given.begin();
      std::advance(at, random.below(static_cast<std::uint32_t>(given.size())));
      if (office.machine.now() - at->second.when >= kAnswersKept) {
        given.erase(at);
        ++forgotten;
        continue;
      }
      Command again = at->second.command;
      again.time = office.machine.now();
      // What is too old is forgotten first, a few at a time.
      auto hash = office.machine.hash();
      for (office.let_pass(again.time); office.machine.hash() != hash; office.let_pass(again.time)) {
        hash = office.machine.hash();
      }
      const auto same = office.apply(again);
      REQUIRE(same.repeated);
      REQUIRE(same.answer == at->second.answer);
      REQUIRE(same.effects.empty());
      REQUIRE(same.topics.empty());
      REQUIRE(office.machine.hash() == hash);
      ++repeated;
    }
  }
  CHECK(repeated > 10'000);
  CHECK(forgotten > 100);
}
