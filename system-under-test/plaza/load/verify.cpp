#include "system-under-test/plaza/load/verify.hpp"

#include "system-under-test/plaza/load/clock.hpp"

namespace plaza::load {

namespace {

constexpr std::size_t kExamplesMost = 5;

void note_example(Verdict& verdict, const Entry& entry, const std::string& now) {
  if (verdict.examples.size() >= kExamplesMost) return;
  verdict.examples.push_back(entry.user + " " + plaza::encode(entry.request) + " was answered " +
                             plaza::encode(*entry.answer) + ", and now " + now);
}

}  // namespace

std::string Verdict::line() const {
  std::string line = "ledger: " + std::to_string(acknowledged) + " acknowledged";
  line += is_good() ? ", all present" : ", " + std::to_string(present) + " present";
  if (contradicted > 0) line += ", " + std::to_string(contradicted) + " CONTRADICTED";
  if (unanswered > 0) line += ", " + std::to_string(unanswered) + " WITHOUT ANSWER";
  if (too_old > 0) line += "; " + std::to_string(too_old) + " more are too old to be asked for again";
  return line;
}

bool must_be_found(const Entry& entry) {
  const Operation op = entry.request.op;
  return entry.outcome == Outcome::done && op != Operation::look && op != Operation::watch && op != Operation::unwatch;
}

boost::asio::awaitable<void> verify(Client& client, std::vector<Entry> entries, std::chrono::milliseconds patience,
                                    Verdict& verdict) {
  for (const Entry& entry : entries) {
    if (!must_be_found(entry)) continue;
    if (unix_ms() - entry.at_ms > std::chrono::milliseconds(kAskedAgainWithin).count()) {
      ++verdict.too_old;
      continue;
    }
    ++verdict.acknowledged;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const CallResult result = co_await client.call(entry.request, deadline);
    if (result.error) {
      ++verdict.unanswered;
      note_example(verdict, entry, "not at all: " + result.error.message());
    } else if (result.response == *entry.answer) {
      ++verdict.present;
    } else {
      ++verdict.contradicted;
      note_example(verdict, entry, plaza::encode(result.response));
    }
  }
}

}  // namespace plaza::load
