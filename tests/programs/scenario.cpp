// Scenario files whose hosts run ordinary programs.
#include <algorithm>
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
      {"[hosts.a]\nprogram = \"s.toml\"",
       "hosts.a.program cannot be used: s.toml is no shared object; a program is built as one (docs/cli.md)"},
      {"[hosts.a]\nprogram = \"${P%/*}/stillpoint\"", "is an executable; build it as a shared object (docs/cli.md)"},
      {"[hosts.a]\nprogram = \"${P%/*}/test-undefined.so\"",
       "s.toml:5: hosts.a.program cannot be used: cannot load the program "},
      {"[hosts.localhost]\nprogram = \"$P\"",
       "s.toml:4: hosts.localhost cannot be: that is every host's name for itself"},
      {"[hosts.\"a b!\"]\nprogram = \"$P\"",
       "s.toml:4: hosts.a b! cannot be: a host's name is 1 to 63 letters, digits"},
      {"[hosts.under_score]\nprogram = \"$P\"", "s.toml:4: hosts.under_score cannot be: a host's name is 1 to 63"},
      {"[hosts.a-]\nprogram = \"$P\"", "s.toml:4: hosts.a- cannot be: a host's name is 1 to 63"},
      {"[hosts.\"\"]\nprogram = \"$P\"", "s.toml:4: hosts has the name '': a host's name is 1 to 63"},
      {"[hosts.\"a.b\"]\nprogram = \"$P\"", "s.toml:4: hosts has the name 'a.b': a host's name is 1 to 63"},
      {"[hosts.10]\nprogram = \"$P\"", "s.toml:4: hosts.10 cannot be: that is read as an address"},
      {"[hosts.0x7f]\nprogram = \"$P\"", "s.toml:4: hosts.0x7f cannot be: that is read as an address"},
      {"[hosts.$(printf 'x%.0s' {1..64})]\nprogram = \"$P\"", "cannot be: a host's name is 1 to 63 letters"},
      {"[hosts.$(printf 'x%.0s' {1..62})]\nprogram = \"$P\"\ncount = 2",
       "x-1 is longer than a host's name may be (63)"},
      {"[hosts.web]\nprogram = \"$P\"\n[hosts.Web]\nprogram = \"$P\"", "cannot be: it differs from Web in case only"},
      {"[hosts.a]\nprogram = \"$P\"\ncount = 2\n[hosts.a-1]\nprogram = \"$P\"",
       "hosts.a-1 cannot be: there are two hosts a-1 then"},
      {"[hosts.a]\nprogram = \"$P\"\nstarts_after = \"soon\"", "s.toml:6: hosts.a.starts_after"},
      {"[hosts.a]\nprogram = \"$P\"\nargs = \"x\"", "s.toml:6: hosts.a.args is 'x'; an array of texts is wanted"},
      {"[hosts.a]\nprogram = \"$P\"\nargs = [1]", "hosts.a.args has 1 in it; an array of texts is wanted"},
      {"[hosts.a]\nprogram = \"$P\"\nargz = []", "no setting is called 'hosts.a.argz'. Did you mean 'hosts.a.args'?"},
      {"[hosts.a]\nprogram = \"$P\"\nfiles = [\"/a\"]",
       "s.toml:6: hosts.a.files cannot be used: '/a' is no PATH=FILE: where it is on the host, and which real file it "
       "is"},
      {"[hosts.a]\nprogram = \"$P\"\nfiles = [\"/a=no.txt\"]",
       "s.toml:6: hosts.a.files cannot be used: 'no.txt' is no file and no folder that is there"},
      {"[hosts.a]\nprogram = \"$P\"\nfiles = [\"/a/b=s.toml\", \"/a=s.toml\"]",
       "s.toml:6: hosts.a.files cannot be used: '/a/b' cannot be the path of a host's file: 'a' is a file"},
      {"[hosts.a]\nprogram = \"$P\"\nfiles = [\"/dev/null=s.toml\"]",
       "s.toml:6: hosts.a.files cannot be used: '/dev/null' cannot be the path of a host's file: it is there already"},
      {"[hosts.a]\nprogram = \"$P\"\nfiles = [\"/zero=/dev/zero\"]",
       "s.toml:6: hosts.a.files cannot be used: '/dev/zero' is no file and no folder that is there"},
      {"[hosts.a]\nprogram = \"$P\"\nfiles = [\"/a=s.toml\", \"/a=s.toml\"]",
       "s.toml:6: hosts.a.files cannot be used: '/a' is there twice"},
      {"[hosts.a]\nprogram = \"$P\"\nfiles = [\"a=s.toml\"]",
       "s.toml:6: hosts.a.files cannot be used: 'a' cannot be the path of a host's file: it is not absolute"},
      {"[disk]\nordering = \"zfs\"\n[hosts.a]\nprogram = \"$P\"",
       "s.toml:5: disk.ordering is 'zfs'; a disk's ordering is ext4, xfs or posix"},
      {"[hosts.a]\nprogram = \"$P\"\n[hosts.a.disk]\nsector = 513",
       "s.toml:7: hosts.a.disk.sector is 513; a disk's sector is 512 or 4096 bytes"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.hosts);
    const test::Ran ran = run(row.hosts);
    CHECK(ran.exit_code == 2);
    CHECK_THAT(ran.err, Catch::Contains(row.says));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
}

