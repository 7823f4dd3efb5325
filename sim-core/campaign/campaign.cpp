#include "sim-core/campaign/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include <stillpoint/error.hpp>

#include "sim-core/campaign/kept_trace.hpp"
#include "sim-core/campaign/schedule.hpp"
#include "sim-core/supervise/zygote.hpp"

namespace stillpoint::campaign {
namespace {

using Clock = std::chrono::steady_clock;
using supervise::RunOptions;
using supervise::RunResult;
using supervise::Zygote;

class Campaign {
 public:
  Campaign(CampaignFile& file, const CampaignOptions& options)
      : file_(file), options_(options), schedule_(file.plan().series, options.until) {
    for (std::size_t i = 0; i < series().size(); ++i) {
      for (const std::uint64_t number : file.done(i)) schedule_.skip({i, number});
      if (const std::optional<RunRow> finding = file.first_finding(i)) schedule_.found({i, finding->number});
      if (series()[i].purpose != Purpose::fuzz) continue;
      const Totals totals = file.totals(i);
      progress_.seeds += totals.runs;
      progress_.failed += totals.failed;
      progress_.virtual_time += totals.virtual_time;
      progress_.cpu_time += totals.cpu_time;
      for (const Failure& failure : file.failures(i)) groups_.insert(failure.id);
    }
    remove_unfinished_traces(file.folder());
    // Here, while there is one thread: that is no time to fork from.
    for (unsigned i = 0; i < options.jobs; ++i) zygotes_.push_back(std::make_unique<Zygote>());
    if (!zygotes_.front()->fixed_addresses() && options.on_warning) {
      options.on_warning(supervise::kMovingAddresses);
    }
  }

  CampaignEnd run() {
    std::vector<std::thread> workers;
    working_ = zygotes_.size();
    for (std::unique_ptr<Zygote>& zygote : zygotes_) workers.emplace_back([this, &zygote] { work(zygote); });
    watch_over();
    for (std::thread& worker : workers) worker.join();
    if (error_) std::rethrow_exception(error_);
    if (end_ != CampaignEnd::cancelled) keep_smallest();
    report();
    file_.set_spent(spent());
    if (end_ == CampaignEnd::complete) file_.set_complete();
    return end_;
  }

 private:
  const std::vector<Series>& series() const { return file_.plan().series; }

  // Of real time, in this session and in those before.
  Duration spent() const { return spent_before_ + (Clock::now() - start_); }

  bool budget_is_spent() const { return file_.plan().budget && spent() >= *file_.plan().budget; }

  // The calling thread, while the workers work: says how it goes, and when it is over.
  void watch_over() {
    std::unique_lock lock(mutex_);
    while (working_ > 0) {
      news_.wait_for(lock, std::chrono::milliseconds(100));
      if (!stopping_ && options_.cancelled && options_.cancelled()) stop(CampaignEnd::cancelled);
      if (!stopping_ && budget_is_spent()) stop(CampaignEnd::budget);
      lock.unlock();
      report();
      lock.lock();
    }
  }

  void stop(CampaignEnd why) {
    end_ = why;
    stopping_ = true;
  }

  void report() {
    std::vector<std::int64_t> fresh;
    Progress progress;
    std::vector<Failure> failures;
    {
      const std::lock_guard lock(mutex_);
      fresh.swap(fresh_failures_);
      progress = progress_;
      progress.spent = Clock::now() - start_;
      progress.groups = groups_.size();
      for (const std::int64_t id : fresh) {
        if (std::optional<Failure> failure = file_.failure(id)) failures.push_back(std::move(*failure));
      }
    }
    if (options_.on_failure) {
      for (const Failure& failure : failures) options_.on_failure(failure);
    }
    if (options_.on_progress) options_.on_progress(progress);
  }

  // ---- a worker ----

