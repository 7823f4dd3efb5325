#include "sim-core/faults/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include <stillpoint/error.hpp>

#include "sim-core/base/nearest.hpp"
#include "sim-core/base/units.hpp"
#include "sim-core/faults/calls.hpp"

namespace stillpoint::faults {
namespace {

// A stretch of time in which some hosts do not run.
struct Stretch {
  Duration begin{};
  Duration end = Duration::max();
  std::vector<std::string> hosts;  // that may be meant
  std::size_t many = 0;            // of them at once
  const Fault* fault = nullptr;
};

Duration length_of(const Fault& fault, const Healing& healing) {
  if (fault.kind == Kind::crash_loop) return (fault.duration("up") + fault.duration("down")) * fault.number("times");
  if (fault.lasts) return *fault.lasts;
  return healing.at ? *healing.at : Duration::max();
}

class Inspection {
 public:
  Inspection(const Plan& plan, const Model& model, const Topology& topology, const std::string& file)
      : plan_(plan), model_(model), topology_(topology), file_(file) {}

  void all() const {
    if (plan_.scheduling.policy == Scheduling::Policy::delay_host && !topology_.has_host(plan_.scheduling.host))
      throw Error(fmt::format("{}: [scheduler]: host is '{}', which no host is called.{}",
                              place_of(plan_.scheduling.line), plan_.scheduling.host,
                              did_you_mean(plan_.scheduling.host, host_names())));
    for (const Fault& fault : plan_.faults) one(fault);
    not_too_many_down();
    not_too_many_lossy();
  }

 private:
  std::string place_of(Line line) const { return line.number == 0 ? file_ : fmt::format("{}:{}", file_, line.number); }
  std::vector<std::string> host_names() const {
    std::vector<std::string> names;
    for (const Topology::Host& host : topology_.hosts) names.push_back(host.name);
    return names;
  }

  [[noreturn]] void fail(const Fault& fault, std::string_view what) const {
    const std::string place = place_of(fault.line);
    throw Error(fmt::format("{}: fault {}: {}", place, fault.name, what));
  }

  void one(const Fault& fault) const {
    const KindInfo& kind = info(fault.kind);
    if (!model_.allows[static_cast<std::size_t>(fault.kind)])
      fail(fault, fmt::format("its kind, {}, is outside the scenario's fault model ([faults] kinds)", kind.name));
    if (!fault.when.host.empty() && !topology_.has_host(fault.when.host))
      fail(fault, fmt::format("after: host is '{}', which no host is called.{}", fault.when.host,
                              did_you_mean(fault.when.host, host_names())));
    for (const std::string& words : fault.on) {
      for (const std::string& host : possible(fault, words)) {
        if (!model_.may_hit(topology_, host))
          fail(fault, fmt::format("'{}' may be host {}, which is outside the scenario's fault model ([faults] hosts)",
                                  words, host));
      }
    }
    if (kind.aim != Aim::links) return;
    bool hits = false;
    for (const auto* ends : {&fault.from, &fault.to}) {
      for (const std::string& words : *ends) {
        for (const std::string& host : possible(fault, words)) hits = hits || model_.may_hit(topology_, host);
      }
    }
    if (!hits) fail(fault, "no end of its links is in the scenario's fault model ([faults] hosts)");
  }

  std::vector<std::string> possible(const Fault& fault, const std::string& words) const {
    const Target target = parse_target(words);
    const bool known = words == "*" || topology_.has_role(target.what) || topology_.has_label(target.what) ||
                       (target.which == Target::Which::named && topology_.has_host(target.what));
    if (!known)
      fail(fault, fmt::format("'{}' is no host, role or label of the scenario.{}", target.what,
                              did_you_mean(target.what, topology_.names())));
    std::vector<std::string> hosts = topology_.possible(target);
    // Whom the scenario gives a label is its business: within the model, that is any host.
    const bool is_label = topology_.has_label(target.what) && !topology_.has_role(target.what);
    if (is_label) std::erase_if(hosts, [&](const std::string& host) { return !model_.may_hit(topology_, host); });
    return hosts;
  }

  // How many different hosts a fault hits at once, and which these may be.
  Stretch stretch_of(const Fault& fault) const {
    Stretch stretch;
    std::set<std::string> hosts;
    std::set<std::string> certain;
    for (const std::string& words : fault.on) {
      const Target target = parse_target(words);
      const std::vector<std::string> meant = possible(fault, words);
      hosts.insert(meant.begin(), meant.end());
      if (target.which == Target::Which::every || meant.size() == 1) {
        certain.insert(meant.begin(), meant.end());
      } else {
        ++stretch.many;
      }
    }
    stretch.hosts.assign(hosts.begin(), hosts.end());
    stretch.many = std::min(stretch.many + certain.size(), hosts.size());
    // One after the other, of which no two are away at once.
    if (fault.kind == Kind::rolling_restart) stretch.many = std::min<std::size_t>(stretch.many, 1);
    stretch.fault = &fault;
    if (!fault.when.event.empty()) return stretch;  // at any time
    stretch.begin = fault.when.at;
    const Duration length = length_of(fault, plan_.healing);
    if (length < Duration::max() - stretch.begin) stretch.end = stretch.begin + length;
    if (fault.kind == Kind::rolling_restart) stretch.end = Duration::max();
    return stretch;
  }

