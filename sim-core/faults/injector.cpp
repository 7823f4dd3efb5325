#include "sim-core/faults/injector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim-core/base/assert.hpp"
#include "sim-core/kernel/current.hpp"

namespace stillpoint::faults {
namespace {

// As far away as the end of any run.
constexpr Duration kForGood = std::chrono::hours(24 * 365);

kernel::SchedulerPolicy policy_of(const Scheduling& scheduling) {
  using Kind = kernel::SchedulerPolicy::Kind;
  constexpr Kind kKinds[] = {Kind::random, Kind::fifo, Kind::pct, Kind::delay_host};
  kernel::SchedulerPolicy policy;
  policy.kind = kKinds[static_cast<std::size_t>(scheduling.policy)];
  policy.changes = static_cast<unsigned>(scheduling.changes);
  if (scheduling.horizon > 0) policy.horizon = scheduling.horizon;
  policy.host = scheduling.host;
  policy.delay = scheduling.delay;
  return policy;
}

EventKind event_kind(std::string_view name) {
  for (std::uint8_t kind = 1; kind < kEventKinds; ++kind) {
    if (name_of(static_cast<EventKind>(kind)) == name) return static_cast<EventKind>(kind);
  }
  SP_ASSERT(name.empty());
  return EventKind::stop;
}

std::vector<std::string> names_of(kernel::Kernel& kernel, const std::vector<HostId>& hosts) {
  std::vector<std::string> names;
  for (const HostId host : hosts) names.push_back(kernel.host(host).name());
  return names;
}

}  // namespace

// A fault of the plan, in this run.
class Injector::Life final : public Event {
 public:
  Life(Injector& injector, const Fault& fault)
      : fault_(fault), injector_(injector), random_(injector.kernel_.seed, "fault", fault.name) {}
  ~Life() override {
    injector_.kernel_.queue.cancel(*this);
    injector_.kernel_.queue.cancel(steps_);
  }

  const Fault& fault() const { return fault_; }
  bool waits() const { return state_ == State::waiting; }
  bool is_on() const { return state_ == State::on; }
  // Of one that has begun.
  bool happened() const { return begun_at_.has_value(); }
  VirtualTime begun_at() const { return *begun_at_; }
  VirtualTime ended_at() const { return ended_at_; }
  const std::vector<HostId>& hosts() const { return circumstances_->hosts; }
  EventId event() const { return circumstances_->event; }
  // Of a fail-call: how many calls there were since it began, until it ended.
  std::uint64_t calls_seen() const {
    if (!is_on()) return calls_seen_;
    std::uint64_t calls = 0;
    for (const HostId host : hosts()) calls += injector_.kernel_.host(host).calls_seen(circumstances_->event);
    return calls;
  }

  void start() {
    if (fault_.when.event.empty()) return schedule(fault_.when.at);
    watched_ = event_kind(fault_.when.event);
  }
  // The kind of events that it waits for.
  std::optional<EventKind> watched() const {
    return waits() && !fault_.when.event.empty() && !scheduled() ? std::optional(watched_) : std::nullopt;
  }
  // One of these has come.
  void saw(Where where, std::span<const std::byte> payload) {
    const Trigger& when = fault_.when;
    const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
    if (!when.host.empty() && (where.host == kHarness || injector_.kernel_.host(where.host).name() != when.host))
      return;
    if (!when.text.empty() && text.find(when.text) == std::string_view::npos) return;
    if (++seen_ == when.nth) schedule(injector_.kernel_.queue.now().time_since_epoch() + when.at);
  }

  // Its time has come, to begin or to end.
  void fire() override {
    const CurrentHost nobody(nullptr);
    waits() ? begin() : end();
  }

