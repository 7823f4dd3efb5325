// The real kernel of this machine, over its loopback device.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <map>
#include <thread>

#include "tests/conformance/files/machine.hpp"
#include "tests/conformance/own_network.hpp"
#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

class LinuxWorld : public World {
 public:
  LinuxWorld() = default;
  ~LinuxWorld() override {
    if (!made_.empty()) files::remove_tree(made_);
  }

  // Loopback delivers within the sender's call; what is left are acknowledgements and a moment of grace.
  void settle() override { std::this_thread::sleep_for(3ms); }
  void pass(milliseconds duration) override { std::this_thread::sleep_for(duration); }
  bool wait_for(int fd, short events) override {
    pollfd entry{fd, events, 0};
    return ::poll(&entry, 1, 5'000) == 1 && (entry.revents & events) != 0;
  }

 protected:
  std::string make_folder() override { return made_ = files::make_folder(); }

 private:
  std::string made_;
};

// ---- a network of its own ----

class NetworkedWorld final : public LinuxWorld {
 public:
  explicit NetworkedWorld(OwnNetwork& network) : network_(network) {}
  void cut() override { network_.cut(); }
  void lose_way(std::uint32_t ip, NoWay why) override { network_.lose_way(ip, why); }
  void find_way(std::uint32_t ip) override { network_.find_way(ip); }

 private:
  OwnNetwork& network_;
};

using Observations = std::vector<std::string>;

// A child that runs a case, and where it writes what it has observed.
struct Child {
  pid_t process = -1;
  int output = -1;
};
std::map<const Case*, Child> begun;

Child begin(const std::function<Observations()>& run) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  std::fflush(nullptr);  // what is left in a buffer would be the child's, too
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    std::string all;
    for (const std::string& line : run()) all += line + '\0';
    _exit(write(ends[1], all.data(), all.size()) == static_cast<ssize_t>(all.size()) ? 0 : 1);
  }
  close(ends[1]);
  return {child, ends[0]};
}

Child begin_in_own_network(const Case& interaction) {
  return begin([&]() -> Observations {
    // Never destroyed: its router looks at the network as long as this process lives.
    auto& network = *new OwnNetwork;
    if (!network.make()) return {};
    std::thread([listener = listen_at(kThere)] { accept_for_ever(listener); }).detach();
    NetworkedWorld world(network);
    world.settle();
    interaction.run(world);
    world.end();
    return world.observations();
  });
}

Observations observations_of(Child child) {
  if (child.process < 0) return {};
  std::string all;
  char bytes[4096];
  for (ssize_t got; (got = read(child.output, bytes, sizeof bytes)) > 0;)
    all.append(bytes, static_cast<std::size_t>(got));
  close(child.output);
  waitpid(child.process, nullptr, 0);
  Observations observations;
  for (std::size_t at = 0; at < all.size(); at = all.find('\0', at) + 1)
    observations.push_back(all.substr(at, all.find('\0', at) - at));
  return observations;
}

Observations in_own_network(const Case& interaction) {
  const auto found = begun.extract(&interaction);
  return observations_of(found.empty() ? begin_in_own_network(interaction) : found.mapped());
}

// The folder is removed here, whatever becomes of the child.
Observations in_own_process(const Case& interaction) {
  LinuxWorld world;
  const std::string& folder = world.folder();
  return observations_of(begin([&] {
    files::drop_privileges();
    umask(022);
    if (chdir(folder.c_str()) != 0) world.note("folder", "cannot be entered");
    interaction.run(world);
    world.end();
    return world.observations();
  }));
}

}  // namespace

void begin_on_linux() {
  for (const Suite& suite : suites()) {
    for (const Case& interaction : suite.cases) {
      if (interaction.network == Network::own) begun.emplace(&interaction, begin_in_own_network(interaction));
    }
  }
}

std::vector<std::string> on_linux(const Suite& suite, const Case& interaction) {
  if (interaction.network == Network::own) return in_own_network(interaction);
  if (suite.process == Process::own) return in_own_process(interaction);
  LinuxWorld world;
  interaction.run(world);
  world.end();
  return world.observations();
}

}  // namespace stillpoint::test