  // Counts hosts, not faults: two that hit the same one at the same time are one host that is down.
  void not_too_many_down() const {
    std::vector<Stretch> stretches;
    for (const Fault& fault : plan_.faults) {
      const bool happens = !plan_.healing.at || !fault.when.event.empty() || fault.when.at < *plan_.healing.at;
      if (happens && (info(fault.kind).burden == Burden::down || fault.kind == Kind::wiped_disk))
        stretches.push_back(stretch_of(fault));
    }
    for (const Stretch& now : stretches) {
      std::set<std::string> certain;
      std::set<std::string> possible;
      std::size_t uncertain = 0;
      for (const Stretch& other : stretches) {
        if (now.begin < other.begin || now.begin >= other.end) continue;
        possible.insert(other.hosts.begin(), other.hosts.end());
        if (other.many == other.hosts.size()) {
          certain.insert(other.hosts.begin(), other.hosts.end());
        } else {
          uncertain += other.many;
        }
      }
      const std::size_t down = std::min(certain.size() + uncertain, possible.size());
      if (down <= model_.down_most) continue;
      const bool by_event = !now.fault->when.event.empty();
      fail(*now.fault,
           fmt::format("{} hosts would be down {}; the scenario's fault model allows {} at one time "
                       "([faults] down_most)",
                       down, by_event ? "with it" : "at " + readable_duration(now.begin), model_.down_most));
    }
  }

  void not_too_many_lossy() const {
    std::set<std::string> hosts;
    std::size_t uncertain = 0;
    for (const Fault& fault : plan_.faults) {
      if (info(fault.kind).burden != Burden::lossy) continue;
      const Stretch stretch = stretch_of(fault);
      if (stretch.many == stretch.hosts.size()) {
        hosts.insert(stretch.hosts.begin(), stretch.hosts.end());
      } else {
        uncertain += stretch.many;
      }
      if (hosts.size() + uncertain <= model_.lossy_most) continue;
      fail(fault, fmt::format("{} disks would lose what they promised to keep; the scenario's fault model allows {} "
                              "([faults] lossy_most)",
                              hosts.size() + uncertain, model_.lossy_most));
    }
  }

  const Plan& plan_;
  const Model& model_;
  const Topology& topology_;
  const std::string& file_;
};

}  // namespace

Model::Model()
    : profiles{{"none", {}},
               {"light",
                {.chance = Ratio::percent(8),
                 .most = 1,
                 .strength = Ratio::percent(30),
                 .buggify = Ratio::percent(10),
                 .buggify_fires = Ratio::percent(5),
                 .schedules = true}},
               {"default",
                {.chance = Ratio::percent(18),
                 .most = 2,
                 .strength = Ratio::percent(60),
                 .buggify = Ratio::percent(25),
                 .buggify_fires = Ratio::percent(10),
                 .schedules = true}},
               {"heavy",
                {.chance = Ratio::percent(40),
                 .most = 4,
                 .strength = Ratio::percent(100),
                 .buggify = Ratio::percent(50),
                 .buggify_fires = Ratio::percent(20),
                 .schedules = true}}} {
  allows.fill(true);
}

bool Model::may_hit(const Topology& topology, std::string_view host) const {
  if (hosts.empty()) return true;
  const auto found = std::ranges::find(topology.hosts, host, &Topology::Host::name);
  return found != topology.hosts.end() && std::ranges::any_of(hosts, [&](const std::string& word) {
           return word == found->name || word == found->role;
         });
}

void require_within(const Plan& plan, const Model& model, const Topology& topology, const std::string& file) {
  Inspection(plan, model, topology, file).all();
}

Fault failing_call(const std::string& words, const std::string& option) {
  const std::size_t colon = words.find(':');
  const std::string call = words.substr(0, colon);
  const auto bad = [&](std::string_view what) {
    throw Error(fmt::format("{}: {} (CALL:N[:ERRNO], as in write:3:EIO)", option, what));
  };
  if (colon == std::string::npos || call.empty()) bad("which call of which name shall fail?");
  if (!can_fail(call))
    bad(fmt::format("there is no function '{}' that could fail.{}", call, did_you_mean(call, calls_that_can_fail())));
  const std::size_t second = words.find(':', colon + 1);
  const std::string number = words.substr(colon + 1, second == std::string::npos ? second : second - colon - 1);
  std::uint64_t nth = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), nth);
  if (error != std::errc{} || end != number.data() + number.size() || nth == 0)
    bad(fmt::format("'{}' is no number of a call, which is counted from 1", number));
  const std::string name = second == std::string::npos ? "EIO" : words.substr(second + 1);
  if (error_number(name) == 0)
    bad(fmt::format("'{}' is no errno that a call may fail with.{}", name, did_you_mean(name, error_names())));
  return {
      .name = "fail-" + words,
      .kind = Kind::fail_call,
      .on = {"*"},
      .magnitudes = {
          {"call", {.text = call}}, {"nth", {.number = static_cast<std::int64_t>(nth)}}, {"error", {.text = name}}}};
}

}  // namespace stillpoint::faults
