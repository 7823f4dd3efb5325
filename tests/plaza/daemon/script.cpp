// scripts/plaza-cluster.sh, as a person uses it.
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <string>

#include "tests/plaza/daemon/processes.hpp"

using namespace plaza::test;
using ::test::Ran;

namespace {

// A block of ports of which most likely nobody has one: below those that are given out, and of this process.
std::string base_port() { return std::to_string(10'000 + getpid() % 500 * 30); }

struct Script {
  Ran operator()(const std::string& command, const std::string& more = "") const {
    const std::string script = std::filesystem::absolute("scripts/plaza-cluster.sh").string();
    return ::test::shell("PLAZAD=" + ::test::binary("plazad") + " " + script + " " + command + " --dir " + dir + " " +
                         more);
  }
  // Whether all nodes are ready, if not now then soon: a busy machine may cost the leader its office.
  bool all_ready() const {
    const auto give_up = std::chrono::steady_clock::now() + kProcessPatience;
    while (std::chrono::steady_clock::now() < give_up) {
      if ((*this)("status").exit_code == 0) return true;
    }
    return false;
  }
  ~Script() { (*this)("stop --wipe"); }

  Folder folder;
  std::string dir = (folder / "cluster").string();
};

}  // namespace

TEST_CASE("a cluster is started, loses a node, gets it back and is stopped, twice", "[plaza][daemon]") {
  const Script script;
  for (int round = 0; round < 2; ++round) {
    const Ran start = script("start --event concert=7", "--port " + base_port());
    INFO(start.err);
    REQUIRE(start.exit_code == 0);
    CHECK(start.out.find("3 nodes, leader is node ") != std::string::npos);
    CHECK(start.out.find("ws://127.0.0.1:" + base_port() + "/v1?user=NAME") != std::string::npos);
    CHECK(script.all_ready());

    CHECK(script("start").err ==
          "plaza-cluster.sh: node 1 of " + script.dir + " runs already: stop it, or take another --dir\n");
    const Ran killed = script("kill leader");
    INFO(killed.err);
    REQUIRE(killed.exit_code == 0);
    const std::string node = killed.out.substr(killed.out.find("node ") + 5, 1);
    const Ran status = script("status");
    CHECK(status.exit_code == 1);
    CHECK(status.out.find("node " + node + "  does not run") != std::string::npos);
    CHECK(script("kill " + node).err == "plaza-cluster.sh: node " + node + " does not run\n");
    CHECK(script("restart " + node).exit_code == 0);
    CHECK(script.all_ready());

    const Ran all = script("restart all");
    INFO(all.err);
    CHECK(all.out == "plaza-cluster.sh: restarted all nodes\n");

    CHECK(script("stop").exit_code == 0);
    CHECK(script("stop").exit_code == 0);
    CHECK(script("status").out.find("pid") == std::string::npos);
    for (const auto& entry : std::filesystem::directory_iterator(script.dir)) CHECK(entry.path().extension() != ".pid");
  }
  CHECK(script("stop --wipe").exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(script.dir));
}

TEST_CASE("the script says in one line what it cannot do", "[plaza][daemon]") {
  struct Case {
    std::string command;
    int exit_code;
    std::string line;
  };
  const Script script;
  const auto c = GENERATE(values<Case>({
      {"status", 1, "there is no cluster in DIR: start one"},
      {"kill 1", 1, "there is no cluster in DIR: start one"},
      {"kill", 2, "kill wants a node's number"},
      {"strat", 2, "there is no 'strat': start, status, kill, restart, stop"},
      {"start --nodes 0", 2, "--nodes: '0' is not from 1 to 9"},
      {"start --nodes", 2, "--nodes wants a number"},
      {"stop now", 2, "stop wants nothing, or --wipe"},
  }));
  const Ran ran = script(c.command);
  CHECK(ran.exit_code == c.exit_code);
  std::string line = "plaza-cluster.sh: " + c.line + "\n";
  if (const std::size_t dir = line.find("DIR"); dir != std::string::npos) line.replace(dir, 3, script.dir);
  CHECK(ran.err == line);
}

TEST_CASE("a folder that cannot be made is one line", "[plaza][daemon]") {
  Script script;
  script.dir = "/proc/x";
  const Ran ran = script("start");
  CHECK(ran.exit_code == 1);
  CHECK(ran.err == "plaza-cluster.sh: the folder /proc/x cannot be made: No such file or directory\n");
}

TEST_CASE("a cluster that cannot start leaves no process, and says why", "[plaza][daemon]") {
  const Script script;
  const Ran ran = script("start --nodes 1", "--port " + base_port() + " --evnt a=1");
  CHECK(ran.exit_code == 1);
  CHECK(ran.err.find("node 1 has ended: plazad: there is no '--evnt'. Did you mean '--event'?") != std::string::npos);
  CHECK(script("status").out == "node 1  does not run\n");
}
