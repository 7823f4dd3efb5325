#include "sim-core/kernel/name_query.hpp"

#include <iterator>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {
namespace {

// What the event says: what was asked for, or why there is none.
std::string answer_text(const net::NameAnswer& answer, NameQuestion::For wanted) {
  if (answer.error != net::NameError::none) return std::string(net::name_of(answer.error));
  if (wanted == NameQuestion::For::name) return answer.name;
  std::string text;
  for (const net::Ip address : answer.addresses) text += (text.empty() ? "" : " ") + net::to_string(address);
  return text;
}

}  // namespace

NameQuery::NameQuery(Host& host, const NameQuestion& question, net::NameAnswer answer)
    : host_(host),
      task_(*host.running_task()),
      number_(host.next_query_number()),
      wanted_(question.wanted),
      answer_(std::move(answer)),
      asked_(host.kernel().trace.event(EventKind::query, host.kernel().queue.now(), host.where(), number_, 0, 0, {},
                                       question.text)) {
  host.kernel().queue.schedule(*this, host.now() + answer_.latency, host.next_rank());
}

NameQuery::~NameQuery() { host_.kernel().queue.cancel(*this); }

void NameQuery::fire() {
  if (host_.halted()) return;  // nobody is there any more to whom it could be told
  answered_ = true;
  Kernel& kernel = host_.kernel();
  const EventId answered = kernel.trace.event(
      EventKind::answer, kernel.queue.now(), host_.where(), number_, static_cast<std::uint64_t>(answer_.error),
      static_cast<std::uint64_t>(answer_.latency.count()), {asked_, CauseKind::message}, answer_text(answer_, wanted_));
  for (const EventId fault : answer_.faults) kernel.trace.edge(answered, {fault, CauseKind::fault});
  task_.wake(Woken::by_event, answered);
}

net::NameAnswer await_answer(Host& host, const NameQuestion& question, net::NameAnswer answer) {
  host.name_queries.emplace_back(host, question, std::move(answer));
  const auto query = std::prev(host.name_queries.end());
  while (!query->answered()) {
    if (host.sleep(std::nullopt) == Woken::by_signal) host.handle_signals();
  }
  answer = query->take_answer();
  host.name_queries.erase(query);
  return answer;
}

}  // namespace stillpoint::kernel
