#include "sim-core/supervise/run_twice.hpp"

#include <array>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace stillpoint::supervise {
namespace {

// Takes the records of both runs as they come, compares what both have, and keeps only what one has alone.
class Comparison {
 public:
  explicit Comparison(DescribeRecord describe) : describe_(describe) {}

  void feed(std::size_t run, std::span<const std::byte> records) {
    std::unique_lock lock(mutex_);
    // The faster run waits for the slower one, or memory would grow with the run.
    room_.wait(lock, [&] { return ahead_[run].size() < kMostAhead || ended_[1 - run] || difference_; });
    if (difference_) return;
    ahead_[run].insert(ahead_[run].end(), records.begin(), records.end());
    compare();
    room_.notify_all();
  }

  void end(std::size_t run) {
    const std::lock_guard lock(mutex_);
    ended_[run] = true;
    room_.notify_all();
  }

  // Once both have ended.
  std::optional<Difference> difference() {
    compare();
    for (std::size_t run = 0; run < 2 && !difference_; ++run) {
      if (ahead_[run].empty()) continue;
      difference_ = Difference{events_ + 1, {}, {}};
      (run == 0 ? difference_->first : difference_->second) = describe_front(run);
    }
    return difference_;
  }

 private:
  static constexpr std::size_t kMostAhead = 64 * 1024 * 1024;

  // A copy: records lie at any offset in the buffer.
  RecordHeader front(std::size_t run) const {
    RecordHeader header;
    std::memcpy(&header, ahead_[run].data() + taken_[run], sizeof header);
    return header;
  }
  std::string describe_front(std::size_t run) const {
    const std::byte* payload = ahead_[run].data() + taken_[run] + sizeof(RecordHeader);
    return describe_(front(run), {payload, front(run).payload_size});
  }

  void compare() {
    taken_ = {0, 0};
    while (!difference_ && taken_[0] < ahead_[0].size() && taken_[1] < ahead_[1].size()) {
      const RecordHeader first = front(0);
      const RecordHeader second = front(1);
      const bool equal = first.size == second.size &&
                         std::memcmp(ahead_[0].data() + taken_[0], ahead_[1].data() + taken_[1], first.size) == 0;
      if (!equal && first.type == RecordType::log && second.type == RecordType::log) {
        // Logs are no part of a run's identity.
      } else if (!equal) {
        difference_ = Difference{events_ + 1, describe_front(0), describe_front(1)};
        return;
      }
      if (first.type == RecordType::event) ++events_;
      taken_[0] += first.size;
      taken_[1] += second.size;
    }
    for (std::size_t run = 0; run < 2; ++run) {
      ahead_[run].erase(ahead_[run].begin(), ahead_[run].begin() + static_cast<std::ptrdiff_t>(taken_[run]));
    }
    taken_ = {0, 0};
  }

  DescribeRecord describe_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::array<std::vector<std::byte>, 2> ahead_;
  std::array<std::size_t, 2> taken_{};
  std::array<bool, 2> ended_{};
  EventId events_ = 0;
  std::optional<Difference> difference_;
};

}  // namespace

TwoRuns run_twice(const RunRequest& request, const RunOptions& options, DescribeRecord describe) {
  Comparison comparison(describe);
  std::array<Zygote, 2> zygotes;  // both before the threads: a process with threads should not fork
  std::array<RunResult, 2> results;
  std::array<std::exception_ptr, 2> errors;
  const auto run = [&](std::size_t index) {
    RunOptions own;
    own.cancelled = options.cancelled;
    own.on_records = [&, index](std::span<const std::byte> records) {
      if (index == 0 && options.on_records) options.on_records(records);
      comparison.feed(index, records);
    };
    if (index == 0) own.on_progress = options.on_progress;
    try {
      results[index] = run_once(zygotes[index], request, own);
    } catch (...) {
      errors[index] = std::current_exception();
    }
    comparison.end(index);
  };
  std::thread second(run, 1);
  run(0);
  second.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return {std::move(results[0]), std::move(results[1]), comparison.difference(), zygotes[0].fixed_addresses()};
}

}  // namespace stillpoint::supervise
