#pragma once
// What a simulation leaves in shared memory when a signal ends it: which host ran, and what code. Its signal handler
// writes it, with the process in whatever state; the supervisor reads it, and trusts none of it.
#include <atomic>
#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define SP_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SP_SANITIZED 1
#endif
#endif

namespace stillpoint::kernel {
class Host;
}

namespace stillpoint::supervise {

struct DeathNote {
  static constexpr std::size_t kMostFrames = 48;
  static constexpr std::size_t kMostModules = 64;

  struct Module {  // a file of machine code, where it is mapped
    std::uint64_t begin;
    std::uint64_t end;
    std::uint64_t bias;  // to subtract from an address to get the file's own
    char path[232];      // empty: this executable
  };

  // Known before the simulation begins.
  std::uint32_t module_count;
  Module modules[kMostModules];

  // Written at the end, in this order.
  std::int32_t signal;  // 0: no signal
  bool of_program;      // the host that ran has a program, and is not driven
  bool stack_overflow;  // the fault was at the end of the stack
  char host[64];        // name and role of the host that ran; empty for none
  char role[64];
  std::uint64_t fault;                     // where the signal struck; 0: the end came from within
  std::atomic<std::uint32_t> frame_count;  // 0 until the frames are there
  std::uint64_t frames[kMostFrames];       // return addresses, innermost first
};

// In the simulation's process, before it begins: notes the modules, and has the signals that end a process leave a
// note. Under AddressSanitizer, its own handlers of faults stay.
void prepare_death_note(DeathNote& note);
// Notes the modules anew: one was loaded.
void note_modules();

// Writes the note now: for an end that comes from within.
void write_death_note(const kernel::Host* host);

// Who died, in a sentence: "the program".
inline const char* subject_of(const DeathNote& note) { return note.of_program ? "the program" : "the service"; }

// The signal by which the supervisor asks for a note before it kills.
int note_and_die_signal();

}  // namespace stillpoint::supervise
