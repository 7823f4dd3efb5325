// stillpoint solo, as a user calls it: output and exit status are the program's own.
#include <sys/syscall.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/shell.hpp"

namespace {

test::Ran solo(const std::string& arguments, const std::string& options = "") {
  return test::shell(test::binary("stillpoint") + " solo " + test::binary("test-ends.so") + " " + options + " -- " +
                     arguments);
}

const std::string kBegin = "constructed\n";
const std::string kEnd = "at exit\ndestroyed\n";

}  // namespace

TEST_CASE("a program's ways to end are its own") {
  struct Row {
    const char* arguments;
    int exit_code;
    std::string out;
    std::string err;
  };
  const Row rows[] = {
      {"return 0", 0, kBegin + kEnd, ""},
      {"return 7", 7, kBegin + kEnd, ""},
      {"exit 42", 42, kBegin + kEnd, ""},
      {"_exit", 3, kBegin, ""},
      {"abort", 134, kBegin, "stillpoint: the program of host solo ended by signal 6 (Aborted)\n"},
      {"err", 3, kBegin + kEnd, "solo: file 1: No such file or directory\n"},
      {"errx", 4, kBegin + kEnd, "solo: no file\n"},
      {"error", 5, kBegin + kEnd,
       "solo: goes on\nsolo: and on\nsolo:main.conf:7: no file: No such file or directory\n"},
      {"syslog", 0, kBegin + "3\n" + kEnd, "ends[1001]: told nobody\n"},
      {"close-output", 0, kBegin, "-1 EBADF\n"},
      {"local-time", 0, kBegin + "2026-01-01 00:00:00 UTC, 5 bytes in the pipe, 00\n" + kEnd, ""},
      {"throw", 134, kBegin,
       "terminate called after throwing an instance of 'std::runtime_error'\n  what():  the printer is on fire\n"
       "stillpoint: the program of host solo let an exception escape: std::runtime_error: the printer is on fire\n"},
      {"errors", 0, kBegin + kEnd, "an error\n"},
      {"input", 0, kBegin + "input ends: 1\n" + kEnd, ""},
      {"arguments 'a b' '\"' '\\'", 0, kBegin + "[arguments]\n[a b]\n[\"]\n[\\]\n" + kEnd, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const test::Ran ran = solo(row.arguments);
    CHECK(ran.exit_code == row.exit_code);
    CHECK(ran.out == row.out);
    CHECK(ran.err == row.err);
  }
}

TEST_CASE("a program alone has the files that it is given, and its trace replays with them") {
  const std::string stillpoint = test::binary("stillpoint");
  const test::Ran ran = test::shell("echo port=7 > app.conf; " + stillpoint + " solo " + test::binary("test-ends.so") +
                                    " --file /etc/app.conf=app.conf --trace solo-files.db -- show /etc/app.conf");
  CHECK(ran.exit_code == 0);
  CHECK(ran.out == kBegin + "port=7\n" + kEnd);
  const test::Ran replayed = test::shell(stillpoint + " replay solo-files.db");
  CHECK(replayed.exit_code == 0);
  CHECK_THAT(replayed.out, Catch::Contains(" --file /etc/app.conf=/"));
  const test::Ran wrong =
      test::shell(stillpoint + " solo " + test::binary("test-ends.so") + " --file app.conf -- show /etc/app.conf");
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.err == "stillpoint: --file app.conf: give it as PATH=FILE, as in /etc/a.toml=a.toml\n");
}

TEST_CASE("an assertion of a program that does not hold is told in the program's own words, and ends it") {
  const test::Ran ran = solo("assert");
  CHECK(ran.exit_code == 134);
  CHECK_THAT(ran.err, Catch::StartsWith("solo: ") && Catch::Contains("ends.cpp:") &&
                          Catch::Contains(": int main(int, char**): Assertion `how.empty()' failed.\n") &&
                          Catch::EndsWith("stillpoint: the program of host solo ended by signal 6 (Aborted)\n"));
}

TEST_CASE("threads of a program wait for each other in virtual time, and a second run is the same") {
  const test::Ran ran = solo("threads", "--summary --seed 3");
  CHECK(ran.exit_code == 0);
  CHECK(ran.out == kBegin +
                       "thread_local destroyed\ncounted to 3\nthe answer after an hour: 42\n"
                       "nobody came until 1767229503\n" +
                       kEnd);
  CHECK_THAT(ran.err, Catch::StartsWith("stillpoint: 3903.000 s virtual in 0."));
  const auto hash = [](const std::string& summary) { return summary.substr(summary.find("hash")); };
  CHECK(hash(solo("threads", "--summary --seed 3").err) == hash(ran.err));
}

