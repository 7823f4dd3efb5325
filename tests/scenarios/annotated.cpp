// The behaviour `annotated`, for tests of what annotations come to: services that tick two hundred times, a millisecond
// each, say something of themselves at each tick, and at the fiftieth what `kind` is about.
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include <stillpoint/annotate.hpp>
#include <stillpoint/scenario.hpp>

namespace {

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;

struct Options {
  std::string kind;
  std::uint64_t hosts = 0;
  std::uint64_t extra = 0;
};

class Service {
 public:
  Service(asio::io_context& context, Simulation& simulation, const Options& settings)
      : simulation_(simulation), settings_(settings), timer_(context) {
    tick();
  }

 private:
  void tick() {
    timer_.expires_after(1ms);
    timer_.async_wait([this](boost::system::error_code) {
      ++ticks_;
      if (settings_.extra > 0) static_cast<void>(STILLPOINT_BUGGIFY("another push"));
      if (STILLPOINT_BUGGIFY("a push")) ++pushes_;
      STILLPOINT_ALWAYS(ticks_ <= 200, "no tick too many", "ticks", ticks_);
      STILLPOINT_SOMETIMES(ticks_ > 100, "more than a hundred ticks");
      STILLPOINT_SOMETIMES(ticks_ > 200, "more than two hundred ticks");
      STILLPOINT_SOMETIMES(simulation_.seed() % 2 == 0, "an even seed");
      if (ticks_ == 50) come_to_it();
      if (ticks_ < 200) return tick();
      simulation_.note(fmt::format("pushed {} times", pushes_));
    });
  }

  void come_to_it() {
    const int sold = settings_.kind == "always" ? 6 : 5;
    STILLPOINT_ALWAYS(sold <= 5, "no oversale", "sold", sold, "of", 5);
    if (settings_.kind == "unreachable") STILLPOINT_UNREACHABLE("two leaders");
    if (settings_.kind == "reachable") STILLPOINT_REACHABLE("a rare place");
  }

  Simulation& simulation_;
  const Options& settings_;
  asio::steady_timer timer_;
  int ticks_ = 0;
  int pushes_ = 0;
};

class Annotated final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string&) override {
    settings_.kind = settings.text("service.kind", "none");
    settings_.hosts = settings.count("service.hosts", {1, 10}, 2);
    settings_.extra = settings.count("service.extra", {0, 1}, 0);
  }
  void build(Simulation& simulation) override {
    for (std::uint64_t host = 1; host <= settings_.hosts; ++host) {
      simulation.add_host({.name = fmt::format("server-{}", host),
                           .role = "server",
                           .start = [this, &simulation](asio::io_context& context) {
                             return std::make_shared<Service>(context, simulation, settings_);
                           }});
    }
  }

 private:
  Options settings_;
};

const RegisterBehaviour kAnnotated{
    {.name = "annotated", .bugs = {}, .make = [] { return std::make_unique<Annotated>(); }}};

}  // namespace
