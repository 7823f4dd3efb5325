// What a scenario says of a host's disk: what it is like, what is on it at first, and when the power fails.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/interpose/crashes.hpp"
#include "tests/interpose/in_simulation.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;

namespace {

std::string content_of(const char* path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return "none";
  return {std::istreambuf_iterator<char>(in), {}};
}

// Runs `main` on a host of these options, whatever becomes of it.
void on_host(HostOptions options, std::function<void()> main) {
  options.name = "host";
  options.main = [main](int, char**) {
    main();
    return 0;
  };
  test::simulate(1, 1min, [&](Simulation& simulation) { simulation.add_host(options); });
}

std::string refused(std::map<std::string, std::string> files) {
  return test::error_of([&] { on_host({.disk = {.capacity = 1 << 20}, .files = std::move(files)}, [] {}); });
}

}  // namespace

TEST_CASE("files that a scenario puts on a host are there before it runs, and durable") {
  const std::string large(10'000, 'x');
  std::vector<std::string> seen;
  struct stat status {};
  test::simulate(1, 1min, [&](Simulation& simulation) {
    const HostId host =
        simulation.add_host({.name = "host",
                             .files = {{"/srv/app.toml", "port = 7\n"}, {"/opt/data/large", large}, {"/etc/empty", ""}},
                             .main = [&](int, char**) {
                               for (const char* path : {"app.toml", "/opt/data/large", "/etc/empty"})
                                 seen.push_back(content_of(path));
                               stat("app.toml", &status);
                               std::ofstream("app.toml") << "lost";
                               return 0;
                             }});
    test::crash_and_boot(simulation, host, 1s, 2s);
  });
  REQUIRE(seen.size() == 6);
  CHECK(seen[0] == "port = 7\n");
  CHECK(seen[1] == large);
  CHECK(seen[2].empty());
  CHECK(seen[4] == large);
  CHECK(status.st_mode == (S_IFREG | 0644));
  CHECK(status.st_uid == 1000);
}

TEST_CASE("a host's file that cannot be is told by its path") {
  CHECK(refused({{"app.toml", ""}}) == "'app.toml' cannot be the path of a host's file: it is not absolute");
  CHECK(refused({{"/srv/", ""}}) ==
        "'/srv/' cannot be the path of a host's file: it has an empty name, '.' or '..' in it");
  CHECK_THAT(refused({{"/srv/../x", ""}}), Catch::Contains("it has an empty name"));
  CHECK_THAT(refused({{"/" + std::string(256, 'n'), ""}}), Catch::Contains("a name in it is longer than 255 bytes"));
  CHECK_THAT(refused({{"/" + std::string(5000, 'n'), ""}}), Catch::Contains("it is too long"));
  CHECK(refused({{"/a", ""}, {"/a/b", ""}}) == "'/a/b' cannot be the path of a host's file: 'a' is a file");
  CHECK(refused({{"/srv", ""}}) == "'/srv' cannot be the path of a host's file: it is there already");
  CHECK(refused({{"/large", std::string((1 << 20) + 1, 'x')}}) ==
        "'/large' cannot be the path of a host's file: it does not fit on the disk");
  CHECK(refused({{"/large", std::string(1 << 20, 'x')}}).empty());
}

TEST_CASE("time zones and locales are the machine's, read only, and nothing else of it is there") {
  if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) return;
  const std::string real = content_of("/usr/share/zoneinfo/Europe/Berlin");
  std::string seen;
  std::size_t names = 0;
  std::vector<int> errors;
  on_host({}, [&] {
    seen = content_of("/usr/share/zoneinfo/Europe/Berlin");
    DIR* const zones = opendir("/usr/share/zoneinfo/Europe");
    while (zones != nullptr && readdir(zones) != nullptr) ++names;
    if (zones != nullptr) closedir(zones);
    const auto note = [&](int result) { errors.push_back(result < 0 ? errno : 0); };
    note(open("/usr/share/zoneinfo/Europe/Berlin", O_WRONLY));
    note(unlink("/usr/share/zoneinfo/Europe/Berlin"));
    note(open("/usr/share/zoneinfo/Europe/mine", O_WRONLY | O_CREAT, 0644));
    note(open("/usr/share/zoneinfo/Europe/Nowhere", O_RDONLY));
    note(open("/usr/share/zoneinfo/../../../etc/passwd", O_RDONLY));
    note(open("/usr/bin/env", O_RDONLY));
    note(open("/etc/localtime", O_RDONLY));
  });
  CHECK(seen == real);
  CHECK(names > 10);
  CHECK(errors == std::vector<int>{EACCES, EACCES, EACCES, ENOENT, ENOENT, ENOENT, ENOENT});
}