  void work(std::unique_ptr<Zygote>& zygote) {
    try {
      while (const std::optional<Task> task = next()) {
        const supervise::RunRequest request = series()[task->series].nth(task->number);
        const std::optional<RunResult> result = run_seed(zygote, request, {});
        if (!result) break;
        if (const std::optional<std::int64_t> failure = add(*task, *result)) keep(zygote, *failure, task->number);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      stopping_ = true;
    }
    const std::lock_guard lock(mutex_);
    --working_;
    news_.notify_all();
  }

  std::optional<Task> next() {
    const std::lock_guard lock(mutex_);
    return stopping_ ? std::nullopt : schedule_.next();
  }

  // nullopt: it was ended because the campaign is.
  std::optional<RunResult> run_seed(std::unique_ptr<Zygote>& zygote, const supervise::RunRequest& request,
                                    RunOptions run_options) {
    run_options.cancelled = [this] { return stopping_.load(); };
    for (int tries = 3;; --tries) {
      try {
        RunResult result = supervise::run_once(*zygote, request, run_options);
        if (result.report.verdict == Verdict::interrupted) return std::nullopt;
        return result;
      } catch (const Error&) {
        // Somebody killed the zygote: a machine without memory may. Another one can go on, but for a recording, which
        // has seen a part of the run.
        if (tries == 0 || run_options.on_records) throw;
        zygote = std::make_unique<Zygote>();
      }
    }
  }

  // Returns the failure that it shows, if it is one to keep a trace of and has none yet.
  std::optional<std::int64_t> add(Task task, const RunResult& result) {
    const std::lock_guard lock(mutex_);
    const std::optional<std::int64_t> failure = file_.add(task.series, task.number, result, spent());
    const Series& of = series()[task.series];
    if (is_finding(result.report.verdict)) schedule_.found(task);
    if (of.purpose == Purpose::fuzz) {
      ++progress_.seeds;
      ++progress_.seeds_now;
      if (failure) {
        ++progress_.failed;
        groups_.insert(*failure);
      }
      progress_.virtual_time += Duration(result.virtual_ns);
      progress_.cpu_time += Duration(result.cpu_ns);
    }
    news_.notify_all();
    if (!failure || !wants_trace(*failure) || file_.failure(*failure)->traced || keeping_.contains(*failure))
      return std::nullopt;
    keeping_.insert(*failure);
    return failure;
  }

  // A canary that was found, or a case that shows what it should, is no news.
  bool wants_trace(std::int64_t id) const {
    const std::optional<Failure> failure = file_.failure(id);
    if (!failure) return false;
    const Series& of = series()[failure->series];
    if (of.purpose == Purpose::canary) return !is_finding(failure->verdict);
    return of.purpose == Purpose::fuzz || failure->signature != of.expected;
  }

  // Runs a seed once more, recorded, and keeps the trace if it is the same run.
  void keep(std::unique_ptr<Zygote>& zygote, std::int64_t id, std::uint64_t number) {
    Failure failure;
    RunRow first;
    {
      const std::lock_guard lock(mutex_);
      failure = file_.failure(id).value();
      first = file_.run(failure.series, number).value();
    }
    const Series& of = series()[failure.series];
    KeptTrace trace(file_.folder(), stem(failure.series), of, first.seed, file_.plan().revision);
    const std::optional<RunResult> result =
        run_seed(zygote, of.nth(number), {.on_records = trace.sink(), .on_progress = {}, .cancelled = {}});
    if (!result) return;
    // A run that a real clock has ended may get a little further the next time.
    const bool same = first.backstop && result->report.by_backstop ? result->report.verdict == first.verdict
                                                                   : result->hash == first.hash;
    const std::string name = trace.finish(*result, same ? result->report.verdict : Verdict::nondeterminism);
    const std::lock_guard lock(mutex_);
    std::int64_t shows = id;
    if (!same) {
      shows = file_.set_nondeterministic(
          failure.series, number,
          fmt::format("two runs of this seed differ: hash {:016x}, then {:016x}", first.hash, result->hash));
    }
    const std::optional<Failure> shown = file_.failure(shows);
    if (shown && !shown->trace.empty() && shown->trace != name) remove_trace(file_.folder(), shown->trace);
    if (!shown || !shown->traced) fresh_failures_.push_back(shows);
    file_.set_trace(shows, number, name);
    keeping_.erase(id);
  }

  // What the files of a series' traces are called after: its scenario, which may be called anything, and what else
  // tells it from other series.
  std::string stem(std::size_t index) const {
    const Series& of = series()[index];
    std::string name = of.scenario.substr(0, 100);
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    std::replace_if(
        name.begin(), name.end(), [&](char c) { return kPlain.find(c) == kPlain.npos; }, '-');
    if (name.empty() || name.front() == '.' || name.front() == '-') name = "scenario" + name;
    if (of.purpose != Purpose::fuzz) name += fmt::format("-{}", name_of(of.purpose));
    const auto alike = [&](const Series& other) {
      return other.scenario == of.scenario && other.purpose == of.purpose;
    };
    if (std::count_if(series().begin(), series().end(), alike) > 1) name += fmt::format("-{}", index);
    return name;
  }

  // At the end: of every failure, the trace of its smallest seed.
  void keep_smallest() {
    constexpr int kTriesForTrace = 3;
    std::map<std::int64_t, int> tries;
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < series().size(); ++i) {
        for (const Failure& failure : file_.failures(i)) {
          if (!wants_trace(failure.id) || failure.traced == failure.smallest.number) continue;
          // Of runs that are never the same, one trace is as good as another, and no further seed will do better.
          if (failure.verdict == Verdict::nondeterminism && failure.traced) continue;
          if (++tries[failure.id] > kTriesForTrace) continue;
          keep(zygotes_.front(), failure.id, failure.smallest.number);
          changed = true;  // it may have become another failure
        }
      }
    }
  }

  CampaignFile& file_;
  const CampaignOptions& options_;
  const Duration spent_before_ = file_.spent();
  Clock::time_point start_ = Clock::now();
  std::vector<std::unique_ptr<Zygote>> zygotes_;

  std::mutex mutex_;  // everything below, and the file
  std::condition_variable news_;
  Schedule schedule_;
  Progress progress_;
  std::set<std::int64_t> groups_;   // failures of fuzz series
  std::set<std::int64_t> keeping_;  // failures whose first trace is being made
  std::vector<std::int64_t> fresh_failures_;
  std::size_t working_ = 0;
  std::exception_ptr error_;
  std::atomic<bool> stopping_ = false;
  CampaignEnd end_ = CampaignEnd::complete;
};

}  // namespace

CampaignEnd run_campaign(CampaignFile& file, const CampaignOptions& options) { return Campaign(file, options).run(); }

}  // namespace stillpoint::campaign
