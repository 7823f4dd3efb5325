#include "sim-core/supervise/request.hpp"

#include <boost/json.hpp>

namespace stillpoint::supervise {

namespace json = boost::json;

std::string RunRequest::to_json() const {
  return json::serialize(json::value{{"scenario", scenario_text},
                                     {"overrides", json::array(overrides.begin(), overrides.end())},
                                     {"bug", bug},
                                     {"seed", seed},
                                     {"plan", plan},
                                     {"guard", guard},
                                     {"folder", folder}});
}

RunRequest RunRequest::from_json(std::string_view text) {
  const json::value value = json::parse(text);
  RunRequest request;
  request.scenario_text = value.at("scenario").as_string();
  for (const json::value& override : value.at("overrides").as_array())
    request.overrides.emplace_back(override.as_string());
  request.bug = value.at("bug").as_string();
  request.seed = value.at("seed").to_number<std::uint64_t>();
  request.plan = value.at("plan").as_string();
  request.guard = value.at("guard").as_bool();
  request.folder = value.at("folder").as_string();
  return request;
}

}  // namespace stillpoint::supervise
