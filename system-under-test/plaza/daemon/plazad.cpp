// plazad: a plaza server as a process of its own.
//
// Exit codes: 0 after SIGINT or SIGTERM, 2 if it could not start, 3 if its disk has failed: starting it again goes on
// from what the disk has.
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "system-under-test/plaza/gateway/server.hpp"

namespace {

namespace asio = boost::asio;

constexpr int kExitCannotStart = 2;
constexpr int kExitStoreLost = 3;
constexpr plaza::TicketNumber kCapacityMax = 10'000'000;  // a few hundred megabytes

struct Options {
  std::string bind = "127.0.0.1";
  std::uint16_t port = 7117;
  plaza::TicketNumber capacity = 100;
  std::int64_t hold_ttl_ms = 30'000;
  std::int64_t payment_delay_ms = 5;
  std::int64_t push_interval_ms = 50;
  std::string data;
  std::int64_t commit_delay_ms = 1;
  std::vector<std::string> bugs;
};

void describe(CLI::App& app, Options& options) {
  const std::map<std::string, std::int64_t> units{{"ms", 1}, {"s", 1000}, {"m", 60'000}};
  const CLI::AsNumberWithUnit duration(units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION");
  app.add_option("--bind", options.bind, "Numeric address to listen on")->capture_default_str();
  app.add_option("--port", options.port, "TCP port to listen on; 0 takes any free one")->capture_default_str();
  app.add_option("--capacity", options.capacity, "Number of tickets")
      ->check(CLI::Range(plaza::TicketNumber{1}, kCapacityMax))
      ->capture_default_str();
  app.add_option("--hold-ttl", options.hold_ttl_ms, "How long a hold lasts")->transform(duration)->default_str("30s");
  app.add_option("--payment-delay", options.payment_delay_ms, "How long a payment takes")
      ->transform(duration)
      ->default_str("5ms");
  app.add_option("--push-interval", options.push_interval_ms, "Least time between stock pushes")
      ->transform(duration)
      ->default_str("50ms");
  app.add_option("--data", options.data,
                 "Folder for plaza.db, which keeps the tickets; without it they live in memory");
  app.add_option("--commit-delay", options.commit_delay_ms, "How long to gather what one commit then keeps")
      ->transform(duration)
      ->default_str("1ms");
  app.add_option("--bug", options.bugs, "Put a known bug back in")
      ->check(CLI::IsMember({"oversell", "ack-before-fsync"}));
}

plaza::ServerConfig config_from(const Options& options) {
  plaza::ServerConfig config;
  config.listen_on = {asio::ip::make_address(options.bind), options.port};
  config.capacity = options.capacity;
  config.hold_ttl = std::chrono::milliseconds(options.hold_ttl_ms);
  config.payments.delay = std::chrono::milliseconds(options.payment_delay_ms);
  config.push_interval = std::chrono::milliseconds(options.push_interval_ms);
  config.data_folder = options.data;
  config.journal.commit_delay = std::chrono::milliseconds(options.commit_delay_ms);
  for (const std::string& bug : options.bugs) {
    config.bugs.oversell |= bug == "oversell";
    config.bugs.ack_before_fsync |= bug == "ack-before-fsync";
  }
  return config;
}

int serve(const Options& options) {
  asio::io_context io;
  int exit_code = 0;
  plaza::Hooks hooks;
  hooks.store_lost = [&io, &exit_code](const std::string& why) {
    std::cerr << "plazad: its database has failed: " << why << '\n';
    exit_code = kExitStoreLost;
    io.stop();
  };
  std::unique_ptr<plaza::Server> server;
  try {
    server = std::make_unique<plaza::Server>(io.get_executor(), config_from(options), hooks);
  } catch (const boost::system::system_error& failure) {
    std::cerr << "plazad: cannot listen on " << options.bind << " port " << options.port << ": "
              << failure.code().message() << '\n';
    return kExitCannotStart;
  }
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&server](boost::system::error_code error, int) {
    if (!error) server->stop();  // and run() returns once there is nothing left to do
  });
  std::cout << "plazad: listening on " << server->local_endpoint() << std::endl;
  io.run();
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("A ticket server over WebSocket.", "plazad");
  describe(app, options);
  try {
    app.parse(argc, argv);
    return serve(options);
  } catch (const CLI::Success& asked_for_help) {
    return app.exit(asked_for_help);
  } catch (const std::exception& failure) {
    std::cerr << "plazad: " << failure.what() << '\n';
    return kExitCannotStart;
  }
}
