#include "sim-core/faults/generator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <stillpoint/error.hpp>

#include "sim-core/base/assert.hpp"

namespace stillpoint::faults {
namespace {

using std::chrono::microseconds;

class Generator {
 public:
  Generator(const Model& model, const Topology& topology, const Profile& profile, std::uint64_t seed)
      : model_(model), topology_(topology), profile_(profile), seed_(seed) {
    for (const Topology::Host& host : topology.hosts) {
      if (model.may_hit(topology, host.name)) hosts_.push_back(host.name);
    }
  }

  Plan plan() {
    plan_.healing = model_.healing;
    plan_.buggify = {.enabled = profile_.buggify, .probability = profile_.buggify_fires};
    if (profile_.schedules) plan_.scheduling = scheduling();
    plan_.faults = failing_calls(model_, topology_);
    // Those that somebody asked for come before those that are drawn, and have what room there is.
    for (const KindInfo& kind : all_kinds()) {
      const auto asked = model_.counts.find(kind.kind);
      if (asked != model_.counts.end()) add(kind, asked->second);
    }
    for (const KindInfo& kind : all_kinds()) {
      if (!model_.allows[static_cast<std::size_t>(kind.kind)] || model_.counts.contains(kind.kind)) continue;
      // It came later than the others, and seeds shall mean what they meant: it is there where it is asked for.
      if (kind.kind == Kind::crash_mid_write) continue;
      RandomStream swarm(seed_, "plan swarm", kind.name);
      if (!swarm.chance(profile_.chance)) continue;
      add(kind, swarm.between(1, profile_.most));
    }
    std::ranges::stable_sort(plan_.faults, {}, [](const Fault& fault) { return fault.when.at; });
    return std::move(plan_);
  }

 private:
  Scheduling scheduling() const {
    using Policy = Scheduling::Policy;
    RandomStream random(seed_, "plan", "scheduler");
    const std::uint64_t draw = random.below(10);
    const std::uint64_t changes = random.between(1, 5);
    const std::uint64_t horizon = std::uint64_t{100} << random.below(11);
    const Duration delay = random.between(microseconds(1), microseconds(20));
    const std::string host = hosts_.empty() ? "" : hosts_[random.below(hosts_.size())];
    if (draw < 6 || (draw == 9 && host.empty())) return {};
    if (draw < 7) return {.policy = Policy::fifo};
    if (draw < 9) return {.policy = Policy::pct, .changes = changes, .horizon = horizon};
    return {.policy = Policy::delay_host, .host = host, .delay = delay};
  }

  void add(const KindInfo& kind, std::uint64_t count) {
    RandomStream random(seed_, "plan", kind.name);
    // How strong this kind is in this plan.
    const std::uint64_t strength = profile_.strength.ppm == 0 ? 1'000'000 : random.below(profile_.strength.ppm) + 1;
    for (std::uint64_t number = 1; number <= count; ++number) {
      Fault fault{.name = fmt::format("{}-{}", kind.name, number), .kind = kind.kind};
      if (!aim(fault, kind, random)) return;
      time(fault, kind, random, strength);
      for (const Magnitude& magnitude : kind.magnitudes) draw(fault, magnitude, random, strength);
      if (kind.kind == Kind::fail_call) choose_call(fault, random);
      if (fits(fault)) plan_.faults.push_back(std::move(fault));
    }
  }

  // Calls that fail now and then on any machine, by no fault of the program's.
  static void choose_call(Fault& fault, RandomStream& random) {
    constexpr std::pair<const char*, const char*> kCalls[] = {
        {"accept", "ECONNABORTED"}, {"accept", "EMFILE"},     {"connect", "ECONNREFUSED"},
        {"connect", "ETIMEDOUT"},   {"epoll_wait", "EINTR"},  {"fdatasync", "EIO"},
        {"fsync", "EIO"},           {"open", "EMFILE"},       {"open64", "EMFILE"},
        {"pread64", "EIO"},         {"pwrite64", "EIO"},      {"pwrite64", "ENOSPC"},
        {"recvmsg", "ECONNRESET"},  {"sendmsg", "ECONNRESET"}};
    const auto& [call, error] = kCalls[random.below(std::size(kCalls))];
    fault.magnitudes["call"].text = call;
    fault.magnitudes["error"].text = error;
    fault.lasts.reset();  // until the run heals
  }

  // One more would be beyond the model.
  bool fits(const Fault& fault) {
    plan_.faults.push_back(fault);
    bool within = true;
    try {
      require_within(plan_, model_, topology_, "plan");
    } catch (const Error&) {
      within = false;
    }
    plan_.faults.pop_back();
    return within;
  }

