#pragma once
// The annotations that are in this process (stillpoint/annotate.hpp), and whom they speak to.
#include <span>

namespace stillpoint::interpose {

struct Annotation {
  int sort = 0;  // annotations::Sort
  const char* name = nullptr;
  const char* file = nullptr;
};

// Those that were linked in or loaded so far, each sort, name and file once. Beyond some thousands further ones are not
// known.
std::span<const Annotation> known_annotations();

// Somebody came to one, on the host that is current. What it returns counts for buggify.
class AnnotationListener {
 public:
  virtual bool at(const Annotation& annotation, bool holds, int line, const char* details) = 0;

 protected:
  ~AnnotationListener() = default;
};
// Null: nobody listens, and no place of buggify fires.
void set_annotation_listener(AnnotationListener* listener);

}  // namespace stillpoint::interpose
