#pragma once
// A campaign on disk: a folder with an SQLite file (schema.sql describes it) and the traces that were kept. It is the
// campaign's only memory: what is asked of it is asked of the file, so a campaign that went on after a kill -9 knows
// the same as one that was never interrupted.
//
// One process at a time has a folder open for a campaign (a lock on the folder, which ends with the process). The
// object itself belongs to one thread at a time.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <stillpoint/time.hpp>

#include "sim-core/campaign/series.hpp"
#include "sim-core/record/database.hpp"
#include "sim-core/supervise/run_once.hpp"

namespace stillpoint::campaign {

struct Plan {
  std::vector<Series> series;
  std::uint64_t base_seed = 0;
  std::optional<Duration> budget = {};  // of real time
  std::string revision = {};            // git revision of the executable
};

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;
  std::uint64_t events = 0;
  Duration virtual_time{};
  Duration cpu_time{};
};

// What happened how often in the runs of a series.
struct TallyRow : Tally {
  std::uint64_t runs = 0;  // in which it happened at all
};

struct RunRow {
  std::uint64_t number = 0;
  std::uint64_t seed = 0;
  Verdict verdict = Verdict::pass;
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  bool backstop = false;
  std::string message;  // of one that failed
};

struct Failure {
  std::int64_t id = 0;
  std::size_t series = 0;
  Verdict verdict = Verdict::pass;
  std::string signature;
  std::uint64_t seeds = 0;              // that show it
  RunRow smallest;                      // the one with the fewest events
  std::optional<std::uint64_t> traced;  // the number of the run whose trace was kept
  std::string trace;                    // its file's name, in the folder
};

class CampaignFile {
 public:
  static constexpr const char* kName = "campaign.db";
  // Whether there is one in the folder.
  static bool exists(const std::filesystem::path& folder);

  // Makes the folder, if need be, and sees that no campaign is in it. Throws Error.
  static void prepare(const std::filesystem::path& folder);
  // Makes the folder, if need be, and a new campaign in it. Throws Error, also if another process has the folder.
  static CampaignFile create(const std::filesystem::path& folder, Plan plan);
  // Opens one that is there, to go on with it. Throws Error, also if it was made by another build.
  static CampaignFile open(const std::filesystem::path& folder);
  CampaignFile(CampaignFile&&) noexcept;
  ~CampaignFile();

  const std::filesystem::path& folder() const;
  const Plan& plan() const;
  Duration spent() const;  // of real time, in all sessions so far
  void set_spent(Duration spent);
  void set_budget(Duration budget);
  bool complete() const;
  void set_complete();

  // ---- runs ----
  // The numbers of the seeds that ended, in order.
  std::vector<std::uint64_t> done(std::size_t series) const;
  // The first seed of a series whose verdict is_finding().
  std::optional<RunRow> first_finding(std::size_t series) const;
  std::optional<RunRow> run(std::size_t series, std::uint64_t number) const;
  // Adds one that ended. Returns the failure that it shows, if any. `spent` as for set_spent().
  std::optional<std::int64_t> add(std::size_t series, std::uint64_t number, const supervise::RunResult& result,
                                  Duration spent);
  // Another run of it was another run: it is a nondeterminism, whatever it was before. Returns that failure.
  std::int64_t set_nondeterministic(std::size_t series, std::uint64_t number, const std::string& message);
  Totals totals(std::size_t series) const;
  // By sort and name.
  std::vector<TallyRow> tallies(std::size_t series) const;

  // ---- failures ----
  // All of a series, by their first seed.
  std::vector<Failure> failures(std::size_t series) const;
  std::optional<Failure> failure(std::int64_t id) const;
  void set_trace(std::int64_t failure, std::uint64_t number, const std::string& file);

 private:
  struct State;
  explicit CampaignFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stillpoint::campaign
