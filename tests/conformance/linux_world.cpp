// The real kernel of this machine, over its loopback device.
#include <poll.h>

#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

class LinuxWorld final : public World {
 public:
  // Loopback delivers within the sender's call; what is left are acknowledgements and a moment of grace.
  void settle() override { std::this_thread::sleep_for(3ms); }
  void pass(milliseconds duration) override { std::this_thread::sleep_for(duration); }
  bool wait_for(int fd, short events) override {
    pollfd entry{fd, events, 0};
    return ::poll(&entry, 1, 5'000) == 1 && (entry.revents & events) != 0;
  }
};

}  // namespace

std::vector<std::string> on_linux(const Case& interaction) {
  LinuxWorld world;
  interaction.run(world);
  world.end();
  return world.observations();
}

}  // namespace stillpoint::test
