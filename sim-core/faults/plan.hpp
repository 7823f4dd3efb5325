#pragma once
// A plan: everything that will go wrong in a run, and in which manner its scheduler decides, as plain data.
//
// A plan is made before the run (generator.hpp), or read from a file (plan_text.hpp), and nothing else injects faults.
// Each fault has a name of its own, which its random draws hang on: so one that is removed or changed shifts no draw of
// another. Whom it means may be a host's name, or a role that is looked up when the fault begins.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/faults/kinds.hpp"

namespace stillpoint::faults {

// Of a plan's file; 0: of none. Where something was read is no part of what was read.
struct Line {
  int number = 0;
  friend bool operator==(const Line&, const Line&) { return true; }
};

// How much, in the unit of its magnitude: microseconds, parts per million, a number; or a text.
struct Value {
  std::int64_t number = 0;
  std::string text = {};
  friend bool operator==(const Value&, const Value&) = default;
};

// When a fault begins: at a moment of virtual time, or so long after the Nth event that matches.
struct Trigger {
  Duration at{};
  std::string event = {};  // a kind of trace events: "apply", "sync"; empty: at a moment
  std::string host = {};   // only events of this host; empty: of any
  std::string text = {};   // only those whose payload contains this; empty: all
  std::uint64_t nth = 1;
  friend bool operator==(const Trigger&, const Trigger&) = default;
};

struct Fault {
  std::string name;
  Kind kind{};
  std::vector<std::string> on = {};    // of a kind that is aimed at hosts
  std::vector<std::string> from = {};  // of one that is aimed at links
  std::vector<std::string> to = {};
  bool both_ways = true;
  Trigger when = {};
  std::optional<Duration> lasts = std::nullopt;  // none: a moment, or for good
  std::map<std::string, Value> magnitudes = {};  // those that are said; the others are as usual
  Line line = {};

  // What is said, or what is usual. Requires that its kind has this magnitude.
  std::int64_t number(std::string_view magnitude) const;
  std::string text(std::string_view magnitude) const;
  Duration duration(std::string_view magnitude) const;
  Ratio ratio(std::string_view magnitude) const { return {static_cast<std::uint32_t>(number(magnitude))}; }

  friend bool operator==(const Fault&, const Fault&) = default;
};

// What the scheduler goes by: the order of what is simultaneous.
struct Scheduling {
  enum class Policy : std::uint8_t { random, fifo, pct, delay_host };
  Policy policy = Policy::random;
  std::uint64_t changes = 0;  // of pct: change points of priority
  std::uint64_t horizon = 0;  // of pct: about how many slices the run has
  std::string host = {};      // of delay-host
  Duration delay{};           // likewise
  Line line = {};
  friend bool operator==(const Scheduling&, const Scheduling&) = default;
};

// From then on nothing is wrong any more: what lasts ends, who is down boots, and nothing further begins.
struct Healing {
  std::optional<Duration> at = std::nullopt;  // none: never
  // Who stays as they are: nobody, or as many hosts as are less than half.
  enum class Except : std::uint8_t { nobody, minority };
  Except except = Except::nobody;
  friend bool operator==(const Healing&, const Healing&) = default;
};

// Which buggify sites of the service are on, and how often they then fire. What is not named is decided by the seed:
// on with a chance of `enabled`.
struct Buggify {
  struct Site {
    std::string name;
    bool on = false;
    Ratio probability{};
    friend bool operator==(const Site&, const Site&) = default;
  };
  Ratio enabled{};
  Ratio probability{};
  std::vector<Site> sites = {};
  friend bool operator==(const Buggify&, const Buggify&) = default;
};

struct Plan {
  Scheduling scheduling = {};
  Healing healing = {};
  Buggify buggify = {};
  std::vector<Fault> faults = {};
  friend bool operator==(const Plan&, const Plan&) = default;
};

std::string_view name_of(Scheduling::Policy policy);
std::string_view name_of(Healing::Except except);

// "partition-3: plaza-1 and users-1, users-2, both ways: nothing gets through": what the fault is, for the trace.
std::string in_words(const Fault& fault);

// The number of an errno's name, such as "EIO"; 0 if there is none of that name. Those that a fault may give.
int error_number(std::string_view name);
std::vector<std::string> error_names();

}  // namespace stillpoint::faults
