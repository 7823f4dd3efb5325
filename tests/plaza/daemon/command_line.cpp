#include "system-under-test/plaza/daemon/command_line.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "tests/plaza/daemon/processes.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

std::string complaint(const Words& words) {
  try {
    read_command_line(words);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("flags have the last word", "[plaza][daemon]") {
  const Folder folder;
  const std::string file = (folder / "node.toml").string();
  std::ofstream(file) << R"(
    [node]
    id = 1
    cluster = "a"
    data = "/nowhere"
    [peers]
    2 = "two:1"
    3 = "three:1"
    [[event]]
    name = "concert"
    capacity = 1
    [[event]]
    name = "stand"
    capacity = 2
  )";
  const Config config = read_command_line(Words{"--config", file,         "--cluster",
                                                "b",        "--data",     folder.path.string(),
                                                "--peer",   "3=else:2",   "--peer=4=[::1]:4",
                                                "--event",  "concert=10", "--event",
                                                "a=b=7",    "--hold-ttl", "2m",
                                                "--tick",   "10ms",       "--bug",
                                                "oversell", "--bug",      "double-release"})
                            .config;
  const ReplicaConfig& replica = config.node.replica;
  CHECK(replica.node == 1);
  CHECK(replica.cluster == "b");
  CHECK(replica.data_folder == folder.path);
  CHECK(replica.peers.at(2).host == "two");
  CHECK(replica.peers.at(3).host == "else");
  CHECK(replica.peers.at(4).host == "::1");
  CHECK(replica.tick == 10ms);
  REQUIRE(config.node.events.size() == 3);
  CHECK(config.node.events[0] == tickets::Open{.event = "concert", .capacity = 10, .hold_ttl = 2min});
  CHECK(config.node.events[1] == tickets::Open{.event = "stand", .capacity = 2, .hold_ttl = 2min});
  CHECK(config.node.events[2] == tickets::Open{.event = "a=b", .capacity = 7, .hold_ttl = 2min});
  CHECK(replica.bugs.oversell);
  CHECK(config.node.gateway.bugs.double_release);
  CHECK_FALSE(replica.bugs.ack_before_fsync);
}

TEST_CASE("a node on its own needs no more than a folder", "[plaza][daemon]") {
  const Folder folder;
  const CommandLine read = read_command_line(Words{"--data", folder.path.string(), "--event", "concert=100"});
  CHECK_FALSE(read.shown);
  CHECK(read.config.node.replica.node == 1);
  CHECK(read.config.node.replica.peers.empty());
  CHECK_FALSE(read.config.node.gateway.token_key);
}

TEST_CASE("what is wrong with flags is said in one line", "[plaza][daemon]") {
  struct Case {
    Words words;
    std::string complaint;
  };
  const auto c = GENERATE(values<Case>({
      {{}, "no folder for the data: --data DIR, or `data` in [node]"},
      {{"--data", "/nowhere"}, "the folder for the data, /nowhere, is not there: create it"},
      {{"--data", "/" + std::string(300, 'x')},
       "the folder for the data, /" + std::string(300, 'x') + ", cannot be reached: File name too long"},
      {{"--data", "/dev/null"}, "the folder for the data, /dev/null, is no folder"},
      {{"--data", "/tmp", "--peer", "1=a:1"}, "--peer: 1 is this node itself; peers are the other nodes"},
      {{"--data", "/tmp", "--node", "2", "--peer", "2=a:1"},
       "--peer: 2 is this node itself; peers are the other nodes"},
      {{"--data", "/tmp", "--peer", "2=a:1", "--peer-listen", "127.0.0.1:0"},
       "the port where the other nodes connect is 0: they could not know which one that is"},
      {{"--peer", "a:1"}, "--peer: 'a:1' is no peer; one is written 2=10.0.0.2:7118"},
      {{"--peer", "x=a:1"}, "--peer: 'x' is no node's number (1 or more)"},
      {{"--event", "concert"}, "--event: 'concert' is no event; one is written concert=100000"},
      {{"--event", "concert=1000001"}, "--event: '1000001' is no number from 1 to 1000000"},
      {{"--event", "=1"}, "--event: '' is no name: it has 1 to 64 bytes, and no control characters"},
      {{"--event", "a\tb=1"}, "--event: has a control character"},
      {{"--data", "a\nb"}, "--data: has a control character"},
      {{"--log", "a\x7f"}, "--log: has a control character"},
      {{"--peer", "2=a\nb:1"}, "--peer: has a control character"},
      {{"--config", "a\nb"}, "--config: has a control character"},
      {{"--bug", "oversel"}, "--bug: there is no bug 'oversel'. Did you mean 'oversell'?"},
      {{"--bug", "bees"}, "--bug: there is no bug 'bees'."},
      {{"--hold-ttl", "0s"}, "--hold-ttl: '0s' is not from 1us to 8784h"},
      {{"--nod", "1"}, "there is no '--nod'. Did you mean '--node'? plazad --help shows all flags"},
      {{"--lisen=1"}, "there is no '--lisen'. Did you mean '--listen'? plazad --help shows all flags"},
      {{"start"}, "'start' is no flag, and there is nothing else. plazad --help shows all flags"},
      {{"--node"}, "--node: has no value; one is written --node N"},
      {{"--event"}, "--event: has no value; one is written --event NAME=CAPACITY"},
      {{"--node", "1", "--node", "2"}, "--node: is there 2 times, and can be there once"},
      {{"--config=a", "--config", "b"}, "--config: is there 2 times, and can be there once"},
      {{"--config", "/nowhere.toml"}, "/nowhere.toml: cannot be read: No such file or directory"},
  }));
  CHECK(complaint(c.words) == c.complaint);
}

TEST_CASE("help and version are shown, and nothing is checked", "[plaza][daemon]") {
  const std::string help = read_command_line(Words{"--help"}).shown.value();
  CHECK(help.find("--peer ID=HOST:PORT") != std::string::npos);
  CHECK(help.find("--drain-timeout DURATION") != std::string::npos);
  CHECK(read_command_line(Words{"--version"}).shown.value().starts_with("plazad "));
}
