#include "sim-core/interpose/call_site.hpp"

#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// Of every sanitizer's runtime: where it is linked statically, as clang does it, the executable's own code has it.
extern "C" __attribute__((weak)) void __sanitizer_set_report_path(const char*);

namespace stillpoint::interpose {
namespace {

struct Range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  Origin origin = Origin::program;
  bool contains(std::uintptr_t address) const { return address >= begin && address < end; }
};

// The first that fits counts. What is in none is the program's.
std::array<Range, 32> ranges;
std::size_t range_count = 0;

void add(const Range& range) {
  if (range_count < ranges.size()) ranges[range_count++] = range;
}

// Functions that are nothing but their system call: who reaches libc's own (dlsym finds it) is the program, or libc on
// behalf of it. All others tell libc who the real process and thread are, without calling these. By pthread_sigmask
// sigsetjmp keeps a mask, and siglongjmp brings it back.
constexpr const char* kOfProgram[] = {"syscall", "getpid", "gettid", "tgkill", "_exit", "pthread_sigmask"};

void add_functions_of_program() {
  void* const libc = dlopen(LIBC_SO, RTLD_LAZY | RTLD_NOLOAD);
  if (libc == nullptr) return;
  for (const char* name : kOfProgram) {
    void* const function = dlsym(libc, name);
    Dl_info info{};
    void* entry = nullptr;
    if (function == nullptr || dladdr1(function, &info, &entry, RTLD_DL_SYMENT) == 0 || entry == nullptr) continue;
    const auto begin = reinterpret_cast<std::uintptr_t>(function);
    add({begin, begin + static_cast<const ElfW(Sym)*>(entry)->st_size, Origin::program});
  }
  dlclose(libc);
}

bool has(const dl_phdr_info& object, std::uintptr_t address) {
  return std::any_of(object.dlpi_phdr, object.dlpi_phdr + object.dlpi_phnum, [&](const ElfW(Phdr) & segment) {
    const std::uintptr_t begin = object.dlpi_addr + segment.p_vaddr;
    return segment.p_type == PT_LOAD && address >= begin && address < begin + segment.p_memsz;
  });
}

Origin origin_of_object(const dl_phdr_info& object) {
  std::string_view name = object.dlpi_name;
  name.remove_prefix(name.rfind('/') + 1);  // all of it, if there is none
  if (name == LIBC_SO) return Origin::libc;
  if (name == LD_SO) return Origin::loader;
  for (const std::string_view runtime : {"libasan.", "libubsan.", "liblsan.", "libtsan."}) {
    if (name.starts_with(runtime)) return Origin::sanitizer;
  }
  const auto runtime = reinterpret_cast<std::uintptr_t>(&__sanitizer_set_report_path);
  return runtime != 0 && has(object, runtime) ? Origin::sanitizer : Origin::program;
}

int note_object(dl_phdr_info* object, std::size_t, void*) {
  const Origin origin = origin_of_object(*object);
  for (int i = 0; origin != Origin::program && i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    add({begin, begin + segment.p_memsz, origin});
  }
  return 0;
}

}  // namespace

void note_call_sites() {
  range_count = 0;
  add_functions_of_program();
  dl_iterate_phdr(note_object, nullptr);
}

Origin origin_of(const void* site) {
  const auto address = reinterpret_cast<std::uintptr_t>(site);
  for (std::size_t i = 0; i < range_count; ++i) {
    if (ranges[i].contains(address)) return ranges[i].origin;
  }
  return Origin::program;
}

bool sanitizer_is_loaded() {
  return std::any_of(ranges.begin(), ranges.begin() + range_count,
                     [](const Range& range) { return range.origin == Origin::sanitizer; });
}

}  // namespace stillpoint::interpose