TEST_CASE("the checks are looked at once for each program") {
  const std::string ends = "program = \"$P\"\nmust_end = true\n";
  const std::string serves = "program = \"$P\"\nargs = [\"wait-for-ever\"]\n";
  CHECK_THAT(run("[hosts.a]\n" + ends + "[hosts.b]\n" + ends).out,
             Catch::Contains("  checked    programs end well (2 times)   programs end (2 times)\n"));
  CHECK_THAT(run("[hosts.a]\n" + ends + "count = 3\n[hosts.s]\n" + serves).out,
             Catch::Contains("  checked    programs end well (4 times)   programs end (3 times)\n"));
  CHECK_THAT(run("[hosts.s]\n" + serves + "count = 2").out,
             Catch::Contains("  checked    programs end well (2 times)\n"));
  // That one crashed makes no check of it, and counts none twice.
  const test::Ran crashed = run("[hosts.a]\nprogram = \"$P\"\nargs = [\"abort\"]\n[hosts.b]\nprogram = \"$P\"");
  CHECK(crashed.exit_code == 12);
  CHECK_THAT(crashed.out, Catch::Contains("  checked    programs end well (1 times)\n"));
}

TEST_CASE("a constructor that throws ends its host, and keeps no other from coming up") {
  const std::string early = "program = \"${P%/*}/test-early.so\"\n";
  const test::Ran ran = run(
      "[hosts.bad]\n" + early + "args = [\"throw\"]\n[hosts.late]\n" + early + "starts_after = \"1s\"\nmust_end = true",
      "--log");
  CHECK(ran.exit_code == 12);
  CHECK_THAT(ran.out,
             Catch::Contains("the program of host bad let an exception escape: std::runtime_error: too early") &&
                 Catch::Contains("bad        !   what():  too early\n") &&
                 Catch::Contains("    1.000000 s  late         after main\n"));
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

TEST_CASE("hosts have the files that the scenario gives them, and a trace knows which") {
  const std::string stillpoint = test::binary("stillpoint");
  const test::Ran ran = test::shell(
      "mkdir -p site/deep; echo a page > site/index; echo another > site/deep/page; cat > s.toml <<END\n"
      "name = \"s\"\nbehaviour = \"programs\"\n[hosts.a]\nprogram = \"" +
      test::binary("test-ends.so") +
      "\"\nargs = [\"show\", \"/srv/www/index\", \"/srv/www/deep/page\"]\n"
      "files = [\"/srv/www=site\"]\nmust_end = true\nEND\n" +
      stillpoint + " run s.toml --seed 5 --log --trace files.db");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 0);
  CHECK_THAT(ran.out, Catch::Contains("a page\n") && Catch::Contains("another\n"));
  const test::Ran changed = test::shell("echo >> site/deep/page; " + stillpoint + " replay files.db");
  CHECK_THAT(changed.err, Catch::Contains("the trace is of another site/deep/page; only the same build"));
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
