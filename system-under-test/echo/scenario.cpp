// Users of an echo server, and what must always hold: an answer is the answer to its question.
#include <boost/asio.hpp>

#include <stillpoint/program.hpp>
#include <stillpoint/scenario.hpp>

#include "client.hpp"

namespace {

using namespace stillpoint;

class Echo final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string&) override {
    link_.latency_min = settings.duration("network.latency_min", {}, std::chrono::milliseconds(1));
    link_.latency_max = settings.duration("network.latency_max", {.least = link_.latency_min}, link_.latency_min);
    server_ = program_host(settings, "hosts.server");
    users_ = settings.count("users.count", {1, 1000}, 3);
    questions_ = settings.count("users.questions", {1, 1'000'000}, 5);
  }

  void build(Simulation& simulation) override {
    simulation.default_link(link_);
    right_ = &simulation.safety("an answer answers its question");
    simulation.add_host(server_);
    for (std::uint64_t n = 1; n <= users_; ++n) {
      const std::string user = "user-" + std::to_string(n);
      const auto start = [this, &simulation, user](boost::asio::io_context& context) {
        auto client = std::make_shared<echo::Client>(context.get_executor());
        boost::asio::co_spawn(context, use(simulation, user, *client), [](std::exception_ptr failed) {
          if (failed) std::rethrow_exception(failed);
        });
        return client;
      };
      simulation.add_host({.name = user, .role = "users", .start = start});
    }
  }

 private:
  // A user: what it asks and what it is told goes into the history, by which checks and people judge.
  boost::asio::awaitable<void> use(Simulation& simulation, std::string user, echo::Client& client) {
    co_await client.connect("server", server_.args.at(0));
    for (std::uint64_t i = 1; i <= questions_; ++i) {
      const std::string question = user + " asks " + std::to_string(i);
      const EventId asked = simulation.invoke(user, "ask", question);
      const std::optional<std::string> answer = co_await client.ask(question);
      if (!answer) {
        simulation.info(asked, "no answer in time");
        continue;
      }
      const EventId told = simulation.ok(asked, *answer);
      if (*answer == question) {
        right_->held();
      } else {
        right_->broken({.promised = "the answer to '" + question + "' is that line",
                        .found = "'" + *answer + "'",
                        .because = "",
                        .witnesses = {{asked, "question"}, {told, "answer"}}});
      }
    }
    if (++done_ == users_) simulation.stop("all users have asked all questions");
  }

  LinkOptions link_;
  HostOptions server_;
  std::uint64_t users_ = 0;
  std::uint64_t questions_ = 0;
  std::uint64_t done_ = 0;
  Check* right_ = nullptr;
};

const RegisterBehaviour kRegistered{{.name = "echo", .bugs = {}, .make = [] { return std::make_unique<Echo>(); }}};

}  // namespace
