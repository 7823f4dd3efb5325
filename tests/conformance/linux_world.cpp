// The real kernel of this machine, over its loopback device.
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

class LinuxWorld : public World {
 public:
  // Loopback delivers within the sender's call; what is left are acknowledgements and a moment of grace.
  void settle() override { std::this_thread::sleep_for(3ms); }
  void pass(milliseconds duration) override { std::this_thread::sleep_for(duration); }
  bool wait_for(int fd, short events) override {
    pollfd entry{fd, events, 0};
    return ::poll(&entry, 1, 5'000) == 1 && (entry.revents & events) != 0;
  }
};

// ---- a network of its own ----

// A namespace in which all addresses lead to the loopback device, and those that are not its own vanish there: nothing
// forwards them. netdevice(7), rtnetlink(7) by its older name, sysctl(8).
class OwnNetwork {
 public:
  // False if the machine does not let this process make one. The process must have one thread.
  bool make() {
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    v4_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return raise("lo") && add_address("lo:1", kHere) && add_address("lo:2", kThere) && add_route() &&
           double_from_the_first();
  }
  // The other host's address is no more.
  void cut() {
    ifreq request = named("lo:2");
    ioctl(v4_, SIOCSIFFLAGS, &request);
  }

 private:
  static ifreq named(const char* name) {
    ifreq request{};
    std::strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    return request;
  }
  static sockaddr generic(std::uint32_t ip) {
    const sockaddr_in in = address_of(ip, 0);
    sockaddr address;
    std::memcpy(&address, &in, sizeof address);
    return address;
  }
  bool raise(const char* name) {
    ifreq request = named(name);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl(v4_, SIOCSIFFLAGS, &request) == 0;
  }
  bool add_address(const char* name, std::uint32_t ip) {
    ifreq request = named(name);
    request.ifr_addr = generic(ip);
    if (ioctl(v4_, SIOCSIFADDR, &request) != 0) return false;
    request.ifr_netmask = generic(0xFFFFFFFF);
    return ioctl(v4_, SIOCSIFNETMASK, &request) == 0;
  }
  bool add_route() {
    char device[] = "lo";
    rtentry route{};
    route.rt_dst = route.rt_genmask = generic(0);
    route.rt_flags = RTF_UP;
    route.rt_dev = device;
    return ioctl(v4_, SIOCADDRT, &route) == 0;
  }
  // Linux 6.5 sends the first SYNs at equal intervals (tcp_syn_linear_timeouts), which Linux 6.1 does not know.
  static bool double_from_the_first() {
    const int fd = open("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT;
    const bool done = write(fd, "0", 1) == 1;
    close(fd);
    return done;
  }

  int v4_ = -1;
};

class NetworkedWorld final : public LinuxWorld {
 public:
  explicit NetworkedWorld(OwnNetwork& network) : network_(network) {}
  void cut() override { network_.cut(); }

 private:
  OwnNetwork& network_;
};

// A child that runs a case, and where it writes what it has observed.
struct Child {
  pid_t process = -1;
  int output = -1;
};
std::map<const Case*, Child> begun;

Child begin(const Case& interaction) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    std::string all;
    if (OwnNetwork network; network.make()) {
      std::thread([] { accept_for_ever(kThere); }).detach();
      NetworkedWorld world(network);
      world.settle();
      interaction.run(world);
      world.end();
      for (const std::string& line : world.observations()) all += line + '\0';
    }
    _exit(write(ends[1], all.data(), all.size()) == static_cast<ssize_t>(all.size()) ? 0 : 1);
  }
  close(ends[1]);
  return {child, ends[0]};
}

std::vector<std::string> observations_of(Child child) {
  if (child.process < 0) return {};
  std::string all;
  char bytes[4096];
  for (ssize_t got; (got = read(child.output, bytes, sizeof bytes)) > 0;)
    all.append(bytes, static_cast<std::size_t>(got));
  close(child.output);
  waitpid(child.process, nullptr, 0);
  std::vector<std::string> observations;
  for (std::size_t at = 0; at < all.size(); at = all.find('\0', at) + 1)
    observations.push_back(all.substr(at, all.find('\0', at) - at));
  return observations;
}

std::vector<std::string> in_own_network(const Case& interaction) {
  const auto found = begun.extract(&interaction);
  return observations_of(found.empty() ? begin(interaction) : found.mapped());
}

}  // namespace

void begin_on_linux() {
  for (const Suite& suite : suites()) {
    for (const Case& interaction : suite.cases) {
      if (interaction.network == Network::own) begun.emplace(&interaction, begin(interaction));
    }
  }
}

std::vector<std::string> on_linux(const Case& interaction) {
  if (interaction.network == Network::own) return in_own_network(interaction);
  LinuxWorld world;
  interaction.run(world);
  world.end();
  return world.observations();
}

}  // namespace stillpoint::test
