#include "sim-core/campaign/signature.hpp"

#include <catch2/catch.hpp>

using namespace stillpoint;
using campaign::message_of;
using campaign::signature_of;

namespace {

Report violation(const std::string& invariant, std::vector<Witness> witnesses, std::vector<std::string> kinds) {
  Report report;
  report.verdict = Verdict::safety;
  ViolationReport one;
  one.invariant = invariant;
  one.finding = {"100", "101", "of event 17", std::move(witnesses)};
  one.witness_kinds = std::move(kinds);
  report.violations.push_back(std::move(one));
  return report;
}

Report death(Verdict verdict, const std::string& what, const std::string& place) {
  Report report;
  report.verdict = verdict;
  report.reason = "it died";
  report.detail = "on host a-1";
  report.what = what;
  report.place = place;
  return report;
}

}  // namespace

TEST_CASE("a violation's signature is its invariant, and its witnesses' roles and kinds") {
  const Report one = violation("capacity", {{17, "first purchase"}, {99, "second purchase"}}, {"apply", "apply"});
  CHECK(signature_of(one) == "safety: capacity (first purchase: apply, second purchase: apply)");
  CHECK(message_of(one) == "promised 100; found 101; of event 17");
  Report terse = one;
  terse.violations.front().finding.because.clear();
  CHECK(message_of(terse) == "promised 100; found 101");
  // Not the numbers of events, but the kinds.
  CHECK(signature_of(violation("capacity", {{1, "first purchase"}, {2, "second purchase"}}, {"apply", "apply"})) ==
        signature_of(one));
  CHECK(signature_of(violation("capacity", {{17, "first purchase"}, {99, "second purchase"}}, {"apply", "ok"})) !=
        signature_of(one));
  CHECK(signature_of(violation("order", {}, {})) == "safety: order");
  CHECK(signature_of(violation("order", {{1, "answer 7 of user-0412"}}, {""})) == "safety: order (answer # of user-#)");
}

TEST_CASE("numbers that stand by themselves are masked, those in names are not") {
  const std::pair<const char*, const char*> rows[] = {
      {"std::runtime_error: ticket 17 of user-0412 is gone", "crash: std::runtime_error: ticket # of user-# is gone"},
      {"w1_ping failed at 0x7f3a", "crash: w1_ping failed at #"},
      {"SIGSEGV", "crash: SIGSEGV"},
      {"exit status 3", "crash: exit status 3"},
      {"two\nlines", "crash: two lines"},
  };
  for (const auto& [what, wanted] : rows) CHECK(signature_of(death(Verdict::crash, what, "")) == wanted);
  CHECK(signature_of(death(Verdict::crash, "SIGABRT", "plaza: f < g2")) == "crash: SIGABRT (plaza: f < g2)");
}

TEST_CASE("a failure that says nothing of itself is known by its reason, and a long one is cut") {
  CHECK(signature_of(death(Verdict::undecided, "", "")) == "undecided: it died");
  CHECK(signature_of(death(Verdict::crash, std::string(5000, 'x'), "")).size() < 400);
  CHECK(message_of(death(Verdict::crash, "SIGSEGV", "a")) == "it died, on host a-1");
  CHECK(signature_of(Report{}) == "pass");
}
