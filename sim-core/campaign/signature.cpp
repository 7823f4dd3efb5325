#include "sim-core/campaign/signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace stillpoint::campaign {
namespace {

constexpr std::size_t kLongest = 300;

bool part_of_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// "ticket 17 of user-0412" becomes "ticket # of user-#"; names like w1_ping stay.
std::string mask_numbers(const std::string& text) {
  std::string masked;
  for (std::size_t i = 0; i < text.size();) {
    const bool begins =
        std::isdigit(static_cast<unsigned char>(text[i])) != 0 && (i == 0 || !part_of_name(text[i - 1]));
    if (!begins) {
      masked += text[i++];
      continue;
    }
    while (i < text.size() && part_of_name(text[i])) ++i;
    masked += '#';
  }
  return masked;
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

bool violated(const Report& report) {
  return (report.verdict == Verdict::safety || report.verdict == Verdict::liveness) && !report.violations.empty();
}

// "first purchase: apply, second purchase: apply"
std::string place_of(const ViolationReport& violation) {
  std::string place;
  for (std::size_t i = 0; i < violation.finding.witnesses.size(); ++i) {
    const std::string kind = i < violation.witness_kinds.size() ? violation.witness_kinds[i] : "";
    place += place.empty() ? "" : ", ";
    place += mask_numbers(violation.finding.witnesses[i].role);
    if (!kind.empty()) place += ": " + kind;
  }
  return place;
}

}  // namespace

std::string signature_of(const Report& report) {
  if (report.verdict == Verdict::pass) return "pass";
  std::string what = violated(report) ? report.violations.front().invariant : report.what;
  const std::string place = violated(report) ? place_of(report.violations.front()) : mask_numbers(report.place);
  if (what.empty()) what = report.reason;
  if (!violated(report) && !what.starts_with("exit status ")) what = mask_numbers(what);
  const std::string all = fmt::format("{}: {}", name_of(report.verdict), what);
  return one_line(place.empty() ? all : fmt::format("{} ({})", all, place));
}

std::string message_of(const Report& report) {
  if (violated(report)) {
    const Finding& finding = report.violations.front().finding;
    const std::string because = finding.because.empty() ? "" : "; " + finding.because;
    return one_line(fmt::format("promised {}; found {}{}", finding.promised, finding.found, because));
  }
  return one_line(report.detail.empty() ? report.reason : report.reason + ", " + report.detail);
}

}  // namespace stillpoint::campaign
