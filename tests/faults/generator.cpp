// Plans are a pure function of the seed, keep to the model, and survive being written down.
#include "sim-core/faults/generator.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "sim-core/faults/plan_text.hpp"

using namespace stillpoint;
using namespace stillpoint::faults;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kSeeds = 300;

const Topology kCluster{
    .hosts = {{"plaza-1", "plaza"}, {"plaza-2", "plaza"}, {"plaza-3", "plaza"}, {"users-1", "users"}}};

Model plaza_model() {
  Model model;
  model.hosts = {"plaza"};
  model.window = 3s;
  model.healing.at = 6s;
  model.lossy_most = 1;
  model.down_most = 2;
  return model;
}

std::vector<Fault> of_kind(const Plan& plan, Kind kind) {
  std::vector<Fault> faults;
  std::ranges::copy_if(plan.faults, std::back_inserter(faults), [&](const Fault& fault) { return fault.kind == kind; });
  return faults;
}

}  // namespace

TEST_CASE("a generated plan is the same each time, is within the model, and is its own text") {
  const Model model = plaza_model();
  const char* profile = GENERATE("none", "light", "default", "heavy");
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(profile, seed);
    const Plan plan = generate(model, kCluster, profile, seed);
    REQUIRE(generate(model, kCluster, profile, seed) == plan);
    REQUIRE_NOTHROW(require_within(plan, model, kCluster, "plan"));
    REQUIRE(read_plan(plan_text(plan), "plan") == plan);
    for (const Fault& fault : plan.faults) {
      REQUIRE(fault.when.at <= model.window);
      if (fault.lasts) REQUIRE(fault.when.at + *fault.lasts <= *model.healing.at);
    }
  }
}

TEST_CASE("nothing goes wrong in a plan of none; other profiles have more, the stronger they are") {
  const Model model = plaza_model();
  std::vector<std::size_t> totals;
  for (const char* profile : {"none", "light", "default", "heavy"}) {
    std::size_t total = 0;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) total += generate(model, kCluster, profile, seed).faults.size();
    totals.push_back(total);
  }
  CHECK(totals[0] == 0);
  CHECK(totals[1] > kSeeds);
  CHECK(totals[2] > 2 * totals[1]);
  CHECK(totals[3] > 3 * totals[2]);
}

TEST_CASE("every kind is in some plans and out of others, and no two plans are alike") {
  const Model model = plaza_model();
  Model asked = model;
  asked.counts[Kind::crash_mid_write] = 1;
  std::set<Kind> in;
  std::set<Kind> out;
  std::set<std::string> texts;
  std::set<Scheduling::Policy> policies;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Plan plan = generate(model, kCluster, "heavy", seed);
    for (const KindInfo& kind : all_kinds()) (of_kind(plan, kind.kind).empty() ? out : in).insert(kind.kind);
    texts.insert(plan_text(plan));
    policies.insert(plan.scheduling.policy);
  }
  CHECK(out.size() == kKinds);
  // Only where it is asked for.
  CHECK_FALSE(in.contains(Kind::crash_mid_write));
  for (const Fault& fault : generate(asked, kCluster, "heavy", 0).faults) in.insert(fault.kind);
  CHECK(in.size() == kKinds);
  CHECK(texts.size() == kSeeds);
  CHECK(policies.size() == 4);
}

TEST_CASE("a kind less in the model changes no fault of another kind that has no limit in common with it") {
  const Model all = plaza_model();
  Model fewer = all;
  fewer.allows[static_cast<std::size_t>(Kind::loss)] = false;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Plan with = generate(all, kCluster, "heavy", seed);
    Plan without = with;
    std::erase_if(without.faults, [](const Fault& fault) { return fault.kind == Kind::loss; });
    REQUIRE(generate(fewer, kCluster, "heavy", seed) == without);
  }
}

TEST_CASE("so many faults of a kind as somebody asks for, whatever the profile") {
  Model model = plaza_model();
  model.counts[Kind::crash] = 5;
  model.failing_calls = {"write:2:EIO"};
  const Plan plan = generate(model, kCluster, "none", 7);
  CHECK(of_kind(plan, Kind::crash).size() == 5);
  REQUIRE(of_kind(plan, Kind::fail_call).size() == 1);
  CHECK(of_kind(plan, Kind::fail_call)[0].on == std::vector<std::string>{"plaza-1", "plaza-2", "plaza-3"});
  CHECK(plan.faults.size() == 6);
  CHECK(plan.scheduling == Scheduling{});
}

TEST_CASE("where there is nobody to aim at, nothing is planned") {
  Model model = plaza_model();
  model.hosts = {"nobody"};
  CHECK(generate(model, kCluster, "heavy", 1).faults.empty());
  CHECK(generate(plaza_model(), {}, "heavy", 1).faults.empty());
}
