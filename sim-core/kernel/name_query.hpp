#pragma once
// A question to the name service that is under way: it is an event of the trace, and so is its answer.
//
// The zone (net/names.hpp) knows the answer as soon as it is asked, and how long it takes; a query makes it take that
// long. Queries belong to their host, so that one whose asker is gone ends by itself.
#include <string>
#include <utility>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/net/names.hpp"
#include "sim-core/trace/record.hpp"

namespace stillpoint::kernel {

class Host;
class Task;

struct NameQuestion {
  enum class For : std::uint8_t { addresses, name };
  std::string text;  // a name, or an address, as to_string() gives it
  For wanted = For::addresses;
};

class NameQuery final : public Event {
 public:
  // The running task of `host` asks, and will be told `answer`.
  NameQuery(Host& host, const NameQuestion& question, net::NameAnswer answer);
  ~NameQuery() override;

  bool answered() const { return answered_; }
  net::NameAnswer take_answer() { return std::move(answer_); }

 private:
  void fire() override;

  Host& host_;
  Task& task_;
  std::uint64_t number_;
  NameQuestion::For wanted_;
  net::NameAnswer answer_;
  EventId asked_;
  bool answered_ = false;
};

// Puts the running task to sleep until `answer` is there. Requires that it may sleep, and that the answer takes time:
// what a host knows by itself is no query. Signals do not shorten it: glibc's resolver goes on waiting
// (resolv/res_send.c).
net::NameAnswer await_answer(Host& host, const NameQuestion& question, net::NameAnswer answer);

}  // namespace stillpoint::kernel
