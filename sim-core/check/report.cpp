#include "sim-core/check/report.hpp"

#include <boost/json.hpp>

namespace stillpoint {
namespace {

namespace json = boost::json;

json::value encode(const ViolationReport& violation) {
  json::array witnesses;
  for (const Witness& witness : violation.finding.witnesses)
    witnesses.push_back({{"event", witness.event}, {"role", witness.role}});
  return {{"liveness", violation.liveness},
          {"invariant", violation.invariant},
          {"promised", violation.finding.promised},
          {"found", violation.finding.found},
          {"because", violation.finding.because},
          {"witnesses", witnesses},
          {"witness_kinds", json::array(violation.witness_kinds.begin(), violation.witness_kinds.end())},
          {"event", violation.event},
          {"at_ns", violation.at_ns},
          {"host", violation.host}};
}

std::string text(const json::value& object, std::string_view key) { return std::string(object.at(key).as_string()); }

ViolationReport decode_violation(const json::value& value) {
  ViolationReport violation;
  violation.liveness = value.at("liveness").as_bool();
  violation.invariant = text(value, "invariant");
  violation.finding = {text(value, "promised"), text(value, "found"), text(value, "because"), {}};
  for (const json::value& witness : value.at("witnesses").as_array()) {
    violation.finding.witnesses.push_back({witness.at("event").to_number<EventId>(), text(witness, "role")});
  }
  for (const json::value& kind : value.at("witness_kinds").as_array())
    violation.witness_kinds.emplace_back(kind.as_string());
  violation.event = value.at("event").to_number<EventId>();
  violation.at_ns = value.at("at_ns").to_number<std::int64_t>();
  violation.host = text(value, "host");
  return violation;
}

}  // namespace

std::string to_json(const Report& report) {
  json::array checks;
  for (const CheckReport& check : report.checks) {
    checks.push_back({{"name", check.name}, {"times", check.times}, {"remark", check.remark}});
  }
  json::array violations;
  for (const ViolationReport& violation : report.violations) violations.push_back(encode(violation));
  json::array measures;
  for (const Measure& measure : report.measures) measures.push_back({{"name", measure.name}, {"value", measure.value}});
  json::array tallies;
  for (const Tally& tally : report.tallies)
    tallies.push_back({{"sort", tally.sort}, {"name", tally.name}, {"times", tally.times}});
  return json::serialize(json::value{{"verdict", exit_code(report.verdict)},
                                     {"reason", report.reason},
                                     {"detail", report.detail},
                                     {"what", report.what},
                                     {"place", report.place},
                                     {"checks", checks},
                                     {"violations", violations},
                                     {"measures", measures},
                                     {"tallies", tallies}});
}

std::optional<Report> report_from_json(std::string_view text_in) {
  try {
    const json::value value = json::parse(text_in);
    Report report;
    report.verdict = static_cast<Verdict>(value.at("verdict").to_number<int>());
    report.reason = text(value, "reason");
    report.detail = text(value, "detail");
    report.what = text(value, "what");
    report.place = text(value, "place");
    for (const json::value& check : value.at("checks").as_array()) {
      report.checks.push_back(
          {text(check, "name"), check.at("times").to_number<std::uint64_t>(), text(check, "remark")});
    }
    for (const json::value& violation : value.at("violations").as_array())
      report.violations.push_back(decode_violation(violation));
    for (const json::value& measure : value.at("measures").as_array()) {
      report.measures.push_back({text(measure, "name"), measure.at("value").to_number<std::uint64_t>()});
    }
    for (const json::value& tally : value.at("tallies").as_array())
      report.tallies.push_back(
          {text(tally, "sort"), text(tally, "name"), tally.at("times").to_number<std::uint64_t>()});
    return report;
  } catch (const std::exception&) {  // Boost.JSON throws several kinds for wrong syntax and wrong types
    return std::nullopt;
  }
}

}  // namespace stillpoint
