// What plaza-load is told, and what it says.
#include <catch2/catch.hpp>

#include "system-under-test/plaza/load/options.hpp"
#include "system-under-test/plaza/load/report.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/shell.hpp"

using namespace plaza;
using namespace plaza::load;

TEST_CASE("nodes are numeric addresses with ports", "[plaza][load]") {
  const auto nodes = parse_nodes("127.0.0.1:7117,[::1]:7127");
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[0].address().to_string() == "127.0.0.1");
  CHECK(nodes[0].port() == 7117);
  CHECK(nodes[1].address().to_string() == "::1");
  CHECK(nodes[1].port() == 7127);
  for (const char* bad : {"", ",", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:1x",
                          "localhost:1", "127.0.0.1:1,", ":1"}) {
    INFO(bad);
    CHECK_THROWS_AS(parse_nodes(bad), BadInput);
  }
}

TEST_CASE("a rate is shared by the users", "[plaza][load]") {
  Options options;
  CHECK(mean_pause(options) == std::chrono::seconds(1));
  options.users = 50;
  options.rate = 200;
  CHECK(mean_pause(options) == std::chrono::milliseconds(250));
}

TEST_CASE("numbers are told with as many digits as count", "[plaza][load]") {
  CHECK(duration_text(0) == "0 us");
  CHECK(duration_text(999) == "999 us");
  CHECK(duration_text(1840) == "1.84 ms");
  CHECK(duration_text(18'400) == "18.4 ms");
  CHECK(duration_text(184'000) == "184 ms");
  CHECK(duration_text(2'500'000) == "2.50 s");
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1000) == "1,000");
  CHECK(count_text(1234567) == "1,234,567");
}

TEST_CASE("the ledger's verdict is one line", "[plaza][load]") {
  CHECK(Verdict{.acknowledged = 18231, .present = 18231}.line() == "ledger: 18231 acknowledged, all present");
  CHECK(
      Verdict{.acknowledged = 10, .present = 7, .contradicted = 2, .unanswered = 1, .too_old = 4}.line() ==
      "ledger: 10 acknowledged, 7 present, 2 CONTRADICTED, 1 WITHOUT ANSWER; 4 more are too old to be asked for again");
}

TEST_CASE("what cannot be done is one line, and exit code 2", "[plaza][load]") {
  const ::test::Folder folder;
  const std::string seed = (folder / "seed").string();
  const std::string program = ::test::binary("plaza-load") + " ";
  struct Case {
    std::string arguments, complaint;
  };
  const std::vector<Case> cases{
      {"--verify none", "none cannot be read: No such file or directory"},
      {"--verify /dev/null", "/dev/null has no entry of a ledger"},
      {"--verify command.sh", "command.sh:1: no entry of a ledger"},
      {"--nodes here", "--nodes: 'here' is no node; one is written 127.0.0.1:7117 or [::1]:7117"},
      {"--nodes 127.0.0.1:1 --users 1", "cannot connect to 127.0.0.1:1: Connection refused"},
      {"--token-seed none", "--token-seed: none cannot be read"},
      {"--token-seed command.sh", "--token-seed: command.sh has no seed; one is 64 hexadecimal digits"},
      {"--hold 0 --release 0 --purchase 0 --buy 0 --wait 0 --leave 0 --look 0",
       "no operation has a share: see --hold and the others"},
      {"--think 5", "--think: '5' is no duration; one is written 250ms, 10s or 2m"},
      {"--patience 5h", "--patience: '5h' is no duration; one is written 250ms, 10s or 2m"},
      {"--think 0ms", "--think: a pause is 1ms at least"},
      {"--event $'a\\nb'", "--event: has a control character"},
      {"--users 0", "--users: Value 0 not in range 1 to 50000"},
  };
  for (const Case& one : cases) {
    INFO(one.arguments);
    const ::test::Ran ran = ::test::shell(program + one.arguments);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out == "");
    CHECK(ran.err == "plaza-load: " + one.complaint + "\n");
  }
  const ::test::Ran help = ::test::shell(program + "--help");
  CHECK(help.exit_code == 0);
  CHECK(help.err == "");
  CHECK(help.out.find("--token-seed FILE") != std::string::npos);
}
