#pragma once
// What the annotations of the services say in one run: how often each was come to, which never were, and which places
// of buggify fire.
//
// Whether a place of buggify is on, and how often it then fires, is said by the plan, or else by the seed, by its name.
// When it fires follows from a stream of its name and its host's: one more host, or one more place, shifts none of it.
// From the healing on none fires.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <stillpoint/random.hpp>

#include "sim-core/check/report.hpp"
#include "sim-core/faults/injector.hpp"
#include "sim-core/interpose/annotations.hpp"

namespace stillpoint::process {

class Annotations final : private interpose::AnnotationListener {
 public:
  // Somebody broke one: its name, and what there is to say.
  using Broken = std::function<void(const std::string& name, const Finding& finding)>;

  // `of`: only what stands in files whose paths have one of these in them counts as known. Empty: what stands in
  // folders of which something was come to; an executable may have services in it that a run does not touch.
  Annotations(kernel::Kernel& kernel, const faults::Injector& injector, std::vector<std::string> of, Broken broken);
  Annotations(const Annotations&) = delete;
  Annotations& operator=(const Annotations&) = delete;
  ~Annotations();

  // All that are known, with how often they held, were reached, or fired.
  std::vector<Tally> tallies() const;

 private:
  struct Seen {
    std::uint64_t times = 0;
    // Of buggify.
    bool decided = false;
    bool on = false;
    Ratio probability{};
    std::map<HostId, RandomStream> draws = {};
  };
  // Annotations stand in hot code: a name is found without a copy of it.
  struct Less {
    using is_transparent = void;
    using View = std::pair<int, std::string_view>;
    bool operator()(const View& one, const View& other) const { return one < other; }
  };
  bool at(const interpose::Annotation& annotation, bool holds, int line, const char* details) override;
  bool is_meant(const char* file) const;
  Seen& seen(const interpose::Annotation& annotation);
  void reached(Seen& seen, std::string_view name);
  bool fires(Seen& seen, const std::string& name);
  void decide(Seen& place, const std::string& name) const;

  kernel::Kernel& kernel_;
  const faults::Injector& injector_;
  std::vector<std::string> of_;
  Broken broken_;
  std::map<std::pair<int, std::string>, Seen, Less> seen_;
  std::set<std::string, std::less<>> folders_;  // of files in which somebody came to something
};

}  // namespace stillpoint::process
