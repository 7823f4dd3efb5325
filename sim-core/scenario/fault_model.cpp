#include "sim-core/scenario/fault_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <stillpoint/error.hpp>

#include "sim-core/base/nearest.hpp"

namespace stillpoint::scenario {
namespace {

using faults::Group;
using faults::KindInfo;

// Words of a setting that name kinds, or groups of them.
void set_kinds(const Settings& settings, std::string_view key, std::array<bool, faults::kKinds>& kinds, bool to) {
  for (const std::string& word : settings.texts(key)) {
    bool known = false;
    for (const KindInfo& kind : faults::all_kinds()) {
      if (word != kind.name && word != name_of(kind.group)) continue;
      kinds[static_cast<std::size_t>(kind.kind)] = to;
      known = true;
    }
    if (known) continue;
    std::vector<std::string> names = faults::kind_names();
    for (const Group group : {Group::network, Group::hosts, Group::disks, Group::calls})
      names.emplace_back(name_of(group));
    settings.reject(key, fmt::format("has '{}', which is no kind of fault, and no group of kinds.{} (docs/faults.md "
                                     "lists all)",
                                     word, did_you_mean(word, names)));
  }
}

faults::Profile read_profile(const Settings& settings, const std::string& name, faults::Profile profile) {
  const auto key = [&](std::string_view what) { return fmt::format("faults.profiles.{}.{}", name, what); };
  profile.chance = settings.ratio(key("chance"), profile.chance);
  profile.most = settings.count(key("most"), {1, 1'000}, std::max<std::uint64_t>(profile.most, 1));
  profile.strength = settings.ratio(key("strength"), profile.strength);
  profile.buggify = settings.ratio(key("buggify"), profile.buggify);
  profile.buggify_fires = settings.ratio(key("buggify_fires"), profile.buggify_fires);
  profile.schedules = settings.flag(key("schedules"), profile.schedules);
  return profile;
}

faults::Healing read_healing(const Settings& settings) {
  faults::Healing healing;
  const std::string except = settings.text("faults.heal_except", "nobody");
  if (except != "nobody" && except != "minority")
    settings.reject("faults.heal_except", fmt::format("is '{}'; who stays as they are is nobody or minority", except));
  if (except == "minority") healing.except = faults::Healing::Except::minority;
  const Duration at = settings.duration("faults.heal_at", {}, Duration::zero());
  if (at > Duration::zero()) healing.at = at;
  return healing;
}

// "write:3:EIO,fsync:1"
void read_failing_calls(const Settings& settings, faults::Model& model) {
  const std::string all = settings.text("faults.fail", "");
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find(',', begin), all.size());
    model.failing_calls.push_back(all.substr(begin, end - begin));
    try {
      faults::failing_call(model.failing_calls.back(), model.failing_calls.back());
    } catch (const Error& error) {
      settings.reject("faults.fail", fmt::format("has {}", error.what()));
    }
    begin = end + 1;
  }
}

}  // namespace

faults::Model read_fault_model(const Settings& settings, Duration duration) {
  faults::Model model;
  model.allows[static_cast<std::size_t>(faults::Kind::fail_call)] = true;
  if (!settings.texts("faults.kinds").empty()) model.allows.fill(false);
  set_kinds(settings, "faults.kinds", model.allows, true);
  set_kinds(settings, "faults.except", model.allows, false);
  model.hosts = settings.texts("faults.hosts");
  model.down_most = settings.count("faults.down_most", {0, 65'535}, model.down_most);
  model.lossy_most = settings.count("faults.lossy_most", {0, 65'535}, model.lossy_most);
  model.healing = read_healing(settings);
  // A run that was made shorter has less of both, and is no error.
  const Duration longest = std::min(duration, model.healing.at.value_or(duration));
  const Duration half = std::chrono::floor<std::chrono::microseconds>(longest / 2);
  model.window = std::min(settings.duration("faults.window", {}, half), longest);

  for (const std::string& name : settings.keys_of("faults.count")) {
    const KindInfo* kind = faults::find_kind(name);
    const std::string key = "faults.count." + name;
    if (kind == nullptr)
      settings.reject(key, fmt::format("is no kind of fault.{}", did_you_mean(name, faults::kind_names())));
    model.counts[kind->kind] = settings.count(key, {.most = 1'000}, 0);
  }
  read_failing_calls(settings, model);

  for (const std::string& name : settings.keys_of("faults.profiles"))
    model.profiles[name] = read_profile(settings, name, model.profiles[name]);
  model.plan_file = settings.text("faults.plan", "");
  model.profile = settings.text("faults.profile", model.profile);
  if (!model.profiles.contains(model.profile)) {
    std::vector<std::string> names;
    for (const auto& [name, profile] : model.profiles) names.push_back(name);
    settings.reject("faults.profile",
                    fmt::format("is '{}'; it is one of {}.{} (a plan's file ends in .toml)", model.profile,
                                fmt::join(names, ", "), did_you_mean(model.profile, names)));
  }
  return model;
}

}  // namespace stillpoint::scenario
