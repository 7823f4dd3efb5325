// Users of the echo server, and the one thing that must always hold: an answer is the answer to its question.
#include <boost/asio.hpp>

#include <stillpoint/program.hpp>
#include <stillpoint/scenario.hpp>

#include "client.hpp"

namespace {

using namespace stillpoint;

class Echo final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string&) override {
    server_ = program_host(settings, "hosts.server");
    link_.latency_min = settings.duration("network.latency_min", {}, std::chrono::milliseconds(1));
    link_.latency_max = settings.duration("network.latency_max", {.least = link_.latency_min}, link_.latency_min);
    users_ = settings.count("users.count", {1, 1000}, 1);
    questions_ = settings.count("users.questions", {1, 1'000'000}, 100);
  }

  void build(Simulation& simulation) override {
    simulation.default_link(link_);
    right_ = &simulation.safety("an answer answers its question");
    simulation.add_host(server_);
    for (std::uint64_t n = 1; n <= users_; ++n) {
      const std::string name = "user-" + std::to_string(n);
      simulation.add_host({.name = name, .role = "users", .start = [this, &simulation, name](boost::asio::io_context& context) {
                             auto client = std::make_shared<echo::Client>(context.get_executor());
                             boost::asio::co_spawn(context, talk(simulation, name, *client), boost::asio::detached);
                             return client;
                           }});
    }
  }

 private:
  boost::asio::awaitable<void> talk(Simulation& simulation, std::string name, echo::Client& client) {
    co_await client.connect(server_.name, server_.args.at(0));
    for (std::uint64_t i = 1; i <= questions_; ++i) {
      const std::string question = name + " asks " + std::to_string(i);
      const EventId asked = simulation.invoke(name, "ask", question);
      const std::optional<std::string> answer = co_await client.ask(question);
      if (!answer) {
        simulation.info(asked, "no answer in time");
        continue;
      }
      const EventId answered = simulation.ok(asked, *answer);
      if (*answer == question) {
        right_->held();
      } else {
        right_->broken({.promised = "the answer to '" + question + "' is the same line",
                        .found = "'" + *answer + "'",
                        .because = "",
                        .witnesses = {{asked, "question"}, {answered, "answer"}}});
      }
    }
    if (++done_ == users_) simulation.stop("every user has asked all questions");
  }

  HostOptions server_;
  LinkOptions link_;
  std::uint64_t users_ = 0;
  std::uint64_t questions_ = 0;
  std::uint64_t done_ = 0;
  Check* right_ = nullptr;
};

const RegisterBehaviour kRegistered{{.name = "echo", .bugs = {}, .make = [] { return std::make_unique<Echo>(); }}};

}  // namespace
