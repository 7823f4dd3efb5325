// random(3), rand(3), drand48(3): libc's pseudo-random numbers, from states of the host's own.
//
// glibc's reentrant functions do the work. rand_r and the reentrant functions themselves have no hidden state, and are
// passed through.
#include <stdlib.h>

#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/random_numbers.hpp"

namespace {

using stillpoint::kernel::Host;

long draw(Host& host) {
  int number = 0;
  random_r(&host.random_numbers.random(), &number);
  return number;
}

}  // namespace

SP_CALL(int, rand, (), ()) { return static_cast<int>(draw(host)); }
SP_CALL(long, random, (), ()) { return draw(host); }
SP_CALL(void, srand, (unsigned seed), (seed)) { srandom_r(seed, &host.random_numbers.random()); }
SP_CALL(void, srandom, (unsigned seed), (seed)) { srandom_r(seed, &host.random_numbers.random()); }

// These two return where the former state is, which begins a word before the table proper (glibc's stdlib/random.c).
SP_CALL(char*, initstate, (unsigned seed, char* table, size_t size), (seed, table, size)) {
  random_data& state = host.random_numbers.random();
  auto* before = reinterpret_cast<char*>(state.state - 1);
  return initstate_r(seed, table, size, &state) == 0 ? before : nullptr;
}
SP_CALL(char*, setstate, (char* table), (table)) {
  random_data& state = host.random_numbers.random();
  auto* before = reinterpret_cast<char*>(state.state - 1);
  return setstate_r(table, &state) == 0 ? before : nullptr;
}

SP_CALL(double, drand48, (), ()) {
  double number = 0;
  drand48_r(&host.random_numbers.drand48(), &number);
  return number;
}
SP_CALL(double, erand48, (unsigned short* seed), (seed)) {
  double number = 0;
  erand48_r(seed, &host.random_numbers.drand48(), &number);
  return number;
}
SP_CALL(long, lrand48, (), ()) {
  long number = 0;
  lrand48_r(&host.random_numbers.drand48(), &number);
  return number;
}
SP_CALL(long, nrand48, (unsigned short* seed), (seed)) {
  long number = 0;
  nrand48_r(seed, &host.random_numbers.drand48(), &number);
  return number;
}
SP_CALL(long, mrand48, (), ()) {
  long number = 0;
  mrand48_r(&host.random_numbers.drand48(), &number);
  return number;
}
SP_CALL(long, jrand48, (unsigned short* seed), (seed)) {
  long number = 0;
  jrand48_r(seed, &host.random_numbers.drand48(), &number);
  return number;
}
SP_CALL(void, srand48, (long seed), (seed)) { srand48_r(seed, &host.random_numbers.drand48()); }
SP_CALL(unsigned short*, seed48, (unsigned short* seed), (seed)) {
  seed48_r(seed, &host.random_numbers.drand48());
  return host.random_numbers.drand48().__old_x;
}
SP_CALL(void, lcong48, (unsigned short* parameters), (parameters)) {
  lcong48_r(parameters, &host.random_numbers.drand48());
}
