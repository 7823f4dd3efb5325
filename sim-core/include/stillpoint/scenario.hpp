#pragma once
// A scenario: its settings, what it builds, what it checks at the end. A scenario file (TOML) names the behaviour,
// written in C++, that gives it life; several files may name the same one.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <stillpoint/settings.hpp>
#include <stillpoint/simulation.hpp>

namespace stillpoint {

class Scenario {
 public:
  virtual ~Scenario() = default;
  // Reads the settings; throws Error through them. Called once, before build(), and also where nothing will be run, to
  // check a file. `bug` is one of the behaviour's bugs, or empty.
  virtual void configure(const Settings& settings, const std::string& bug) = 0;
  // Adds hosts, links, users and checks.
  virtual void build(Simulation& simulation) = 0;
  // The run is over (stopped, out of time, or nothing will ever happen again), without a violation so far: the last
  // look.
  virtual void finish(Simulation& simulation) { static_cast<void>(simulation); }
};

// A planted bug of the service under test.
struct Bug {
  std::string name;
  std::string about;    // its mechanism
  std::string id = {};  // under which others know it; may be empty
};

// What scenario files name as `behaviour`.
struct Behaviour {
  std::string name;
  std::vector<Bug> bugs;
  std::function<std::unique_ptr<Scenario>()> make;
};

// Adds a behaviour to the executable: one namespace-scope object of this type beside its code.
class RegisterBehaviour {
 public:
  explicit RegisterBehaviour(Behaviour behaviour);
};

}  // namespace stillpoint
