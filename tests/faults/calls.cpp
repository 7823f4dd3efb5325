#include "sim-core/faults/calls.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <set>

using namespace stillpoint::faults;

namespace {

// The functions of libc that sim-core/interpose defines, as the build lists them for the linker: a name a line.
std::set<std::string> interposed() {
  std::ifstream list(INTERPOSED);
  REQUIRE(list);
  std::set<std::string> names;
  for (std::string line; std::getline(list, line);) {
    if (line.size() > 3 && line.starts_with("  ") && line.ends_with(";")) names.insert(line.substr(2, line.size() - 3));
  }
  return names;
}

}  // namespace

TEST_CASE("every call that a plan may make fail is one that comes to the virtual kernel") {
  const std::set<std::string> names = interposed();
  REQUIRE(names.size() > calls_that_can_fail().size());
  std::string unknown;
  for (const std::string& call : calls_that_can_fail()) {
    if (!names.contains(call)) unknown += call + " ";
  }
  CHECK(unknown.empty());
  CHECK(calls_that_can_fail().size() > 100);
}

TEST_CASE("what can fail is said by name") {
  CHECK(can_fail("accept"));  // the first
  CHECK(can_fail("fsync"));
  CHECK(can_fail("writev"));  // the last
  CHECK_FALSE(can_fail("close"));
  CHECK_FALSE(can_fail("fsyn"));
  CHECK_FALSE(can_fail(""));
}
