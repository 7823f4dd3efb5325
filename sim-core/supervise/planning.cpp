#include "sim-core/supervise/planning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <stillpoint/error.hpp>

#include "sim-core/base/real_file.hpp"
#include "sim-core/faults/generator.hpp"
#include "sim-core/faults/plan_text.hpp"
#include "sim-core/scenario/survey.hpp"

namespace stillpoint::supervise {
namespace {

std::string text_of(const std::string& folder, const std::string& file) {
  const std::filesystem::path path = std::filesystem::path(folder) / file;
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error))
    throw Error(fmt::format("cannot read the plan {}: it is no file", file));
  constexpr std::uintmax_t kLargest = 10'000'000;
  if (std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) > kLargest)
    throw Error(fmt::format("{} is larger than a plan may be ({} bytes)", file, kLargest));
  std::optional<std::string> text = read_real_file(path.string());
  if (!text) throw Error(fmt::format("cannot read the plan {}: {}", file, std::strerror(errno)));
  return *text;
}

}  // namespace

RunRequest with_plan(RunRequest request) {
  if (!request.plan.empty()) return request;
  scenario::LoadedScenario loaded = scenario::load(request.scenario_text, "scenario", request.overrides, request.bug);
  const faults::Model model = loaded.faults;
  const faults::Topology topology = scenario::survey(std::move(loaded), request.seed);
  faults::Plan plan;
  if (model.plan_file.empty()) {
    plan = faults::generate(model, topology, model.profile, request.seed);
    faults::require_within(plan, model, topology, "the generated plan");
  } else {
    if (!model.counts.empty())
      throw Error(
          fmt::format("{} says how many faults there are: it does not go with faults.count (--crash), which adds to "
                      "generated plans",
                      model.plan_file));
    plan = faults::read_plan(text_of(request.folder, model.plan_file), model.plan_file);
    for (faults::Fault& fault : faults::failing_calls(model, topology)) {
      // A plan that was printed with the same option has it already.
      if (std::ranges::find(plan.faults, fault.name, &faults::Fault::name) == plan.faults.end())
        plan.faults.push_back(std::move(fault));
    }
    faults::require_within(plan, model, topology, model.plan_file);
  }
  request.plan = faults::plan_text(plan);
  return request;
}

}  // namespace stillpoint::supervise
