// A user of a run: comes, watches, asks for this and that with pauses in between, and notes what became of it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "system-under-test/plaza/client/client.hpp"
#include "system-under-test/plaza/load/draws.hpp"
#include "system-under-test/plaza/load/ledger.hpp"
#include "system-under-test/plaza/load/options.hpp"
#include "system-under-test/plaza/load/tally.hpp"
#include "system-under-test/plaza/load/verify.hpp"

namespace plaza::load {

// What all users of a run share.
struct Run {
  Options options;
  std::string tag;  // ids begin with it: the answers of an earlier run are still remembered
  LedgerFile ledger;
  Tally tally;
  std::uint64_t version_acknowledged = 0;  // the greatest, to whichever user
  std::chrono::steady_clock::time_point end;
};

class User {
 public:
  User(const boost::asio::any_io_executor& executor, ClientConfig config, std::string name, unsigned number, Run& run);

  // From `arrival` until the run's end, and until its last request is answered or given up.
  boost::asio::awaitable<void> live(std::chrono::steady_clock::time_point arrival);
  boost::asio::awaitable<void> verify(Verdict& verdict);
  // Leaves, and adds what its client has counted to the run's tally.
  boost::asio::awaitable<void> leave();

  const Client& client() const { return client_; }

 private:
  void begin_watches();
  Request choose();
  boost::asio::awaitable<void> ask(Request request);
  // What the user knows of its own holds after that.
  void learn(const Entry& entry);

  std::string name_;
  Run& run_;
  Client client_;
  Draws choices_;
  Draws pauses_;
  std::uint64_t asked_ = 0;
  std::deque<std::string> holds_;  // that it believes to have, the oldest first
  std::set<std::string> offers_;   // that it was pushed
  std::vector<Entry> acknowledged_;
};

}  // namespace plaza::load
