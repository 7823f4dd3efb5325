#pragma once
// In which order the run takes what could happen in any order: simultaneous slices, and the threads of a host that
// could all run. Virtual time is another matter: no policy changes it, but for the slower host of `delay_host`.
//
// What no policy touches is drawn as ever: latencies, and pieces of streams where a link was told to cut them.
#include <cstdint>
#include <string>

#include <stillpoint/time.hpp>

namespace stillpoint::kernel {

struct SchedulerPolicy {
  enum class Kind : std::uint8_t {
    // Simultaneous events come in an order drawn for each of them, and so does a runnable thread.
    random,
    // Simultaneous events come in the order in which they were scheduled, threads in the order in which they became
    // runnable. Nothing is drawn.
    fifo,
    // Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with
    // Probabilistic Guarantees of Finding Bugs", ASPLOS 2010): every host has a priority, drawn for its name, and so
    // has every thread within its host. Simultaneous slices, and runnable threads, run in the order of theirs; what
    // arrives or expires at the same instant comes before the slices, in the order of scheduling. At `changes` turns of
    // the run, drawn before it, whoever would run falls below all who did not: to place i at the i-th change that was
    // drawn, which need not be the i-th to come, as the paper has it. Of n hosts or threads and k turns, a bug that
    // `changes` + 1 ordering constraints suffice for is found with a probability of at least 1 / (n * k^changes).
    //
    // A thread that only yields would keep those below it from what it waits for: at each 100th yield it falls, too.
    pct,
    // As random, but the slices of one host come last among simultaneous events, and cost `delay` more.
    delay_host,
  };
  Kind kind = Kind::random;
  unsigned changes = 2;            // of pct
  std::uint64_t horizon = 10'000;  // of pct: the turns among which the changes are drawn; about as many as the run has
  std::string host{};              // of delay_host: its name
  Duration delay{};                // of delay_host, in whole microseconds
};

}  // namespace stillpoint::kernel
