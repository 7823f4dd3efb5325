// plazad as a process, on the real disk and the loopback interface.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/folder.hpp"
#include "tests/support/shell.hpp"

namespace plaza::test {

using ::test::Folder;
inline constexpr auto kProcessPatience = std::chrono::seconds(30);

inline std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Ports that were free a moment ago, all different.
inline std::vector<std::uint16_t> free_ports(std::size_t count) {
  boost::asio::io_context io;
  std::vector<boost::asio::ip::tcp::acceptor> held;
  std::vector<std::uint16_t> ports;
  while (ports.size() < count) {
    held.emplace_back(io, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    ports.push_back(held.back().local_endpoint().port());
  }
  return ports;
}

class Plazad {
 public:
  // Its output goes to `log`, after what is there. `before` is what the shell does first.
  Plazad(const std::string& options, std::filesystem::path log, const std::string& before = "")
      : log_(std::move(log)), read_(contents(log_).size()) {
    const std::string command =
        before + "exec " + ::test::binary("plazad") + " " + options + " >> " + log_.string() + " 2>&1";
    const std::array<const char*, 4> argv{"bash", "-c", command.c_str(), nullptr};
    REQUIRE(posix_spawn(&pid_, "/bin/bash", nullptr, nullptr, const_cast<char**>(argv.data()), environ) == 0);
  }
  ~Plazad() { end(SIGKILL); }
  Plazad(const Plazad&) = delete;
  Plazad& operator=(const Plazad&) = delete;

  void send(int signal) const { kill(pid_, signal); }
  // Its exit code, or 128 + the signal's number. Without a signal it ends by itself.
  int end(int signal = 0) {
    if (pid_ == 0) return -1;
    if (signal != 0) kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // What it has said so far.
  std::string said() const { return contents(log_).substr(read_); }
  // Waits for a line with this in it.
  std::string await(const std::string& what) const {
    const auto give_up = std::chrono::steady_clock::now() + kProcessPatience;
    while (std::chrono::steady_clock::now() < give_up) {
      const std::string all = said();
      const std::size_t found = all.find(what);
      const std::size_t end = found == std::string::npos ? found : all.find('\n', found);
      if (end != std::string::npos) {
        const std::size_t begin = all.rfind('\n', found);
        return all.substr(begin == std::string::npos ? 0 : begin + 1,
                          end - (begin == std::string::npos ? 0 : begin + 1));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    FAIL("no line with '" << what << "' in:\n" << said());
    return {};
  }
  // Where clients connect, once it listens.
  boost::asio::ip::tcp::endpoint clients() const {
    const std::string line = await("event=listening");
    const std::string before = "clients=127.0.0.1:";
    REQUIRE(line.find(before) != std::string::npos);
    return {boost::asio::ip::address_v4::loopback(),
            static_cast<std::uint16_t>(std::stoi(line.substr(line.find(before) + before.size())))};
  }

 private:
  pid_t pid_ = 0;
  std::filesystem::path log_;
  std::size_t read_;
};

}  // namespace plaza::test
