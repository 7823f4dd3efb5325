#pragma once
// What came of a campaign, for whoever asks: a person, a program, a CI system's list of tests, a job's page.
#include <string>

#include "sim-core/campaign/outcome.hpp"

namespace stillpoint::cli {

struct FuzzReport {
  const campaign::Outcome& outcome;
  std::string folder;  // as the user knows it
  std::uint64_t base_seed = 0;
};

// On standard output.
void print_text(const FuzzReport& report);
void print_json(const FuzzReport& report);

// JUnit XML: a suite per scenario; in it a test case for its seeds as a whole, one for each way to fail, and one for
// each regression case and canary.
std::string junit_xml(const FuzzReport& report);
// Markdown.
std::string job_summary(const FuzzReport& report);

// The line that runs a seed of a series again.
std::string replay_line(const campaign::Series& series, std::uint64_t number);
// "campaign-7/last-ticket-9.db"; empty if there is none.
std::string trace_path(const FuzzReport& report, const campaign::Failure& failure);
// "the 3rd of its seeds"
std::string ordinal(std::uint64_t number);

}  // namespace stillpoint::cli
