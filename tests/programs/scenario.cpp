// Scenario files whose hosts run ordinary programs.
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/shell.hpp"

namespace {

// Runs a scenario with these hosts; $P in it is the program.
test::Ran run(const std::string& hosts, const std::string& options = "") {
  return test::shell("P=" + test::binary("test-ends.so") +
                     "; cat > s.toml <<END\nname = \"s\"\nbehaviour = \"programs\"\nduration = \"20h\"\n" + hosts +
                     "\nEND\n" + test::binary("stillpoint") + " run s.toml --seed 5 " + options);
}

}  // namespace

TEST_CASE("programs of a scenario end as it says, or that is the verdict") {
  CHECK(run("[hosts.a]\nprogram = \"$P\"\nmust_end = true").exit_code == 0);
  CHECK(run("[hosts.a]\nprogram = \"$P\"\nargs = [\"exit\", \"4\"]\nstatus = 4\nmust_end = true").exit_code == 0);
  const test::Ran wrong = run("[hosts.a]\nprogram = \"$P\"\nargs = [\"exit\", \"4\"]");
  CHECK(wrong.exit_code == 10);
  CHECK_THAT(wrong.out, Catch::Contains("found      it ended with status 4"));
  const test::Ran crashed = run("[hosts.a]\nprogram = \"$P\"\nargs = [\"abort\"]\nmust_end = true");
  CHECK(crashed.exit_code == 12);
  CHECK_THAT(crashed.out, Catch::Contains("the program of host a ended by signal 6 (Aborted)"));
  const test::Ran waiting = run("[hosts.a]\nprogram = \"$P\"\nargs = [\"wait-for-ever\"]\nmust_end = true");
  CHECK(waiting.exit_code == 11);
  CHECK_THAT(waiting.out, Catch::Contains("promised   the program of host a ends"));
}

TEST_CASE("the end of one program is not the end of the run") {
  const test::Ran ran =
      run("[hosts.fails]\nprogram = \"$P\"\nargs = [\"abort\"]\n"
          "[hosts.sleeps]\nprogram = \"$P\"\nargs = [\"sleep\"]\nmust_end = true",
          "--log");
  CHECK(ran.exit_code == 12);
  CHECK_THAT(ran.out, Catch::Contains("36000.000000 s  scenario     sleeps ended with status 0"));
}

TEST_CASE("each host has globals of its own, and run --log shows what they write, with time and host") {
  const test::Ran ran =
      run("[hosts.sleeper]\nprogram = \"$P\"\nargs = [\"sleep\"]\ncount = 2\nstarts_after = \"1m\"\nmust_end = true\n"
          "[hosts.other]\nprogram = \"$P\"\nargs = [\"errors\"]",
          "--log");
  CHECK(ran.exit_code == 0);
  CHECK_THAT(ran.out, Catch::Contains("    0.000000 s  other      ! an error\n"));
  CHECK_THAT(ran.out, Catch::Contains("   60.000000 s  sleeper-1    constructed\n"));
  CHECK_THAT(ran.out, Catch::Contains("   60.000000 s  sleeper-2    constructed\n"));
  CHECK_THAT(ran.out, Catch::Contains("36060.000000 s  sleeper-2    destroyed\n"));
}

TEST_CASE("a scenario of programs that cannot be is refused in one line") {
  struct Row {
    const char* hosts;
    const char* says;
  };
  const Row rows[] = {
      {"", "needs a [hosts.NAME] with its program"},
      {"[hosts.a]", "the key 'hosts.a.program' is missing"},
      {"[hosts.a]\nprogram = \"no.so\"", "s.toml:5: hosts.a.program cannot be used: cannot read the program no.so"},
      {"[hosts.a]\nprogram = \"/lib/x86_64-linux-gnu/libm.so.6\"",
       "s.toml:5: hosts.a.program cannot be used: /lib/x86_64-linux-gnu/libm.so.6 exports no main"},
      {"[hosts.a]\nprogram = \"s.toml\"", "hosts.a.program cannot be used: s.toml is no shared object of this machine"},
      {"[hosts.a]\nprogram = \"${P%/*}/stillpoint\"", "is an executable; build it as a shared object (docs/cli.md)"},
      {"[hosts.a]\nprogram = \"$P\"\nstarts_after = \"soon\"", "s.toml:6: hosts.a.starts_after"},
      {"[hosts.a]\nprogram = \"$P\"\nargs = \"x\"", "s.toml:6: hosts.a.args is 'x'; an array of texts is wanted"},
      {"[hosts.a]\nprogram = \"$P\"\nargs = [1]", "hosts.a.args has 1 in it; an array of texts is wanted"},
      {"[hosts.a]\nprogram = \"$P\"\nargz = []", "no setting is called 'hosts.a.argz'. Did you mean 'hosts.a.args'?"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.hosts);
    const test::Ran ran = run(row.hosts);
    CHECK(ran.exit_code == 2);
    CHECK_THAT(ran.err, Catch::Contains(row.says));
  }
}

TEST_CASE("a program that has changed since the trace was recorded is told of in one line") {
  const std::string stillpoint = test::binary("stillpoint");
  const test::Ran recorded =
      test::shell("cp " + test::binary("test-ends.so") + " own.so; cp own.so other.so; cat > s.toml <<END\n" +
                  "name = \"s\"\nbehaviour = \"programs\"\n[hosts.a]\nprogram = \"own.so\"\n"
                  "[hosts.b]\nprogram = \"other.so\"\nEND\n" +
                  stillpoint + " run s.toml --seed 5 --trace t.db");
  REQUIRE(recorded.exit_code == 0);
  CHECK(test::shell("sqlite3 t.db 'SELECT build_id FROM metadata' | grep -cE '^[0-9a-f]+ [+] [0-9a-f]{16} other.so [+] "
                    "[0-9a-f]{16} own.so$'")
            .out == "1\n");
  const test::Ran same = test::shell(stillpoint + " replay t.db");
  CHECK(same.exit_code == 0);
  CHECK_THAT(same.err, !Catch::Contains("warning: the trace is"));
  const test::Ran changed = test::shell("echo >> own.so; " + stillpoint + " replay t.db");
  CHECK(changed.exit_code == 0);
  CHECK_THAT(changed.err, Catch::Contains("stillpoint: warning: the trace is of another build of the program own.so; "
                                          "only the same build promises the same run\n"));
}

TEST_CASE("a campaign of programs goes on where it stands, but not with other programs") {
  const std::string stillpoint = test::binary("stillpoint");
  const test::Ran begun =
      test::shell("cp " + test::binary("test-ends.so") + " own.so; cat > s.toml <<END\n" +
                  "name = \"s\"\nbehaviour = \"programs\"\n[hosts.a]\nprogram = \"own.so\"\nEND\n" + stillpoint +
                  " fuzz s.toml --seeds 1..3 --out c && sqlite3 c/campaign.db 'DELETE FROM run "
                  "WHERE number = 2; UPDATE campaign SET complete = 0'");
  REQUIRE(begun.exit_code == 0);
  const test::Ran resumed = test::shell(stillpoint + " fuzz --resume --out c");
  CAPTURE(resumed.out, resumed.err);
  CHECK(resumed.exit_code == 0);
  const test::Ran changed = test::shell("echo >> own.so; " + stillpoint + " fuzz --resume --out c");
  CHECK(changed.exit_code == 2);
  CHECK_THAT(changed.err, Catch::Contains("is of another build of the program own.so, whose results"));
}
