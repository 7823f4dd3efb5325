// What a person sees first.
#include "tests/visualizer/screen/shown.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

TEST_CASE("a failed run opens at its first violation, with witnesses and everything around it in sight") {
  const ShownStory shown;
  CHECK(shown.at() == shown.story.violation);
  for (const char* label : {"broken promise", "witness 1", "witness 2", "violation", "copy replay command", "minimap",
                            "lane plaza-1", "lane users-1", "lane users-2", "lane harness", "tab Events",
                            "tab Operations", "tab Log", "filter", "proof 1", "proof 2"}) {
    INFO(label);
    CHECK(shown.shows(label));
  }
  CHECK(shown.shows("row " + std::to_string(shown.story.violation)));
  CHECK_FALSE(shown.shows("witness 3"));
}

TEST_CASE("a run that crashed opens at its end, and says so") {
  const Folder folder;
  record_crash(folder / "crash.db");
  const Shown shown(folder / "crash.db");
  CHECK(shown.at() == shown.view.trace().events().size());
  CHECK_FALSE(shown.shows("broken promise"));
  CHECK(shown.shows("copy replay command"));
  CHECK_FALSE(shown.shows("lane harness"));
}

TEST_CASE("the lanes of a run without events on the harness leave the harness out") {
  const Folder folder;
  record_crash(folder / "crash.db");
  const Shown shown(folder / "crash.db");
  CHECK(shown.shows("lane plaza-1"));
  CHECK_FALSE(shown.shows("lane harness"));
}
