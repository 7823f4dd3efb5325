// stillpoint solo, as a user calls it: output and exit status are the program's own.
#include <sys/syscall.h>

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
  CHECK(sleeping.err == "stillpoint: the program still runs after 1h of virtual time  (--duration)\n");
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

TEST_CASE("a system call that is not served is named, however it was made") {
  const test::Ran forked = solo("by-instruction " + std::to_string(SYS_vfork), "--guard");
  CHECK(forked.exit_code == 16);
  CHECK_THAT(forked.err, Catch::StartsWith("stillpoint: host solo called vfork (it bypasses the virtual kernel)") &&
                             Catch::Contains("in main (ends.cpp:"));
  const test::Ran opened = solo("by-instruction " + std::to_string(SYS_openat), "--guard");
  CHECK(opened.exit_code == 16);
  CHECK_THAT(opened.err,
             Catch::StartsWith("stillpoint: host solo called openat") && Catch::Contains("in main (ends.cpp:"));
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
      {"text.so", "stillpoint: text.so is no shared object of this machine\n"},
      {"cut.so", "cut.so is damaged: its table of sections is cut off\n"},
      {"/lib/x86_64-linux-gnu/libm.so.6", "stillpoint: /lib/x86_64-linux-gnu/libm.so.6 exports no main\n"},
      {test::binary("test-ends.so") + " surplus",
       "stillpoint: 'surplus' is one argument too many; those of the program follow --\n"},
      {"", "PROGRAM.so is required"},
      {test::binary("test-ends.so") + " --sed 4", "no option '--sed'. Did you mean '--seed'?"},
      {test::binary("test-ends.so") + " --duration never", "a duration is a number with a unit"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const test::Ran ran = test::shell("echo text > text.so; head -c 5000 " + test::binary("test-ends.so") +
                                      " > cut.so; " + solo + row.arguments);
    CHECK(ran.exit_code == 2);
    CHECK_THAT(ran.err, Catch::Contains(row.says));
    CHECK(ran.out.empty());
  }
}