  // False if there is nobody to aim at.
  bool aim(Fault& fault, const KindInfo& kind, RandomStream& random) const {
    const std::uint64_t first = random.next();
    const std::uint64_t second = random.next();
    const std::uint64_t style = random.below(4);
    if (hosts_.empty()) return false;
    const std::string& host = hosts_[first % hosts_.size()];
    if (kind.aim == Aim::hosts) {
      fault.on = {host};
      // All at once, or one after the other, as far as the model goes.
      if (kind.kind == Kind::rolling_restart) fault.on = hosts_;
      if (kind.kind == Kind::power_loss) {
        const std::uint64_t most = std::min<std::uint64_t>(model_.down_most, hosts_.size());
        if (most < 2) return false;
        fault.on.clear();
        for (std::uint64_t i = 0; i < 2 + second % (most - 1); ++i)
          fault.on.push_back(hosts_[(first + i) % hosts_.size()]);
      }
      return true;
    }
    std::vector<std::string> others;
    for (const Topology::Host& other : topology_.hosts) {
      if (other.name != host) others.push_back(other.name);
    }
    if (others.empty()) return false;
    fault.from = {host};
    fault.to = {others[second % others.size()]};
    if (style == 0) fault.to = {"*"};
    if (style == 1) fault.both_ways = false;
    if (style == 2) {
      std::swap(fault.from, fault.to);
      fault.both_ways = false;
    }
    return true;
  }

  void time(Fault& fault, const KindInfo& kind, RandomStream& random, std::uint64_t strength) const {
    fault.when.at = random.between(Duration::zero(), model_.window);
    const std::uint64_t length = between(kind.lasts_least_us, kind.lasts_most_us, random, strength);
    if (kind.lasting == Lasting::moment) return;
    fault.lasts = microseconds(std::max<std::uint64_t>(length, 1));
    if (!model_.healing.at) return;
    const Duration left = std::max<Duration>(*model_.healing.at - fault.when.at, microseconds(1));
    fault.lasts = std::min(*fault.lasts, left);
  }

  static std::uint64_t between(std::int64_t least, std::int64_t most, RandomStream& random, std::uint64_t strength) {
    const auto width = static_cast<std::uint64_t>(most - least);
    const auto reach = static_cast<std::uint64_t>(static_cast<unsigned __int128>(width) * strength / 1'000'000);
    // Small ones as well as large ones: each time a few halvings less.
    const std::uint64_t drawn = random.between(std::uint64_t{0}, reach) >> random.below(5);
    return static_cast<std::uint64_t>(least) + drawn;
  }

  static void draw(Fault& fault, const Magnitude& magnitude, RandomStream& random, std::uint64_t strength) {
    Value value;
    switch (magnitude.unit) {
      case Unit::text:
      case Unit::error:
        return;
      case Unit::word: {
        const std::vector<std::string> words = words_of(magnitude);
        value.text = words[random.below(words.size())];
        break;
      }
      case Unit::duration:
      case Unit::ratio:
      case Unit::count:
      case Unit::bytes:
      case Unit::ppm:
        if (magnitude.drawn_least < 0) {
          value.number = static_cast<std::int64_t>(between(0, magnitude.drawn_most, random, strength));
          if (random.below(2) == 0) value.number = -value.number;
        } else {
          value.number =
              static_cast<std::int64_t>(between(magnitude.drawn_least, magnitude.drawn_most, random, strength));
        }
        break;
    }
    fault.magnitudes.emplace(magnitude.name, value);
  }

  const Model& model_;
  const Topology& topology_;
  const Profile& profile_;
  std::uint64_t seed_;
  std::vector<std::string> hosts_;  // that the model allows to hit
  Plan plan_;
};

}  // namespace

std::vector<Fault> failing_calls(const Model& model, const Topology& topology) {
  std::vector<Fault> faults;
  for (const std::string& words : model.failing_calls) {
    if (std::ranges::any_of(faults, [&](const Fault& other) { return other.name == "fail-" + words; })) continue;
    Fault fault = failing_call(words, "--fail " + words);
    if (!model.hosts.empty()) {
      fault.on.clear();
      for (const Topology::Host& host : topology.hosts) {
        if (model.may_hit(topology, host.name)) fault.on.push_back(host.name);
      }
    }
    faults.push_back(std::move(fault));
  }
  return faults;
}

Plan generate(const Model& model, const Topology& topology, const std::string& profile, std::uint64_t seed) {
  const auto found = model.profiles.find(profile);
  SP_ASSERT(found != model.profiles.end());
  return Generator(model, topology, found->second, seed).plan();
}

}  // namespace stillpoint::faults
