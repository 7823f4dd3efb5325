#include <fmt/format.h>

#include <algorithm>

#include "sim-core/base/units.hpp"
#include "sim-core/faults/plan_text.hpp"

namespace stillpoint::faults {
namespace {

// A basic string of TOML.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string list(const std::vector<std::string>& texts) {
  std::string result = "[";
  for (const std::string& text : texts) result += (result.size() > 1 ? ", " : "") + quoted(text);
  return result + "]";
}

std::string duration_text(Duration duration) {
  return duration < Duration::zero() ? "-" + exact_duration(-duration) : exact_duration(duration);
}

// "2.5%"
std::string ratio_text(std::int64_t ppm) {
  std::string text = fmt::format("{}.{:04}", ppm / 10'000, ppm % 10'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + "%";
}

std::string value_text(const Value& value, const Magnitude& magnitude) {
  const bool bare = magnitude.unit == Unit::count || magnitude.unit == Unit::bytes || magnitude.unit == Unit::ppm;
  const std::string text = shown(value, magnitude);
  return bare ? text : quoted(text);
}

void line(std::string& text, std::string_view key, std::string_view value) {
  text += fmt::format("{} = {}\n", key, value);
}

std::string trigger_text(const Trigger& trigger) {
  std::string text = "{ event = " + quoted(trigger.event);
  if (!trigger.host.empty()) text += ", host = " + quoted(trigger.host);
  if (!trigger.text.empty()) text += ", text = " + quoted(trigger.text);
  return text + fmt::format(", nth = {} }}", trigger.nth);
}

void write_fault(std::string& text, const Fault& fault) {
  const KindInfo& kind = info(fault.kind);
  text += "\n[[fault]]\n";
  line(text, "name", quoted(fault.name));
  line(text, "kind", quoted(kind.name));
  if (kind.aim == Aim::hosts) {
    line(text, "on", list(fault.on));
  } else {
    line(text, "from", list(fault.from));
    line(text, "to", list(fault.to));
    line(text, "both_ways", fault.both_ways ? "true" : "false");
  }
  if (!fault.when.event.empty()) line(text, "after", trigger_text(fault.when));
  line(text, "at", quoted(duration_text(fault.when.at)));
  if (fault.lasts) line(text, "for", quoted(duration_text(*fault.lasts)));
  for (const Magnitude& magnitude : kind.magnitudes) {
    const auto value = fault.magnitudes.find(std::string(magnitude.name));
    if (value != fault.magnitudes.end()) line(text, magnitude.name, value_text(value->second, magnitude));
  }
}

void write_scheduling(std::string& text, const Scheduling& scheduling) {
  using Policy = Scheduling::Policy;
  text += "\n[scheduler]\n";
  line(text, "policy", quoted(name_of(scheduling.policy)));
  if (scheduling.policy == Policy::pct) {
    line(text, "changes", fmt::format("{}", scheduling.changes));
    line(text, "horizon", fmt::format("{}", scheduling.horizon));
  }
  if (scheduling.policy == Policy::delay_host) {
    line(text, "host", quoted(scheduling.host));
    line(text, "delay", quoted(duration_text(scheduling.delay)));
  }
}

void write_buggify(std::string& text, const Buggify& buggify) {
  text += "\n[buggify]\n";
  line(text, "enabled", quoted(ratio_text(buggify.enabled.ppm)));
  line(text, "probability", quoted(ratio_text(buggify.probability.ppm)));
  for (const Buggify::Site& site : buggify.sites) {
    text += "\n[[buggify.site]]\n";
    line(text, "name", quoted(site.name));
    line(text, "on", site.on ? "true" : "false");
    line(text, "probability", quoted(ratio_text(site.probability.ppm)));
  }
}

}  // namespace

std::string shown(const Value& value, const Magnitude& magnitude) {
  switch (magnitude.unit) {
    case Unit::duration:
      return duration_text(std::chrono::microseconds(value.number));
    case Unit::ratio:
      return ratio_text(value.number);
    case Unit::count:
    case Unit::bytes:
    case Unit::ppm:
      return fmt::format("{}", value.number);
    case Unit::word:
    case Unit::text:
    case Unit::error:
      break;
  }
  return value.text;
}

std::string plan_text(const Plan& plan) {
  std::string text;
  write_scheduling(text, plan.scheduling);
  if (plan.healing.at) {
    text += "\n[healing]\n";
    line(text, "at", quoted(duration_text(*plan.healing.at)));
    line(text, "except", quoted(name_of(plan.healing.except)));
  }
  write_buggify(text, plan.buggify);
  for (const Fault& fault : plan.faults) write_fault(text, fault);
  return text.substr(1);  // the empty line before the first table
}

}  // namespace stillpoint::faults
