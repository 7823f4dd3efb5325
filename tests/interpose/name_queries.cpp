// Questions to the name service are events of the trace: who asked for what, what the answer was, and how long it took.
#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <sys/time.h>

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/interpose/programs.hpp"
#include "tests/net/blame.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;

namespace {

void look_up(const char* name) {
  addrinfo* found = nullptr;
  if (getaddrinfo(name, "80", nullptr, &found) == 0) freeaddrinfo(found);
}

void name_of_address(const char* text) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  inet_pton(AF_INET, text, &in.sin_addr);
  char name[100];
  getnameinfo(reinterpret_cast<const sockaddr*>(&in), sizeof in, name, sizeof name, nullptr, 0, 0);
}

// "3 db", "3 0 1000 fd00::a00:1 10.0.0.1": query or answer, with its number and payload, and of an answer the error and
// how many microseconds it took.
std::vector<std::string> told(const ::test::Programs& programs, EventKind kind) {
  std::vector<std::string> texts;
  for (const auto& event : programs.events(kind)) {
    const RecordHeader& header = event.header;
    std::string text = std::to_string(header.subject) + ' ';
    if (kind == EventKind::answer) text += std::to_string(header.a) + ' ' + std::to_string(header.b / 1'000) + ' ';
    texts.push_back(text + event.payload);
  }
  return texts;
}

}  // namespace

TEST_CASE("a name query and its answer are events, and what needs no query is none") {
  ::test::Programs programs(1);
  programs.kernel.names.set_latency(1ms, 1ms);
  programs.kernel.names.fail("down", net::NameFault::timeout());
  programs.add("db", [](int, char**) { return 0; });
  programs.add("client", [](int, char**) {
    for (const char* name : {"db", "nowhere", "down", "localhost", "client", "10.0.0.1"}) look_up(name);
    name_of_address("10.0.0.1");
    name_of_address("10.0.0.9");
    name_of_address("127.0.0.1");
    return 0;
  });
  programs.run();
  CHECK(programs.all_succeeded());
  CHECK(told(programs, EventKind::query) ==
        std::vector<std::string>{"1 db", "2 nowhere", "3 down", "4 10.0.0.1", "5 10.0.0.9"});
  CHECK(told(programs, EventKind::answer) ==
        std::vector<std::string>{"1 0 1000 10.0.0.1 fd00::a00:1", "2 1 1000 no such name",
                                 "3 3 10000000 no answer in time", "4 0 1000 db", "5 1 1000 no such name"});
}

TEST_CASE("an answer that a fault makes late and bad has the fault for a cause, too") {
  ::test::Programs programs(1);
  programs.kernel.names.set_latency(1ms, 1ms);
  const EventId fault =
      programs.kernel.trace.event(EventKind::fault, {}, {}, 0, 0, 0, {}, std::string_view("no names"));
  programs.kernel.names.add_trouble({.fault = fault,
                                     .asker = "client",
                                     .about = "db",
                                     .slower_min = 4ms,
                                     .slower_max = 4ms,
                                     .failure = net::NameFault{net::NameError::unknown}});
  programs.add("db", [](int, char**) { return 0; });
  programs.add("client", [](int, char**) {
    look_up("db");
    look_up("nowhere");
    return 0;
  });
  programs.run();
  CHECK(told(programs, EventKind::answer) ==
        std::vector<std::string>{"1 1 5000 no such name", "2 1 1000 no such name"});
  std::vector<std::set<EventId>> faults;
  for (const auto& answer : stillpoint::test::blamed(programs.trace(), EventKind::answer))
    faults.push_back(answer.faults);
  CHECK(faults == std::vector<std::set<EventId>>{{fault}, {}});
}

TEST_CASE("an answer is caused by its query, comes when it took so long, and wakes its host") {
  ::test::Programs programs(1);
  programs.add("db", [](int, char**) { return 0; });
  programs.add("client", [](int, char**) {
    look_up("db");
    look_up("db");
    return 0;
  });
  programs.run();
  const auto queries = programs.events(EventKind::query);
  const auto answers = programs.events(EventKind::answer);
  REQUIRE(queries.size() == 2);
  REQUIRE(answers.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const RecordHeader& query = queries[i].header;
    const RecordHeader& answer = answers[i].header;
    CHECK(query.host == 2);
    CHECK(answer.host == 2);
    CHECK(answer.cause_kind == CauseKind::message);
    CHECK(programs.event(answer.cause).header.kind == static_cast<std::uint8_t>(EventKind::query));
    CHECK(programs.event(answer.cause).header.subject == query.subject);
    CHECK(answer.time_ns - query.time_ns == static_cast<std::int64_t>(answer.b));
    CHECK(answer.b >= 500'000);
    bool woke = false;
    for (const auto& slice : programs.events(EventKind::slice)) {
      if (slice.header.host != 2 || slice.header.cause == kNoEvent) continue;
      const RecordHeader& cause = programs.event(slice.header.cause).header;
      woke = woke || (cause.kind == answer.kind && cause.subject == answer.subject);
    }
    CHECK(woke);
  }
}

TEST_CASE("a signal does not shorten a query, and a host that ends leaves it unanswered") {
  ::test::Programs programs(1);
  programs.kernel.names.set_latency(50ms, 50ms);
  programs.add("db", [](int, char**) { return 0; });
  programs.add("patient", [](int, char**) {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, nullptr);
    const itimerval soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 10'000}};
    setitimer(ITIMER_REAL, &soon, nullptr);
    look_up("db");
    return 0;
  });
  programs.add("ended", [](int, char**) {
    const itimerval soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 10'000}};
    setitimer(ITIMER_REAL, &soon, nullptr);
    look_up("db");
    return 0;
  });
  programs.run();
  CHECK(programs.status("patient") == 0);
  CHECK(programs.status("ended") == SIGALRM);
  CHECK(programs.events(EventKind::query).size() == 2);
  CHECK(told(programs, EventKind::answer) == std::vector<std::string>{"1 0 50000 10.0.0.1 fd00::a00:1"});
}
