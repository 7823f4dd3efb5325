// JUnit XML, as the CI systems read it: <testsuites> with a <testsuite> per scenario and its <testcase>s.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/fuzz_report.hpp"
#include "sim-core/base/utf8.hpp"

namespace stillpoint::cli {
namespace {

using campaign::Failure;
using campaign::Purpose;
using campaign::SeriesOutcome;

// Text for XML 1.0: what it cannot hold at all (control characters, broken UTF-8, U+FFFE and U+FFFF) becomes '?'.
std::string escaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = character_length(text.substr(i));
    const std::string_view sequence = text.substr(i, length);
    if (length == 0 || sequence == "\xEF\xBF\xBE" || sequence == "\xEF\xBF\xBF") {
      result += '?';
      ++i;
      continue;
    }
    i += length;
    if (length > 1) {
      result += sequence;
    } else if (byte == '&') {
      result += "&amp;";
    } else if (byte == '<') {
      result += "&lt;";
    } else if (byte == '>') {
      result += "&gt;";
    } else if (byte == '"') {
      result += "&quot;";
    } else if (byte == '\n' || byte == '\t') {
      result += static_cast<char>(byte);
    } else {
      result += byte < ' ' || byte == 0x7F ? '?' : static_cast<char>(byte);
    }
  }
  return result;
}

struct TestCase {
  std::string name;
  double seconds = 0;
  std::string failure = {};  // the type; empty: it passed
  std::string message = {};
  std::string text = {};
};

struct Suite {
  std::string name;
  std::vector<TestCase> cases;

  // Two files may hold scenarios of one name, but a suite may not have two tests of one name.
  void add(TestCase one) {
    const auto taken = [&](const std::string& candidate) {
      return std::any_of(cases.begin(), cases.end(), [&](const TestCase& known) { return known.name == candidate; });
    };
    const std::string wanted = one.name;
    for (int n = 2; taken(one.name); ++n) one.name = fmt::format("{} ({})", wanted, n);
    cases.push_back(std::move(one));
  }
};

std::string text_of(const FuzzReport& report, const SeriesOutcome& of, const Failure& failure) {
  std::string text =
      fmt::format("{}\nseeds: {}\nsmallest: {} ({} events)\nagain: {}\n", failure.smallest.message, failure.seeds,
                  failure.smallest.seed, failure.smallest.events, replay_line(of.series, failure.smallest.number));
  const std::string trace = trace_path(report, failure);
  return trace.empty() ? text : text + "trace: " + trace + "\n";
}

void add_cases(const FuzzReport& report, const SeriesOutcome& of, std::vector<TestCase>& cases) {
  const double cpu_s = static_cast<double>(of.totals.cpu_time.count()) / 1e9;
  const std::string verdict(name_of(of.verdict));
  switch (of.series.purpose) {
    case Purpose::fuzz: {
      const std::uint64_t passed = of.totals.runs - of.totals.failed;
      // One name in every campaign, so that a CI system sees one test with a history.
      cases.push_back({.name = "every seed is judged", .seconds = cpu_s});
      cases.back().text = fmt::format("{} of {} seeds pass\n", passed, of.totals.runs);
      if (of.totals.runs == 0) cases.back().failure = cases.back().message = "no seed ended within the budget";
      for (const Failure& failure : of.failures) {
        cases.push_back({.name = failure.signature,
                         .failure = std::string(name_of(failure.verdict)),
                         .message = failure.smallest.message,
                         .text = text_of(report, of, failure)});
      }
      break;
    }
    case Purpose::regression: {
      if (!of.ran) break;
      cases.push_back(
          {.name = fmt::format("regression: seed {}: {}", of.series.request.seed, of.series.why), .seconds = cpu_s});
      if (of.verdict == Verdict::pass) break;
      cases.back().failure = verdict;
      cases.back().message = fmt::format("expected {}, showed {}", of.series.expected, of.shown);
      cases.back().text = fmt::format("again: {}\n", replay_line(of.series, 0));
      break;
    }
    case Purpose::canary: {
      if (!of.ran) break;
      cases.push_back({.name = fmt::format("canary: {} is found", of.series.request.bug), .seconds = cpu_s});
      if (of.verdict == Verdict::pass) break;
      cases.back().failure = verdict;
      cases.back().message = of.found ? "found, but some of its seeds failed in other ways"
                                      : fmt::format("not found in {} seeds", of.totals.runs);
      break;
    }
  }
}

}  // namespace

std::string junit_xml(const FuzzReport& report) {
  std::vector<Suite> suites;
  for (const SeriesOutcome& of : report.outcome.series) {
    const std::string name = "stillpoint." + of.series.scenario;
    Suite* suite = nullptr;
    for (Suite& known : suites) suite = known.name == name ? &known : suite;
    if (suite == nullptr) suite = &suites.emplace_back(Suite{name, {}});
    std::vector<TestCase> cases;
    add_cases(report, of, cases);
    for (TestCase& one : cases) suite->add(std::move(one));
  }
  std::string body;
  std::size_t all = 0;
  std::size_t all_failed = 0;
  for (const Suite& suite : suites) {
    std::string cases;
    std::size_t failed = 0;
    double time = 0;
    for (const TestCase& one : suite.cases) {
      time += one.seconds;
      cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", escaped(suite.name),
                           escaped(one.name), one.seconds);
      if (one.failure.empty()) {
        cases += one.text.empty()
                     ? "/>\n"
                     : fmt::format(">\n      <system-out>{}</system-out>\n    </testcase>\n", escaped(one.text));
        continue;
      }
      ++failed;
      cases += fmt::format(">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                           escaped(one.failure), escaped(one.message), escaped(one.text));
    }
    body += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"{:.3f}\">\n{}  "
        "</testsuite>\n",
        escaped(suite.name), suite.cases.size(), failed, time, cases);
    all += suite.cases.size();
    all_failed += failed;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"stillpoint\" tests=\"{}\" failures=\"{}\" "
      "errors=\"0\">\n{}</testsuites>\n",
      all, all_failed, body);
}

}  // namespace stillpoint::cli
