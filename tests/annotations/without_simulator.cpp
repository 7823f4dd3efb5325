// What was compiled with annotations, in an executable that is not the simulator's: it runs as if they were not there.
#define STILLPOINT_ANNOTATIONS
#undef STILLPOINT_ALWAYS_ASSERTS
#include <stillpoint/annotate.hpp>

#include <catch2/catch.hpp>

TEST_CASE("without the simulator annotations are harmless") {
  const bool is_simulated = stillpoint_at_annotation != nullptr || stillpoint_add_annotation != nullptr;
  REQUIRE_FALSE(is_simulated);
  int evaluated = 0;
  STILLPOINT_ALWAYS(++evaluated == 1, "always");
  STILLPOINT_ALWAYS(++evaluated == 0, "always", "evaluated", evaluated);  // broken, and nobody minds
  STILLPOINT_SOMETIMES(++evaluated == 3, "sometimes");
  STILLPOINT_REACHABLE("reachable");
  STILLPOINT_UNREACHABLE("unreachable");
  CHECK(evaluated == 3);
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(STILLPOINT_BUGGIFY("buggify"));
}
