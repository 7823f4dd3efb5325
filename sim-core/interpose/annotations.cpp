#include "sim-core/interpose/annotations.hpp"

#include <array>
#include <cstring>

#include "sim-core/kernel/current.hpp"

namespace stillpoint::interpose {
namespace {

// Static initialisers of programs call, on hosts: no memory is allocated here. Names are copied, since a shared object
// may be unloaded.
constexpr std::size_t kMost = 4096;
constexpr std::size_t kLetters = 256 * 1024;
std::array<Annotation, kMost> known;
std::size_t count = 0;
std::array<char, kLetters> letters;
std::size_t used = 0;
AnnotationListener* listener = nullptr;

bool is_known(const Annotation& annotation) {
  for (const Annotation& each : std::span(known).first(count)) {
    if (each.sort == annotation.sort && std::strcmp(each.name, annotation.name) == 0 &&
        std::strcmp(each.file, annotation.file) == 0)
      return true;
  }
  return false;
}

const char* copy(const char* text, std::size_t size) {
  char* const place = &letters[used];
  std::memcpy(place, text, size);
  used += size;
  return place;
}

void add(const Annotation& annotation) {
  const std::size_t name = std::strlen(annotation.name) + 1;
  const std::size_t file = std::strlen(annotation.file) + 1;
  if (is_known(annotation) || count == kMost || name + file > kLetters - used) return;
  known[count++] = {annotation.sort, copy(annotation.name, name), copy(annotation.file, file)};
}

}  // namespace

std::span<const Annotation> known_annotations() { return std::span(known).first(count); }

void set_annotation_listener(AnnotationListener* to) { listener = to; }

}  // namespace stillpoint::interpose

extern "C" void stillpoint_add_annotation(int sort, const char* name, const char* file) {
  stillpoint::interpose::add({sort, name, file});
}

extern "C" int stillpoint_at_annotation(int sort, const char* name, int holds, const char* file, int line,
                                        const char* details) {
  using namespace stillpoint::interpose;
  if (listener == nullptr || stillpoint::kernel::current_host == nullptr) return 0;
  return listener->at({sort, name, file}, holds != 0, line, details) ? 1 : 0;
}
