// PNG files: what is written is what is read, and a failure is one line and leaves no half picture.
#include "visualizer/backend/png.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include <stillpoint/error.hpp>

#include "tests/support/shell.hpp"

using namespace stillpoint;
using namespace stillpoint::view;
namespace fs = std::filesystem;

namespace {

Picture pattern(Size size) {
  Picture picture(size, 0);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      picture.row(y)[x] = rgb(static_cast<unsigned>(x * 7 % 256), static_cast<unsigned>(y * 13 % 256), 77);
    }
  }
  return picture;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string complaint(const fs::path& path, const Picture& picture) {
  try {
    write_png(path, picture);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// An empty folder.
fs::path folder(const std::string& name) {
  const fs::path path = fs::path(test::scratch()) / name;
  fs::remove_all(path);
  fs::create_directory(path);
  return path;
}

}  // namespace

TEST_CASE("a picture survives the way to a file and back") {
  const fs::path path = folder("round") / "a.png";
  for (const Size size : {Size{1, 1}, Size{3, 200}, Size{640, 48}}) {
    const Picture picture = pattern(size);
    write_png(path, picture);
    CHECK(read_png(path) == picture);
  }
  CHECK(bytes_of(path).substr(1, 3) == "PNG");
  CHECK(files_in(path.parent_path()) == 1);
}

TEST_CASE("the same picture gives the same bytes") {
  const fs::path where = folder("same");
  write_png(where / "a.png", pattern({300, 200}));
  write_png(where / "b.png", pattern({300, 200}));
  CHECK(bytes_of(where / "a.png") == bytes_of(where / "b.png"));
}

TEST_CASE("a picture that cannot be written says why, and leaves what was there") {
  const fs::path where = folder("refused");
  const Picture picture = pattern({64, 64});
  CHECK(complaint(where / "no/a.png", picture) ==
        "cannot write " + (where / "no/a.png").string() + ": No such file or directory");
  CHECK(complaint(where, picture) == "cannot write " + where.string() + ": Is a directory");
  CHECK(files_in(where) == 0);

  // A disk that is full, or a limit on the size of files, half way through.
  const fs::path path = where / "old.png";
  std::ofstream(path) << "old";
  const rlimit small{100, RLIM_INFINITY};
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string too_large = complaint(path, picture);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(too_large == "cannot write " + path.string() + ": File too large");
  CHECK(bytes_of(path) == "old");
  CHECK(files_in(where) == 1);

  write_png(path, picture);
  CHECK(read_png(path) == picture);
}

TEST_CASE("a link stays a link") {
  const fs::path where = folder("link");
  std::ofstream(where / "real.png") << "old";
  fs::create_symlink("real.png", where / "link.png");
  const Picture picture = pattern({20, 10});
  write_png(where / "link.png", picture);
  CHECK(fs::is_symlink(where / "link.png"));
  CHECK(read_png(where / "real.png") == picture);
}

// Stand-ins for /dev/stdout and the like, in a folder of our own: a mistake here must not replace a device of the
// machine by a picture.
TEST_CASE("what is no ordinary file is written to, and stays what it is") {
  const fs::path where = folder("special");
  const fs::path pipe = where / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  const Picture picture = pattern({20, 10});
  write_png(pipe, picture);
  CHECK(fs::is_fifo(pipe));
  std::string bytes(4096, '\0');  // less than a pipe holds
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read(reader, bytes.data(), bytes.size()))));
  close(reader);
  write_png(where / "file.png", picture);
  CHECK(bytes == bytes_of(where / "file.png"));

  const fs::path socket = where / "socket";
  REQUIRE(mknod(socket.c_str(), S_IFSOCK | 0600, 0) == 0);
  CHECK(complaint(socket, picture) == "cannot write " + socket.string() + ": No such device or address");
  CHECK(fs::is_socket(socket));
}

TEST_CASE("a file that is no picture says so") {
  const fs::path where = folder("bad");
  CHECK_THROWS_AS(read_png(where / "none.png"), Error);
  std::ofstream(where / "text.png") << "this is no picture";
  CHECK_THROWS_AS(read_png(where / "text.png"), Error);
  write_png(where / "cut.png", pattern({100, 100}));
  fs::resize_file(where / "cut.png", 60);
  CHECK_THROWS_AS(read_png(where / "cut.png"), Error);
}
