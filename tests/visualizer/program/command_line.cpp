// stillpoint-view as users start it: pictures, a window, and what it says about bad input.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/shell.hpp"
#include "visualizer/backend/png.hpp"

using stillpoint::view::Picture;
using stillpoint::view::Size;

namespace {

// A run that fails, recorded once.
const std::string& trace() {
  static const std::string path = [] {
    const std::string file = test::scratch() + "/oversell.db";
    const test::Ran ran =
        test::shell(test::binary("stillpoint") + " run last-ticket --bug oversell --seed 7 --trace " + file);
    INFO(ran.err);
    REQUIRE(ran.exit_code == 10);
    return file;
  }();
  return path;
}

test::Ran view(const std::string& arguments) { return test::shell(test::binary("stillpoint-view") + " " + arguments); }

Picture rendered(const std::string& arguments) {
  const test::Ran ran = view(trace() + " --render picture.png " + arguments);
  INFO(ran.err);
  REQUIRE(ran.exit_code == 0);
  CHECK(ran.out.empty());
  CHECK(ran.err.empty());
  return stillpoint::view::read_png(test::scratch() + "/picture.png");
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("a trace becomes a picture, the same one each time") {
  const Picture picture = rendered("");
  CHECK(picture.size == Size{1600, 1000});
  CHECK(
      std::any_of(picture.pixels.begin(), picture.pixels.end(), [&](auto pixel) { return pixel != picture.at(0, 0); }));
  CHECK(rendered("") == picture);
  CHECK(rendered("--at 1") != picture);
  CHECK(rendered("--at 1") != rendered("--at 0.05s"));
  CHECK(rendered("--size 640x480").size == Size{640, 480});
  CHECK(rendered("--size 320x240").size == Size{320, 240});
}

TEST_CASE("bad input is one line and exit code 2") {
  struct Case {
    std::string arguments;
    const char* says;
  };
  const std::string picture = " --render never.png ";
  const Case cases[] = {
      {"", "TRACE"},
      {"none.db" + picture, "none.db"},
      {"/" + picture, "/"},
      {"text.db" + picture, "text.db"},
      {trace() + picture + "more", "more"},
      {trace() + picture + "--colour", "--colour"},
      {trace() + picture + "--size 0x0", "--size 0x0: a size is WIDTHxHEIGHT, 320x240 to 8192x8192"},
      {trace() + picture + "--size 5x", "--size 5x: a size is"},
      {trace() + picture + "--size x500", "--size x500: a size is"},
      {trace() + picture + "--size 99999x1", "--size 99999x1: a size is"},
      {trace() + picture + "--size 8193x500", "a size is"},
      {trace() + picture + "--size 500x8193", "a size is"},
      {trace() + picture + "--size 319x500", "a size is"},
      {trace() + picture + "--size ''", "--size '': it needs a value"},
      {trace() + picture + "--at ''", "--at '': it needs a value"},
      {trace() + " --render ''", "--render '': it needs a value"},
      {trace() + " --render " + trace(), "that is the trace itself"},
      {trace() + picture + "--size 500x239", "a size is"},
      {trace() + picture + "--size -640x-480", "--size"},
      {trace() + picture + "--size 640x480x2", "a size is"},
      {trace() + picture + "--size 99999999999999999999x480", "a size is"},
      {trace() + picture + "--size '640 x 480'", "a size is"},
      {trace() + picture + "--at 99999999", "--at 99999999: there is no event 99,999,999"},
      {trace() + picture + "--at yesterday", "--at yesterday: "},
      {trace() + picture + "--at 1h", "--at 1h: "},
      {trace() + picture + "--at $'two\\nlines'", "--at two lines: "},
      {trace() + " --render", "--render"},
      {trace() + " --render no/such/folder.png", "cannot write no/such/folder.png: No such file or directory"},
      {trace() + " --render .", "cannot write .: Is a directory"},
  };
  for (const Case& one : cases) {
    const test::Ran ran = test::shell("echo 'this is no trace' > text.db; " + test::binary("stillpoint-view") + " " +
                                      one.arguments + "; code=$?; test ! -e never.png || echo 'a picture'; exit $code");
    INFO(one.arguments << "\n" << ran.err);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("stillpoint-view: "));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    CHECK(contains(ran.err, one.says));
  }
}

TEST_CASE("a picture that does not fit leaves the old one") {
  const test::Ran ran =
      test::shell("echo old > old.png; ulimit -f 1; " + test::binary("stillpoint-view") + " " + trace() +
                  " --render old.png; code=$?; cat old.png; ls | grep -c partial; exit $code");
  CHECK(ran.exit_code == 2);
  CHECK(ran.err == "stillpoint-view: cannot write old.png: File too large\n");
  CHECK(ran.out == "old\n0\n");
}

TEST_CASE("help and version") {
  const test::Ran help = view("--help");
  CHECK(help.exit_code == 0);
  for (const char* option : {"TRACE", "--render", "--at", "--size"}) CHECK(contains(help.out, option));
  const test::Ran version = view("--version");
  CHECK(version.exit_code == 0);
  CHECK(version.out.starts_with("stillpoint-view "));
}

TEST_CASE("stillpoint view is stillpoint-view") {
  const std::string stillpoint = test::binary("stillpoint");
  CHECK(test::shell(stillpoint + " view --help").out == view("--help").out);
  const test::Ran bad = test::shell(stillpoint + " view none.db --render 'a b.png'");
  CHECK(bad.exit_code == 2);
  CHECK(bad.err == view("none.db --render 'a b.png'").err);
  const Picture picture = rendered("--size 400x300");
  const test::Ran ran = test::shell(stillpoint + " view " + trace() + " --size 400x300 --render 'a b.png'");
  REQUIRE(ran.exit_code == 0);
  CHECK(stillpoint::view::read_png(test::scratch() + "/a b.png") == picture);

  const test::Ran alone = test::shell("mkdir alone && cp " + stillpoint + " alone && alone/stillpoint view none.db");
  CHECK(alone.exit_code == 2);
  CHECK(alone.err == "stillpoint: no stillpoint-view in " + test::scratch() +
                         "/alone and none in PATH: build it (cmake --build --preset release)\n");
  // The executable of somebody's own scenarios has none beside it.
  const std::string path = "PATH=" + stillpoint.substr(0, stillpoint.rfind('/')) + ":$PATH ";
  CHECK(test::shell(path + "alone/stillpoint view --help").out == view("--help").out);
}

TEST_CASE("it opens a window, and says so where there is no display") {
  const std::string program = test::binary("stillpoint-view");
  const test::Ran open = test::shell("LIBGL_ALWAYS_SOFTWARE=1 xvfb-run -a -s '-screen 0 1920x1200x24' timeout 4 " +
                                     program + " " + trace());
  INFO(open.err);
  CHECK(open.exit_code == 124);  // it was still there when its time was over
  const test::Ran none = test::shell("env -u DISPLAY -u WAYLAND_DISPLAY " + program + " " + trace());
  CHECK(none.exit_code == 2);
  CHECK(none.err.starts_with("stillpoint-view: no display: set DISPLAY, or use --render FILE"));
  CHECK(std::count(none.err.begin(), none.err.end(), '\n') == 1);
}

TEST_CASE("it is not linked to what simulates") {
  // The simulator defines libc's names itself.
  const test::Ran symbols = test::shell("nm --defined-only " + test::binary("stillpoint-view"));
  REQUIRE(symbols.exit_code == 0);
  CHECK_FALSE(contains(symbols.out, " T epoll_wait\n"));
  const test::Ran simulator = test::shell("nm --defined-only " + test::binary("stillpoint"));
  CHECK(contains(simulator.out, " T epoll_wait\n"));
}