TEST_CASE("a disk is as large as its scenario says") {
  std::vector<ssize_t> written;
  on_host({.disk = {.capacity = 1 << 20}}, [&] {
    const int fd = open("full", O_WRONLY | O_CREAT, 0644);
    const std::string bytes((1 << 20) + 5, 'x');
    written.push_back(write(fd, bytes.data(), bytes.size()));
    written.push_back(write(fd, bytes.data(), 1) < 0 ? -errno : 0);
  });
  CHECK(written == std::vector<ssize_t>{1 << 20, -ENOSPC});
}

TEST_CASE("a disk that lies about fsync forgets") {
  const auto lost_of = [](bool lies) {
    int lost = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      std::string seen;
      test::simulate(seed, 1min, [&](Simulation& simulation) {
        const auto main = [&](int, char**) {
          seen = content_of("kept");
          const int fd = open("kept", O_WRONLY | O_CREAT, 0644);
          const bool synced = write(fd, "kept", 4) == 4 && fsync(fd) == 0;
          return synced ? 0 : 1;
        };
        const HostId host = simulation.add_host({.name = "host", .disk = {.fsync_lies = lies}, .main = main});
        test::crash_and_boot(simulation, host, 1s, 2s);
      });
      lost += seen != "kept";
    }
    return lost;
  };
  CHECK(lost_of(false) == 0);
  CHECK(lost_of(true) > 0);
}

TEST_CASE("the power fails after so many operations on the disk, and not a call later") {
  // Ten operations: names, writes, a sync.
  const auto main = [](std::vector<std::string>& done) {
    const int fd = open("a", O_WRONLY | O_CREAT, 0644);
    done.push_back("made");
    for (int i = 0; i < 5; ++i) {
      if (write(fd, "x", 1) == 1) done.push_back("wrote");
    }
    fsync(fd);
    done.push_back("synced");
    rename("a", "b");
    done.push_back("renamed");
    chmod("b", 0600);
    done.push_back("changed");
    truncate("b", 2);
    done.push_back("cut");
  };
  for (std::uint64_t at = 0; at <= 11; ++at) {
    std::vector<std::string> done;
    std::uint64_t operations = 0;
    bool crashed = false;
    const auto outcome = test::simulate(at + 1, 1min, [&](Simulation& simulation) {
      const HostId host = simulation.add_host({.name = "host", .main = [&](int, char**) {
                                                 main(done);
                                                 return 0;
                                               }});
      simulation.crash_after_disk_operations(host, at);
      simulation.at(VirtualTime(10s), [&, host] {
        operations = simulation.disk_operations(host);
        crashed = !simulation.is_up(host);
      });
    });
    INFO(at);
    CHECK(outcome.report.verdict == Verdict::pass);
    CHECK(operations == std::min<std::uint64_t>(at, 10));
    CHECK(crashed == (at < 10));  // what makes no further call keeps its power
    CHECK(done.size() == std::min<std::uint64_t>(at, 10));
  }
}

