#pragma once
// Whose a system call is, by where its instruction stands. What libc may do for itself is not what a program may.
namespace stillpoint::interpose {

enum class Origin {
  program,    // the service's code, and every library but those below
  libc,       // libc itself
  loader,     // the dynamic linker
  sanitizer,  // a sanitizer's calls are none of the host's
};

// Looks at what is loaded now: before a program is, since no library of its may pass for libc.
void note_call_sites();

// `site`: the instruction, or the address after it.
Origin origin_of(const void* site);

// Whether there is a sanitizer in the process.
bool sanitizer_is_loaded();

}  // namespace stillpoint::interpose
