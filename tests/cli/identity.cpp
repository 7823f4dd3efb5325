// A run's identity depends on the executable, the scenario, the overrides and the seed, and on nothing else of the
// machine's state.
#include <catch2/catch.hpp>

#include <filesystem>
#include <set>
#include <string>

#include "tests/support/shell.hpp"

namespace {

std::string tool() { return test::binary("stillpoint-test"); }
std::string scenario(const std::string& name) {
  return std::filesystem::current_path().string() + "/tests/scenarios/" + name;
}

std::string hash_in(const std::string& json) {
  const std::size_t at = json.find("\"hash\":\"");
  REQUIRE(at != std::string::npos);
  return json.substr(at + 8, 16);
}

}  // namespace

TEST_CASE("a service that sorts heap pointers replays alike from a hundred supervisors in different states") {
  const std::string run = tool() + " run " + scenario("pointers.toml") + " --seed 3";
  const test::Ran reference = test::shell(run + " --trace reference.db --json");
  REQUIRE(reference.exit_code == 0);
  const std::string hash = hash_in(reference.out);

  for (int state = 0; state < 100; ++state) {
    const std::string number = std::to_string(state);
    std::string setting =
        "export PADDING_" + number + "=" + std::string(static_cast<std::size_t>(state) * 97, 'x') + "\n";
    if (state % 2 == 0) setting += "ulimit -S -s " + std::to_string(1024 + state * 64) + "\n";
    if (state % 3 == 0) setting += "export LC_ALL=C.UTF-8 TZ=Asia/Tokyo MALLOC_ARENA_MAX=" + number + " LANG=de_DE\n";
    if (state % 5 == 0) setting += "mkdir -p deep/" + number + "; cd deep/" + number + "\n";
    if (state % 7 == 0) setting += "exec 7</dev/null 8</dev/null 200</dev/null\n";
    if (state % 11 == 0) setting += "trap '' PIPE HUP USR1; umask 077\n";
    CAPTURE(setting);
    // Some states come from what the supervisor itself does: recording, replaying, running twice.
    std::string command = run + " --json";
    if (state % 4 == 1) command = run + " --json --trace t" + number + ".db";
    if (state % 4 == 2) command = tool() + " replay " + test::scratch() + "/reference.db --json";
    if (state % 4 == 3) command = run + " --json --check";
    const test::Ran ran = test::shell(setting + command);
    CAPTURE(ran.err);
    REQUIRE(ran.exit_code == 0);
    REQUIRE(hash_in(ran.out) == hash);
  }
}

TEST_CASE("locale, time zone and environment are fixed for a run") {
  const std::string run = tool() + " run " + scenario("misbehaving.toml") + " --seed 1 --json";
  const std::string plain = hash_in(test::shell(run).out);
  CHECK(hash_in(test::shell("env -i " + run).out) == plain);
  CHECK(
      hash_in(test::shell("LC_ALL=tr_TR.UTF-8 TZ=America/St_Johns GLIBC_TUNABLES=glibc.malloc.mmap_threshold=1 " + run)
                  .out) == plain);
}

TEST_CASE("nothing but the seed, the overrides and the scenario moves the hash") {
  const std::string run = tool() + " run " + scenario("pointers.toml") + " --json ";
  std::set<std::string> hashes;
  for (const char* variant : {"--seed 1", "--seed 2", "--seed 1 --set service.count=201"})
    hashes.insert(hash_in(test::shell(run + variant).out));
  CHECK(hashes.size() == 3);
}