  void end() {
    if (!is_on()) return;
    const kernel::CurrentHost nobody(nullptr);
    kernel::Kernel& kernel = injector_.kernel_;
    kernel.queue.cancel(*this);
    kernel.queue.cancel(steps_);
    if (fault_.kind == Kind::fail_call) calls_seen_ = calls_seen();
    state_ = State::over;
    ended_at_ = kernel.queue.now();
    kernel.trace.event(EventKind::heal, kernel.queue.now(), where(), circumstances_->event, 0, 0,
                       {circumstances_->event, CauseKind::fault});
    deed_->end();
  }
  // It has not begun, and never will.
  void give_up() {
    injector_.kernel_.queue.cancel(*this);
    state_ = State::over;
  }

 private:
  using CurrentHost = kernel::CurrentHost;
  enum class State : std::uint8_t { waiting, on, over };
  struct Steps final : Event {
    explicit Steps(Life& owner) : life(owner) {}
    Life& life;
    void fire() override {
      const kernel::CurrentHost nobody(nullptr);
      life.step_after(life.deed_->step());
    }
  };

  void schedule(Duration at) {
    EventQueue& queue = injector_.kernel_.queue;
    queue.schedule(*this, std::max(VirtualTime(at), queue.now()));
  }

  void step_after(std::optional<Duration> wait) {
    EventQueue& queue = injector_.kernel_.queue;
    if (wait && is_on()) return queue.schedule(steps_, queue.now() + *wait);
    // A deed that goes its own way in steps is over with the last of them.
    if (!wait && is_on() && !scheduled() && info(fault_.kind).lasting == Lasting::moment) end();
  }

  // Where it belongs in the trace: to its host, if it has one.
  Where where() const {
    return circumstances_->hosts.size() == 1 ? injector_.kernel_.host(circumstances_->hosts.front()).where() : Where{};
  }

  void begin() {
    kernel::Kernel& kernel = injector_.kernel_;
    state_ = State::over;
    const KindInfo& kind = info(fault_.kind);
    circumstances_.emplace(Circumstances{.fault = fault_,
                                         .event = kNoEvent,
                                         .kernel = kernel,
                                         .machines = injector_.machines_,
                                         .hosts = {},
                                         .links = {},
                                         .until = until(),
                                         .random = random_});
    Circumstances& now = *circumstances_;
    Fault told = fault_;
    if (kind.aim == Aim::hosts) {
      now.hosts = injector_.hosts_of(fault_.on, now.random);
      std::erase_if(now.hosts, [&](HostId host) { return !could_hit(fault_.kind, kernel.host(host)); });
      if (now.hosts.empty()) return;
      told.on = names_of(kernel, now.hosts);
    } else {
      const std::vector<HostId> from = injector_.hosts_of(fault_.from, now.random);
      const std::vector<HostId> to = injector_.hosts_of(fault_.to, now.random);
      now.links = directions(from, to);
      if (now.links.empty()) return;
      told.from = names_of(kernel, from);
      told.to = names_of(kernel, to);
    }
    const std::string payload = fmt::format("{}{}{}{}{}", fault_.name, '\0', kind.name, '\0', in_words(told));
    now.event = kernel.trace.event(EventKind::fault, kernel.queue.now(), where(), 0, 0, 0, cause_, payload);
    if (fault_.kind != Kind::fail_call) ++injector_.happened_[fault_.kind];
    begun_at_ = kernel.queue.now();
    deed_ = make_deed(now);
    state_ = State::on;
    const std::optional<Duration> wait = deed_->begin();
    if (kind.lasting == Lasting::moment && !wait) {
      state_ = State::over;
      ended_at_ = kernel.queue.now();
      return;
    }
    if (kind.lasting == Lasting::time && fault_.lasts) schedule(now.until.time_since_epoch());
    step_after(wait);
  }

  std::vector<Direction> directions(const std::vector<HostId>& from, const std::vector<HostId>& to) const {
    std::vector<Direction> links;
    const auto add = [&](HostId one, HostId other) {
      const bool there =
          std::ranges::any_of(links, [&](const Direction& link) { return link.from == one && link.to == other; });
      if (one != other && !there) links.push_back({one, other});
    };
    for (const HostId one : from) {
      for (const HostId other : to) {
        add(one, other);
        if (fault_.both_ways) add(other, one);
      }
    }
    return links;
  }

