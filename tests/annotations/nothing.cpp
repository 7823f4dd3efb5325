// Without STILLPOINT_ANNOTATIONS, as in production, the header is nothing: what stands in an annotation is not even
// compiled.
#undef STILLPOINT_ANNOTATIONS
#undef STILLPOINT_ALWAYS_ASSERTS
#include <stillpoint/annotate.hpp>

#include <catch2/catch.hpp>

TEST_CASE("annotations that are switched off evaluate nothing, and need not even compile") {
  int evaluated = 0;
  STILLPOINT_ALWAYS(++evaluated == 0, "always", "evaluated", ++evaluated);
  STILLPOINT_SOMETIMES(++evaluated == 0, "sometimes");
  STILLPOINT_REACHABLE("reachable");
  STILLPOINT_UNREACHABLE("unreachable");
  STILLPOINT_ALWAYS(there.is().no(such, thing), "always", nor, this_);
  STILLPOINT_SOMETIMES(there.is().no(such, thing), "sometimes");
  CHECK(evaluated == 0);
  static_assert(!STILLPOINT_BUGGIFY("buggify"));
  // Each is a statement, also where there are no braces.
  if (evaluated == 0)
    STILLPOINT_ALWAYS(false, "always");
  else
    STILLPOINT_SOMETIMES(false, "sometimes");
}
