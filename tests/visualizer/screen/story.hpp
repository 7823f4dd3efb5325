#pragma once
// A small run in which two users buy the same last ticket, event by event: what most tests of the screen look at.
#include <filesystem>

#include "sim-core/trace/record.hpp"

namespace stillpoint::test {

// The events that tests name, by their ids.
struct Story {
  EventId hold = 0;  // the state that both purchases were decided on
  EventId alice_invoke = 0;
  EventId alice_send = 0;
  EventId alice_deliver = 0;
  EventId alice_receive = 0;
  EventId alice_purchase = 0;
  EventId bob_invoke = 0;
  EventId bob_send = 0;
  EventId bob_deliver = 0;
  EventId bob_receive = 0;
  EventId bob_purchase = 0;
  EventId violation = 0;
  EventId second_violation = 0;
  EventId stop = 0;
};

// Writes the file: a run that failed.
Story record_story(const std::filesystem::path& path);
// Another one, in which nothing was found broken, and the service died.
void record_crash(const std::filesystem::path& path);
// A trace without a single event or host.
void record_nothing(const std::filesystem::path& path);

}  // namespace stillpoint::test
