#include "system-under-test/plaza/load/options.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <map>

#include "system-under-test/plaza/one_line.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza::load {

namespace {

using boost::asio::ip::tcp;

tcp::endpoint parse_node(std::string_view text) {
  const BadInput bad("--nodes: '" + std::string(text) + "' is no node; one is written 127.0.0.1:7117 or [::1]:7117");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) throw bad;
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);

  std::uint16_t port = 0;
  const char* const end = port_text.data() + port_text.size();
  const auto [rest, failure] = std::from_chars(port_text.data(), end, port);
  if (failure != std::errc{} || rest != end || port == 0) throw bad;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  if (error) throw bad;
  return {address, port};
}

// "250ms", as milliseconds: CLI11 knows how, but not how to say what is wrong.
std::string to_milliseconds(std::string& text) {
  const std::map<std::string, std::int64_t> units{{"ms", 1}, {"s", 1000}, {"m", 60'000}};
  const CLI::AsNumberWithUnit number(units, CLI::AsNumberWithUnit::UNIT_REQUIRED);
  const std::string given = text;
  try {
    if (number(text).empty()) return "";
  } catch (const CLI::ParseError&) {
  }
  return "'" + given + "' is no duration; one is written 250ms, 10s or 2m";
}

}  // namespace

std::vector<tcp::endpoint> parse_nodes(std::string_view text) {
  std::vector<tcp::endpoint> nodes;
  for (;;) {
    const std::size_t comma = text.find(',');
    nodes.push_back(parse_node(text.substr(0, comma)));
    if (comma == std::string_view::npos) return nodes;
    text.remove_prefix(comma + 1);
  }
}

void describe(CLI::App& app, Options& options) {
  const CLI::Validator duration(to_milliseconds, "DURATION");
  app.add_option("--nodes", options.nodes, "Client ports of the cluster's nodes")
      ->type_name("ADDRESS:PORT,...")
      ->capture_default_str();
  app.add_option("--event", options.event, "Event whose tickets are wanted")->type_name("NAME")->capture_default_str();
  app.add_option("--users", options.users, "How many users")
      ->check(CLI::Range(1, 50'000))
      ->type_name("NUMBER")
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "How long they go on; they arrive within the first tenth")
      ->check(CLI::Range(1, 86'400))
      ->type_name("NUMBER")
      ->capture_default_str();
  app.add_option("--think", options.think_ms, "Mean pause of a user between operations")
      ->transform(duration)
      ->type_name("DURATION")
      ->default_str("1s");
  app.add_option("--rate", options.rate,
                 "Operations a second of all users together, instead of --think; each still awaits its answer")
      ->check(CLI::Range(1, 10'000'000))
      ->type_name("NUMBER");
  app.add_option("--patience", options.patience_ms, "How long a user waits for an answer, all attempts together")
      ->transform(duration)
      ->type_name("DURATION")
      ->default_str("10s");
  app.add_option("--token-seed", options.token_seed,
                 "The seed that signs tokens, in hex; without it users only give their names")
      ->type_name("FILE");
  app.add_option("--seed", options.seed, "Seed of all random choices")->type_name("NUMBER")->capture_default_str();

  const std::string files = "Ledger";
  app.add_option("--ledger", options.ledger, "Write every operation and what became of it, a JSON object a line")
      ->type_name("FILE")
      ->group(files);
  app.add_option("--verify", options.verify, "Make no load: hold the cluster against this ledger")
      ->type_name("FILE")
      ->group(files);

  const std::string mix = "Shares of the operations, in proportion to each other";
  const auto share = [&](const char* name, unsigned& value, const char* what) {
    app.add_option(name, value, what)
        ->check(CLI::Range(0, 1'000'000))
        ->type_name("NUMBER")
        ->group(mix)
        ->capture_default_str();
  };
  share("--hold", options.mix.hold, "Take tickets for a while");
  share("--release", options.mix.release, "Give back what is held, or hold where nothing is");
  share("--purchase", options.mix.purchase, "Pay for what is held, or hold where nothing is");
  share("--buy", options.mix.buy, "Take tickets and pay for them");
  share("--wait", options.mix.wait, "Stand in line");
  share("--leave", options.mix.leave, "Leave the line, or stand in it where the user does not");
  share("--look", options.mix.look, "Ask how many there are");
}

void check(const Options& options) {
  if (options.mix.sum() == 0) throw BadInput("no operation has a share: see --hold and the others");
  if (options.event.empty() || options.event.size() > kNameBytesMost) {
    throw BadInput("--event: a name has 1 to " + std::to_string(kNameBytesMost) + " bytes");
  }
  if (has_control_character(options.event)) throw BadInput("--event: has a control character");
  if (options.think_ms < 1) throw BadInput("--think: a pause is 1ms at least");
  parse_nodes(options.nodes);
}

std::chrono::microseconds mean_pause(const Options& options) {
  if (options.rate == 0) return std::chrono::milliseconds(options.think_ms);
  return std::chrono::microseconds(std::uint64_t{1'000'000} * options.users / options.rate);
}

}  // namespace plaza::load