TEST_CASE("what files take on a disk is told in whole pages") {
  std::uint64_t empty = 0;
  std::uint64_t full = 0;
  std::uint64_t removed = 0;
  const auto outcome = test::simulate(1, 1min, [&](Simulation& simulation) {
    const HostId host = simulation.add_host({.name = "host", .main = [&](int, char**) {
                                               std::this_thread::sleep_for(2s);
                                               const std::string bytes(10'000, 'x');
                                               const int fd = open("log", O_WRONLY | O_CREAT, 0644);
                                               if (write(fd, bytes.data(), bytes.size()) != 10'000) std::abort();
                                               close(fd);
                                               std::this_thread::sleep_for(2s);
                                               unlink("log");
                                               std::this_thread::sleep_for(2s);
                                               return 0;
                                             }});
    simulation.at(VirtualTime(1s), [&, host] { empty = simulation.disk_bytes(host); });
    simulation.at(VirtualTime(3s), [&, host] { full = simulation.disk_bytes(host); });
    simulation.at(VirtualTime(5s), [&, host] { removed = simulation.disk_bytes(host); });
  });
  CHECK(outcome.report.verdict == Verdict::pass);
  CHECK(full == empty + 3 * 4096);
  CHECK(removed == empty);
}

TEST_CASE("on a driven host the handler that runs is the last") {
  int handlers = 0;
  std::uint64_t operations = 0;
  test::simulate(1, 1min, [&](Simulation& simulation) {
    const HostId host =
        simulation.add_host({.name = "host", .start = [&](boost::asio::io_context& context) -> std::shared_ptr<void> {
                               for (int i = 0; i < 10; ++i) {
                                 boost::asio::post(context, [&] {
                                   ++handlers;
                                   const int fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644);
                                   for (int n = 0; n < 3; ++n) {
                                     if (write(fd, "x", 1) != 1) std::abort();
                                   }
                                   close(fd);
                                 });
                               }
                               return std::make_shared<int>();
                             }});
    simulation.crash_after_disk_operations(host, 5);
    simulation.at(VirtualTime(10s), [&, host] { operations = simulation.disk_operations(host); });
  });
  CHECK(handlers == 2);
  CHECK(operations == 7);
}

// Two syncs of one turn, and the power fails after so many operations: the file is there, one byte, its sync, another.
TEST_CASE("a turn without power reaches neither the disk nor anybody else") {
  namespace asio = boost::asio;
  using asio::ip::tcp;
  struct Left {
    std::string file;
    bool heard = false;
  };
  const auto crashed_after = [](std::uint64_t operations, std::uint64_t seed) {
    Left left;
    int boots = 0;
    const auto outcome = test::simulate(seed, 1min, [&](Simulation& simulation) {
      struct Server {
        explicit Server(asio::io_context& context) : acceptor(context, {tcp::v4(), 80}), socket(context) {}
        tcp::acceptor acceptor;
        tcp::socket socket;
      };
      const HostId host =
          simulation.add_host({.name = "host", .start = [&](asio::io_context& context) -> std::shared_ptr<void> {
                                 if (++boots > 1) {
                                   std::ifstream in("log");
                                   left.file = {std::istreambuf_iterator<char>(in), {}};
                                   return std::make_shared<int>();
                                 }
                                 const auto server = std::make_shared<Server>(context);
                                 server->acceptor.async_accept(server->socket, [server](boost::system::error_code) {
                                   const int fd = open("log", O_WRONLY | O_CREAT, 0644);
                                   for (const char* byte : {"1", "2"}) {
                                     if (write(fd, byte, 1) != 1 || fsync(fd) != 0) std::abort();
                                   }
                                   close(fd);
                                   boost::system::error_code ignored;
                                   asio::write(server->socket, asio::buffer("done", 4), ignored);
                                 });
                                 return server;
                               }});
      const HostId client = simulation.add_host(
          {.name = "client", .start = [&](asio::io_context& context) -> std::shared_ptr<void> {
             const auto socket = std::make_shared<tcp::socket>(context);
             const auto byte = std::make_shared<char>();
             socket->async_connect({asio::ip::make_address("10.0.0.1"), 80}, [&, socket, byte](auto) {
               socket->async_read_some(asio::buffer(byte.get(), 1),
                                       [&, socket, byte](auto error, std::size_t) { left.heard = !error; });
             });
             return socket;
           }});
      static_cast<void>(client);
      simulation.crash_after_disk_operations(host, operations);
      simulation.at(VirtualTime(10s), [&, host] {
        if (!simulation.is_up(host)) simulation.boot(host);
      });
    });
    CHECK(outcome.report.verdict == Verdict::pass);
    return left;
  };
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    INFO(seed);
    for (const std::uint64_t operations : {3, 4}) {
      const Left left = crashed_after(operations, seed);
      CHECK(left.file == "1");
      CHECK_FALSE(left.heard);
    }
    CHECK(crashed_after(2, seed).file.empty());
    CHECK(crashed_after(100, seed).heard);
  }
}
