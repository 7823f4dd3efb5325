#pragma once
// What hosts leave behind that lost their power, and threads that stand still for ever: it is never destroyed. A crash
// runs no destructors, and no order of destruction would be safe, as the objects of a service refer to each other.
//
// There is one for the process, and it has no destructor itself, so that everything in it stays reachable: a leak
// checker is content. How much of it there is, is bounded by the memory that a run may use (limits.memory_mib).
#include <utility>
#include <vector>

namespace stillpoint::kernel {

class Graveyard {
 public:
  // Takes `thing`, a pointer or a container, for ever.
  template <typename Thing>
  void bury(Thing thing) {
    buried_.push_back(new Thing(std::move(thing)));
  }

 private:
  std::vector<const void*> buried_;
};

inline Graveyard& graveyard() {
  static Graveyard& only = *new Graveyard;
  return only;
}

}  // namespace stillpoint::kernel