  VirtualTime until() const {
    const VirtualTime now = injector_.kernel_.queue.now();
    const VirtualTime end = now + (fault_.lasts ? *fault_.lasts : kForGood);
    const Healing& healing = injector_.plan_.healing;
    if (!healing.at || healing.except != Healing::Except::nobody) return end;
    return std::max(now, std::min(end, VirtualTime(*healing.at)));
  }

  const Fault& fault_;
  Injector& injector_;
  RandomStream random_;
  State state_ = State::waiting;
  EventKind watched_{};
  std::uint64_t seen_ = 0;
  std::uint64_t calls_seen_ = 0;
  Cause cause_{};  // what it was triggered by
  std::optional<VirtualTime> begun_at_;
  VirtualTime ended_at_ = VirtualTime::max();
  std::optional<Circumstances> circumstances_;
  std::unique_ptr<Deed> deed_;
  Steps steps_{*this};
  friend class Injector;
};

class Injector::Heal final : public Event {
 public:
  explicit Heal(Injector& injector) : injector_(injector) {}
  ~Heal() override { injector_.kernel_.queue.cancel(*this); }
  void fire() override { injector_.heal(); }

 private:
  Injector& injector_;
};

Injector::Injector(Plan plan, kernel::Kernel& kernel, Machines& machines)
    : plan_(std::move(plan)), kernel_(kernel), machines_(machines) {
  kernel.set_policy(policy_of(plan_.scheduling));
}

Injector::~Injector() { kernel_.trace.watch(0, nullptr); }

void Injector::start() {
  std::uint64_t watched = 0;
  for (const Fault& fault : plan_.faults) {
    Life& life = lives_.emplace_back(*this, fault);
    life.start();
    if (life.watched()) watched |= std::uint64_t{1} << static_cast<unsigned>(*life.watched());
    if (fault.kind == Kind::fail_call) watched |= std::uint64_t{1} << static_cast<unsigned>(EventKind::error);
  }
  if (watched != 0) kernel_.trace.watch(watched, this);
  if ((watched >> static_cast<unsigned>(EventKind::error) & 1) != 0) {
    failures_.reserve(kMostFailures);
    happened_[Kind::fail_call] = 0;
  }
  if (!plan_.healing.at || nothing_is_wrong()) return;
  heal_ = std::make_unique<Heal>(*this);
  kernel_.queue.schedule(*heal_, VirtualTime(*plan_.healing.at));
}

void Injector::on_event(EventKind kind, EventId event, Where where, Cause cause, std::span<const std::byte> payload) {
  if (kind == EventKind::error) note_failure();
  for (Life& life : lives_) {
    if (kind == EventKind::error && life.is_on() && life.fault().kind == Kind::fail_call && life.event() == cause.event)
      ++happened_[Kind::fail_call];
    if (life.watched() != kind) continue;
    life.saw(where, payload);
    if (life.scheduled()) life.cause_ = {event, CauseKind::fault};
  }
}

void Injector::note_failure() {
  if (failures_.size() == kMostFailures) failures_.pop_back();
  if (failures_.capacity() >= kMostFailures) failures_.push_back(kernel_.queue.now());
}

// ---- whom it means ----

std::vector<HostId> Injector::hosts_of(const std::vector<std::string>& targets, RandomStream& random) const {
  std::vector<HostId> hosts;
  for (const std::string& words : targets) {
    for (const HostId host : hosts_of(parse_target(words), random)) {
      if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(host);
    }
  }
  return hosts;
}

std::vector<HostId> Injector::hosts_of(const Target& target, RandomStream& random) const {
  using Which = Target::Which;
  if (target.which == Which::named) {
    for (HostId id = 1; id <= kernel_.host_count(); ++id) {
      if (kernel_.host(id).name() == target.what) return {id};
    }
  }
  const std::vector<HostId> all = candidates(target.what);
  const std::uint64_t draw = random.next();  // whoever there is
  if (all.empty() || target.which == Which::every) return all;
  if (target.which == Which::busiest) {
    return {*std::ranges::max_element(all, {}, [&](HostId host) { return kernel_.tcp.ends_at(host); })};
  }
  return {all[draw % all.size()]};
}

std::vector<HostId> Injector::candidates(std::string_view role) const {
  if (const auto labelled = labels_.find(role); labelled != labels_.end()) return labelled->second;
  std::vector<HostId> hosts;
  for (HostId id = 1; id <= kernel_.host_count(); ++id) {
    if (role.empty() || kernel_.host(id).role() == role) hosts.push_back(id);
  }
  return hosts;
}

void Injector::label(std::string_view label, std::vector<HostId> hosts) {
  labels_.insert_or_assign(std::string(label), std::move(hosts));
}

// ---- healing, and what of the time was disturbed ----

bool Injector::nothing_is_wrong() const {
  return plan_.faults.empty() && plan_.scheduling.policy != Scheduling::Policy::delay_host;
}

void Injector::heal() {
  if (kernel_.scheduler != nullptr) kernel_.scheduler->end_delay();
  std::map<std::string, std::set<HostId>> kept;
  for (auto life = lives_.rbegin(); life != lives_.rend(); ++life) {
    if (life->waits()) life->give_up();
    if (life->is_on() && !spared(*life, kept)) life->end();
  }
}

// Of each role less than half of the hosts stay as they are.
bool Injector::spared(const Life& life, std::map<std::string, std::set<HostId>>& spared) const {
  if (plan_.healing.except != Healing::Except::minority || life.hosts().empty()) return false;
  std::map<std::string, std::set<HostId>> then = spared;
  for (const HostId host : life.hosts()) {
    const std::string& role = kernel_.host(host).role();
    std::set<HostId>& of_role = then[role];
    of_role.insert(host);
    if (of_role.size() * 2 >= candidates(role).size()) return false;
  }
  spared = std::move(then);
  return true;
}

std::map<std::string, std::uint64_t> Injector::calls_seen() const {
  std::map<std::string, std::uint64_t> seen;
  for (const Life& life : lives_) {
    if (life.fault().kind != Kind::fail_call || !life.happened()) continue;
    seen[life.fault().text("call")] += life.calls_seen();
  }
  return seen;
}

VirtualTime Injector::heals_at() const {
  if (nothing_is_wrong()) return VirtualTime{};
  return plan_.healing.at ? VirtualTime(*plan_.healing.at) : VirtualTime::max();
}

Duration Injector::disturbed(VirtualTime since, Duration recovery) const {
  const VirtualTime now = kernel_.queue.now();
  std::vector<std::pair<VirtualTime, VirtualTime>> stretches;
  for (const Life& life : lives_) {
    if (!life.happened() || life.fault().kind == Kind::fail_call) continue;
    const VirtualTime end = life.is_on() ? now : std::min(now, life.ended_at() + recovery);
    if (end > since) stretches.emplace_back(std::max(since, life.begun_at()), end);
  }
  for (const VirtualTime failure : failures_) {
    const VirtualTime end = std::min(now, failure + recovery);
    if (end > since) stretches.emplace_back(std::max(since, failure), end);
  }
  std::ranges::sort(stretches);
  Duration total{};
  VirtualTime counted = since;
  for (const auto& [begin, end] : stretches) {
    if (end <= counted) continue;
    total += end - std::max(begin, counted);
    counted = end;
  }
  return total;
}

std::unique_ptr<Deed> make_deed(Circumstances& circumstances) {
  std::unique_ptr<Deed> deed = make_network_deed(circumstances);
  if (deed == nullptr) deed = make_host_deed(circumstances);
  if (deed == nullptr) deed = make_disk_deed(circumstances);
  SP_ASSERT(deed != nullptr);
  return deed;
}

}  // namespace stillpoint::faults