TEST_CASE("a program that crashes, or waits for ever, is told apart from one that ends") {
  const test::Ran crashed = solo("null");
  CHECK(crashed.exit_code == 12);
  CHECK_THAT(crashed.err, Catch::Contains("the program died of SIGSEGV: on host solo, in main (ends.cpp:"));
  const test::Ran waiting = solo("wait-for-ever");
  CHECK(waiting.exit_code == 11);
  CHECK(waiting.err == "stillpoint: the program waits for what nobody will ever do\n");
  const test::Ran sleeping = solo("sleep", "--duration 1h");
  CHECK(sleeping.exit_code == 11);
  CHECK(sleeping.err == "stillpoint: the program still runs after 1h of virtual time (--duration)\n");
  CHECK(solo("poll-for-ever", "--duration 1s").err ==
        "stillpoint: the program still runs after 1s of virtual time (--duration)\n");
}

TEST_CASE("threads that print very much without waiting do not stand in each other's way") {
  const test::Ran ran = solo("printers", "--duration 10m");
  CHECK(ran.exit_code == 0);
  CHECK(ran.err.empty());
  CHECK(std::count(ran.out.begin(), ran.out.end(), '.') > 40'000 - 40'000 / 64);
}

TEST_CASE("much output arrives whole and in order") {
  const test::Ran ran = solo("much");
  std::string expected = kBegin;
  for (int i = 0; i < 20'000; ++i) expected += "line " + std::to_string(i) + '\n';
  CHECK(ran.out == expected + kEnd);
}

TEST_CASE("with the guard on, a system call past libc stops the program by its name and place") {
  CHECK(solo("instruction").exit_code == 0);
  const test::Ran ran = solo("instruction", "--guard");
  CHECK(ran.exit_code == 16);
  CHECK_THAT(ran.err, Catch::StartsWith("stillpoint: host solo called getppid (it bypasses the virtual kernel)"));
  CHECK_THAT(ran.err, Catch::Contains("in main (ends.cpp:"));
}

TEST_CASE("what a program learns by instruction is the host's, and the same in every run") {
  for (const long number : {SYS_getpid, SYS_gettid}) {
    const std::string arguments = "by-instruction " + std::to_string(number);
    const test::Ran ran = solo(arguments, "--guard --summary");
    CHECK(ran.exit_code == 0);
    CHECK(ran.out == kBegin + "1001\n" + kEnd);
    const test::Ran again = solo(arguments, "--guard --summary");
    CHECK(again.out == ran.out);
    const auto hash = [](const std::string& summary) { return summary.substr(summary.find("hash")); };
    CHECK(hash(again.err) == hash(ran.err));
    CHECK(solo(arguments).out == ran.out);
  }
  CHECK(solo("constructor").out == kBegin + "1001\n" + kEnd);
  CHECK(solo("constructor", "--guard").out == kBegin + "1001\n" + kEnd);
  const test::Ran ended = solo("by-instruction " + std::to_string(SYS_exit_group), "--guard");
  CHECK(ended.exit_code == 0);
  CHECK(ended.out == kBegin);
}

TEST_CASE("the simulation's process is made no other program, guard or no guard") {
  for (const char* how : {"", "--guard"}) {
    const test::Ran ran = solo("by-instruction " + std::to_string(SYS_execve), how);
    CHECK(ran.exit_code == 16);
    CHECK_THAT(ran.err, Catch::StartsWith("stillpoint: host solo called execve (it bypasses the virtual kernel)"));
  }
}

TEST_CASE("a system call that is not served is named, however it was made") {
  const test::Ran forked = solo("by-instruction " + std::to_string(SYS_vfork), "--guard");
  CHECK(forked.exit_code == 16);
  CHECK_THAT(forked.err, Catch::StartsWith("stillpoint: host solo called vfork (it bypasses the virtual kernel)") &&
                             Catch::Contains("in main (ends.cpp:"));
  const test::Ran watching = solo("by-instruction " + std::to_string(SYS_inotify_init1), "--guard");
  CHECK(watching.exit_code == 16);
  CHECK_THAT(watching.err,
             Catch::StartsWith("stillpoint: host solo called inotify_init1") && Catch::Contains("in main (ends.cpp:"));
  const test::Ran by_number = solo("by-number " + std::to_string(SYS_openat));
  CHECK(by_number.exit_code == 16);
  CHECK_THAT(by_number.err, Catch::StartsWith("stillpoint: host solo called syscall (openat)") &&
                                Catch::Contains("in main (ends.cpp:"));
}

TEST_CASE("a stack that overflows is told as such, with host and function") {
  struct Row {
    const char* arguments;
    const char* function;
  };
  const Row rows[] = {{"overflow", "in recurse (ends.cpp:"},
                      {"overflow-in-thread", "in recurse (ends.cpp:"},
                      {"overflow-in-call", "write_deep (ends.cpp:"}};
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const test::Ran ran = solo(row.arguments);
    CHECK(ran.exit_code == 12);
    CHECK_THAT(ran.err, Catch::StartsWith("stillpoint: the program died of SIGSEGV (stack overflow): on host solo, ") &&
                            Catch::Contains(row.function));
  }
  CHECK_THAT(solo("null").err, !Catch::Contains("stack overflow"));
}

