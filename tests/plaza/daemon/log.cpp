#include "system-under-test/plaza/daemon/log.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "tests/plaza/daemon/processes.hpp"

using namespace plaza;
using namespace plaza::test;

TEST_CASE("a line of the log has its values quoted where it must", "[plaza][daemon]") {
  struct Case {
    std::string value;
    std::string written;
  };
  const auto c = GENERATE(values<Case>({
      {"follower", "follower"},
      {"127.0.0.1:7117", "127.0.0.1:7117"},
      {"", R"("")"},
      {"two words", R"("two words")"},
      {"a=b", R"("a=b")"},
      {R"(say "no")", R"("say \"no\"")"},
      {R"(C:\)", R"("C:\\")"},
      {"one\ntwo\x01\x7f", R"("one\ntwo\u0001\u007f")"},
      {"größe", "größe"},
  }));
  const auto time = std::chrono::system_clock::time_point(std::chrono::microseconds(1'795'935'600'123'456));
  CHECK(log_line(time, LogLevel::warn, 3, "thing", {{"value", c.value}, {"count", 7U}}) ==
        "time=2026-11-29T07:00:00.123456Z level=warn node=3 event=thing value=" + c.written + " count=7\n");
}

TEST_CASE("a log leaves out what is below its level", "[plaza][daemon]") {
  const Folder folder;
  const std::string file = (folder / "log").string();
  {
    Log log(file, {.node = 1, .least = LogLevel::warn});
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
  }
  Log(file, {.node = 1}).info("later");  // after what is there
  const std::string text = contents(file);
  CHECK(text.find("event=a") == std::string::npos);
  CHECK(text.find("event=b") == std::string::npos);
  CHECK(text.find("level=warn node=1 event=c\n") != std::string::npos);
  CHECK(text.find("level=error node=1 event=d\n") != std::string::npos);
  CHECK(text.find("level=info node=1 event=later\n") != std::string::npos);
}

TEST_CASE("a log on a full disk loses lines, and nothing else", "[plaza][daemon]") {
  Log log("/dev/full", {.node = 1});
  for (int i = 0; i < 3; ++i) log.info("something");
  CHECK(log.lost() == 3);
}

TEST_CASE("a log says how many lines are missing, after the part of one that was written", "[plaza][daemon]") {
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe2(pipe_ends.data(), O_NONBLOCK) == 0);
  const int room = fcntl(pipe_ends[1], F_SETPIPE_SZ, 4096);
  REQUIRE(room == 4096);
  Log log(pipe_ends[1], {.node = 1});
  log.info("long", {{"text", std::string(5000, 'x')}});  // of which a part fits
  log.info("short");                                     // and nothing of this
  CHECK(log.lost() == 2);

  std::string text(8192, '\0');
  REQUIRE(read(pipe_ends[0], text.data(), text.size()) == 4096);
  log.info("again");
  const ssize_t count = read(pipe_ends[0], text.data(), text.size());
  REQUIRE(count > 0);
  text.resize(static_cast<std::size_t>(count));
  CHECK(text.starts_with("\ntime="));
  CHECK(text.find("event=log_lost lines=2\n") != std::string::npos);
  CHECK(text.ends_with("event=again\n"));

  signal(SIGPIPE, SIG_IGN);  // as plazad does
  close(pipe_ends[0]);
  log.info("to nobody");
  CHECK(log.lost() == 3);
  signal(SIGPIPE, SIG_DFL);
  close(pipe_ends[1]);
}

TEST_CASE("a log whose file cannot be opened says so", "[plaza][daemon]") {
  CHECK_THROWS_AS(Log("/nowhere/log", {}), std::system_error);
}
