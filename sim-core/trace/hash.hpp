#pragma once
// The rolling 64-bit hash of a run: XXH3 over the bytes of its records, in their order.
#define XXH_STATIC_LINKING_ONLY  // the size of a state
#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>  // with the widest vectors that this machine has: the same values, at half the cost
#endif

#include "sim-core/trace/stream.hpp"

namespace stillpoint {

static_assert(sizeof(XXH3_state_t) <= sizeof(HashState));
static_assert(alignof(XXH3_state_t) <= alignof(HashState));

inline XXH3_state_t* hash_state(HashState& state) { return reinterpret_cast<XXH3_state_t*>(state.bytes); }
inline const XXH3_state_t* hash_state(const HashState& state) {
  return reinterpret_cast<const XXH3_state_t*>(state.bytes);
}

}  // namespace stillpoint