TEST_CASE("who calls a null pointer is named") {
  const test::Ran ran = solo("call-null");
  CHECK(ran.exit_code == 12);
  CHECK_THAT(ran.err,
             Catch::StartsWith("stillpoint: the program died of SIGSEGV: on host solo, in call_null (ends.cpp:"));
}

TEST_CASE("what cannot be a program is refused in one line") {
  const std::string solo = test::binary("stillpoint") + " solo ";
  struct Row {
    std::string arguments;
    const char* says;
  };
  const Row rows[] = {
      {"nowhere.so", "stillpoint: cannot read the program nowhere.so: No such file or directory\n"},
      {test::binary("stillpoint"), "is an executable; build it as a shared object (docs/cli.md)\n"},
      {".", "stillpoint: cannot read the program .: Is a directory\n"},
      {"text.so", "stillpoint: text.so is no shared object; a program is built as one (docs/cli.md)\n"},
      {"script.so", "stillpoint: script.so is a script, which no host can run"},
      {"pipe.so", "stillpoint: cannot read the program pipe.so: it is no regular file\n"},
      {"''", "stillpoint: the program ''"},
      {"cut.so", "cut.so is damaged: its table of sections is cut off; build or copy it again\n"},
      {"short.so", "short.so is damaged: the file ends before its last segment does; build or copy it again\n"},
      {"shorter.so", "shorter.so is damaged: its header is cut off\n"},
      {"arm.so", "stillpoint: arm.so is built for 32-bit ARM, and this is "},
      {"wide.so", "stillpoint: wide.so is built for "},
      {test::binary("test-undefined.so"),
       "test-undefined.so: nothing defines somewhere::missing(int); link the program with what does\n"},
      {test::binary("test-data-main.so"), "test-data-main.so exports a main that is data, not a function\n"},
      {"/lib/x86_64-linux-gnu/libm.so.6", "stillpoint: /lib/x86_64-linux-gnu/libm.so.6 exports no main\n"},
      {test::binary("test-ends.so") + " surplus",
       "stillpoint: 'surplus' is one argument too many; those of the program follow --\n"},
      {"", "PROGRAM.so is required"},
      {test::binary("test-ends.so") + " --sed 4", "no option '--sed'. Did you mean '--seed'?"},
      {test::binary("test-ends.so") + " --duration never",
       "stillpoint: --duration never: duration is 'never'; a duration is a number with a unit"},
      {test::binary("test-ends.so") + " --set limits.cpu=5",
       "stillpoint: --set limits.cpu=5: limits.cpu is 5; a duration is a number with a unit"},
      {test::binary("test-ends.so") + " --set limits.cpi=5s", "Did you mean 'limits.cpu'?"},
      {test::binary("test-ends.so") + " --set limits", "give it as key=value"},
      {test::binary("test-ends.so") + " --trace ''", "--trace '': a trace needs a file's name"},
      {test::binary("test-ends.so") + " -- $'\\xff'", "is no UTF-8"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const test::Ran ran = test::shell("P=" + test::binary("test-ends.so") + R"(
      echo text > text.so; echo '#!/bin/sh' > script.so; rm -f pipe.so; mkfifo pipe.so
      head -c 50 $P > shorter.so; head -c 5000 $P > short.so; head -c -100 $P > cut.so
      cp $P arm.so; printf '\x28' | dd of=arm.so bs=1 seek=18 conv=notrunc status=none
      cp $P wide.so; printf '\x01' | dd of=wide.so bs=1 seek=4 conv=notrunc status=none
)" + solo + row.arguments);
    CAPTURE(ran.err);
    CHECK(ran.exit_code == 2);
    CHECK_THAT(ran.err, Catch::Contains(row.says));
    CHECK(ran.out.empty());
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
}

TEST_CASE("a library that a program needs and that is not there is told by its name") {
  // The name of libstdc++ stands once in the file, among the strings of its dynamic section.
  const test::Ran ran = test::shell("sed 's/libstdc[+][+]/libnobody/' " + test::binary("test-ends.so") +
                                    " > needs.so; " + test::binary("stillpoint") + " solo needs.so");
  CHECK(ran.exit_code == 2);
  CHECK_THAT(ran.err, Catch::StartsWith("stillpoint: cannot load the program needs.so: libnobody.so.6: ") &&
                          Catch::Contains("No such file or directory\n"));
}

TEST_CASE("constructors run on the host, before main, and destructor functions at exit") {
  const std::string solo = test::binary("stillpoint") + " solo " + test::binary("test-early.so") + " --summary -- ";
  const test::Ran plain = test::shell(solo);
  CHECK(plain.exit_code == 0);
  CHECK(plain.out == "before main\nmain\nat exit\nafter main\n");
  const test::Ran sleeps = test::shell(solo + "sleep");
  CHECK(sleeps.exit_code == 0);
  CHECK_THAT(sleeps.err, Catch::StartsWith("stillpoint: 3600.000 s virtual"));
  const test::Ran exits = test::shell(solo + "exit");
  CHECK(exits.exit_code == 5);
  CHECK(exits.out == "before main\nafter main\n");
  const test::Ran throws = test::shell(solo + "throw");
  CHECK(throws.exit_code == 134);
  CHECK(throws.out == "before main\n");
  CHECK_THAT(throws.err,
             Catch::StartsWith("terminate called after throwing an instance of 'std::runtime_error'\n"
                               "  what():  too early\n"
                               "stillpoint: the program of host solo let an exception escape: std::runtime_error: too "
                               "early\n"));
}

TEST_CASE("a setting bounds a run of solo") {
  const test::Ran ran = solo("much", "--set limits.output_mib=1 --set hosts.solo.slice_cost=5ms --summary");
  CHECK(ran.exit_code == 0);
  CHECK_THAT(ran.err, Catch::Contains("stillpoint: 0.0"));
  const test::Ran threads = solo("many-threads", "--set limits.memory_mib=512");
  CHECK_THAT(threads.out, Catch::Contains("EAGAIN after 62\n"));
}

TEST_CASE("a standard output that takes nothing is told of in one line") {
  const std::string solo = test::binary("stillpoint") + " solo " + test::binary("test-ends.so");
  const test::Ran full = test::shell(solo + " -- return > /dev/full");
  CHECK(full.exit_code == 2);
  CHECK(full.err == "stillpoint: cannot write to standard output: No space left on device\n");
  const test::Ran closed = test::shell(solo + " -- return >&-");
  CHECK(closed.exit_code == 2);
  CHECK(closed.err == "stillpoint: cannot write to standard output: Bad file descriptor\n");
  // All closed: no file of ours comes to stand in their place.
  CHECK(test::shell(solo + " --trace solo.db --force -- return <&- >&- 2>&-").exit_code == 2);
  CHECK(test::shell("sqlite3 solo.db 'SELECT count(*) FROM metadata'").out == "1\n");
  // What never ends for want of a reader is not waited for.
  const test::Ran endless = test::shell("timeout 30 " + solo + " -- endless > /dev/full");
  CHECK(endless.exit_code == 2);
  CHECK(test::shell("timeout 30 " + solo + " -- endless | head -1").out == "constructed\n");
}

TEST_CASE("an interruption ends a program that would go on, in one line") {
  const test::Ran ran =
      test::shell("timeout --preserve-status -s INT 0.5 " + test::binary("stillpoint") + " solo " +
                  test::binary("test-ends.so") + " --set limits.output_mib=1000 -- endless >/dev/null");
  CHECK(ran.exit_code == 130);
  CHECK(ran.err == "stillpoint: interrupted\n");
}
