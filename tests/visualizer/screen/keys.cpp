// What each key does, and that the table of keys says so.
#include <functional>
#include <set>
#include <vector>

#include "tests/visualizer/screen/shown.hpp"
#include "visualizer/screen/commands.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using view::Do;

namespace {

struct Case {
  Do what;
  std::function<void(ShownStory&)> prepare;
  std::function<bool(ShownStory&)> holds;  // afterwards
};

std::function<void(ShownStory&)> from(EventId Story::*event) {
  return [event](ShownStory& shown) { shown.put_cursor(shown.story.*event); };
}
std::function<bool(ShownStory&)> to(EventId Story::*event, int further = 0) {
  return [event, further](ShownStory& shown) {
    return shown.at() == static_cast<EventId>(static_cast<int>(shown.story.*event) + further);
  };
}
void nothing(ShownStory&) {}
std::int64_t in_sight(const ShownStory& shown) { return shown.view.range().length(); }
std::size_t lit(const ShownStory& shown) { return shown.view.cone().members.size(); }

// Of the event before or after one on the same host.
EventId neighbour(const ShownStory& shown, EventId id, int step) {
  const auto& trace = shown.view.trace();
  const auto& events = trace.hosts()[trace.events()[trace.find(id)].host].events;
  const auto place = std::find(events.begin(), events.end(), trace.find(id)) - events.begin();
  return trace.id(events.at(static_cast<std::size_t>(place + step)));
}

std::vector<Case> cases() {
  return {
      {Do::next_event, from(&Story::alice_invoke), to(&Story::alice_invoke, 1)},
      {Do::previous_event, from(&Story::alice_invoke), to(&Story::alice_invoke, -1)},
      {Do::next_on_host, from(&Story::alice_send),
       [](ShownStory& s) { return s.at() == neighbour(s, s.story.alice_send, 1); }},
      {Do::previous_on_host, from(&Story::bob_deliver),
       [](ShownStory& s) { return s.at() == neighbour(s, s.story.bob_deliver, -1); }},
      {Do::start, nothing, [](ShownStory& s) { return s.at() == 1; }},
      {Do::end, nothing, to(&Story::stop)},
      {Do::go_to, nothing, [](ShownStory& s) { return s.shows("go to"); }},
      {Do::back, from(&Story::alice_send), to(&Story::violation)},
      {Do::forward,
       [](ShownStory& s) {
         s.put_cursor(s.story.alice_send);
         s.view.go_back();
       },
       to(&Story::alice_send)},
      {Do::first_cause, from(&Story::bob_purchase), to(&Story::bob_receive)},
      {Do::second_cause, from(&Story::bob_purchase), to(&Story::hold)},
      {Do::first_effect, from(&Story::bob_send), to(&Story::bob_deliver)},
      {Do::second_effect, from(&Story::bob_invoke), to(&Story::bob_purchase)},
      {Do::next_message, from(&Story::alice_send), to(&Story::alice_deliver)},
      {Do::previous_message, from(&Story::alice_deliver), to(&Story::alice_send)},
      {Do::next_of_user, from(&Story::alice_send), to(&Story::alice_purchase)},
      {Do::previous_of_user, from(&Story::alice_invoke), to(&Story::alice_invoke, -1)},
      {Do::next_violation, nothing, to(&Story::second_violation)},
      {Do::previous_violation, from(&Story::second_violation), to(&Story::violation)},
      {Do::next_witness, from(&Story::alice_purchase), to(&Story::bob_purchase)},
      {Do::previous_witness, from(&Story::bob_purchase), to(&Story::alice_purchase)},
      {Do::nth_witness, nothing, to(&Story::alice_purchase)},
      {Do::copy_replay, nothing, [](ShownStory& s) { return s.desk.clipboard() == s.view.replay_command(); }},
      {Do::zoom_in, nothing, [](ShownStory& s) { return in_sight(s) < in_sight(ShownStory()); }},
      {Do::zoom_out, nothing, [](ShownStory& s) { return in_sight(s) > in_sight(ShownStory()); }},
      {Do::pan_left, nothing,
       [](ShownStory& s) { return s.view.range().begin_ns < ShownStory().view.range().begin_ns; }},
      {Do::pan_right,
       [](ShownStory& s) {
         s.view.set_range({0, 1'000'000});
         s.desk.settle();
       },
       [](ShownStory& s) { return s.view.range().begin_ns > 0 && in_sight(s) == 1'000'000; }},
      {Do::show_all, nothing, [](ShownStory& s) { return in_sight(s) == s.view.whole().length(); }},
      {Do::show_lit,
       [](ShownStory& s) {
         s.view.set_range({0, 1'000'000});
         s.desk.settle();
       },
       [](ShownStory& s) { return s.view.range().begin_ns > 1'000'000; }},
      {Do::light, from(&Story::alice_send), [](ShownStory& s) { return lit(s) > 0 && lit(s) < lit(ShownStory()); }},
      {Do::program_order, nothing, [](ShownStory& s) { return s.view.follows_program_order(); }},
      {Do::all_messages, nothing, [](ShownStory& s) { return s.shows("draw all messages: on"); }},
      {Do::filter, nothing,
       [](ShownStory& s) {
         s.desk.type("apply");
         return s.view.filter() == "apply";
       }},
      {Do::tabs, nothing,
       [](ShownStory& s) { return s.shows("operation 1") && !s.shows("row " + std::to_string(s.at())); }},
      {Do::overlay, nothing, [](ShownStory& s) { return s.shows("keys"); }},
      {Do::close, [](ShownStory& s) { s.desk.press(view::Key::question_mark); },
       [](ShownStory& s) { return !s.shows("keys"); }},
  };
}

}  // namespace

TEST_CASE("each key does what the table of keys says") {
  for (const Case& one : cases()) {
    const view::Command& command = view::command(one.what);
    for (const auto& keys : command.keys) {
      if (!keys) continue;
      INFO(command.label << " by " << name_of(*keys));
      ShownStory shown;
      one.prepare(shown);
      shown.desk.frames(1);
      CHECK_FALSE((one.what != Do::filter && one.holds(shown)));
      shown.desk.press(keys->key, keys->modifiers);
      CHECK(one.holds(shown));
    }
  }
}

TEST_CASE("there is a test for every command") {
  std::set<Do> tested;
  for (const Case& one : cases()) tested.insert(one.what);
  for (const view::Command& command : view::commands()) {
    INFO(command.label);
    CHECK(tested.contains(command.what));
  }
}

TEST_CASE("no two commands share a key") {
  std::set<std::string> seen;
  for (const view::Command& command : view::commands()) {
    for (const auto& keys : command.keys) {
      if (!keys) continue;
      INFO(name_of(*keys));
      CHECK(seen.insert(name_of(*keys)).second);
    }
  }
}

TEST_CASE("digits go to witnesses by number; one that is not there goes nowhere") {
  ShownStory shown;
  shown.desk.press(view::Key::digit_2);
  CHECK(shown.at() == shown.story.bob_purchase);
  shown.desk.press(view::Key::digit_1);
  CHECK(shown.at() == shown.story.alice_purchase);
  shown.desk.press(view::Key::digit_3);
  CHECK(shown.at() == shown.story.alice_purchase);
}

TEST_CASE("w and W go round the witnesses and the violation") {
  ShownStory shown;
  for (const EventId expected :
       {shown.story.alice_purchase, shown.story.bob_purchase, shown.story.violation, shown.story.alice_purchase}) {
    shown.desk.press(view::Key::w);
    CHECK(shown.at() == expected);
  }
  for (const EventId expected : {shown.story.violation, shown.story.bob_purchase}) {
    shown.desk.press(view::Key::w, {.shift = true});
    CHECK(shown.at() == expected);
  }
}

TEST_CASE("l lights what led to the violation, to the cursor, everything, and so on") {
  ShownStory shown;
  const std::size_t of_violation = lit(shown);
  shown.put_cursor(shown.story.alice_send);
  shown.desk.press(view::Key::l);
  const std::size_t of_cursor = lit(shown);
  CHECK((of_cursor > 0 && of_cursor < of_violation));
  shown.desk.press(view::Key::l);
  CHECK(shown.view.cone().lit.empty());
  shown.desk.press(view::Key::l);
  CHECK(lit(shown) == of_violation);
}

TEST_CASE("Tab goes round the tabs, and never into the filter") {
  ShownStory shown;
  const auto tab_in_sight = [&] {
    return shown.shows("operation 1") ? "operations" : shown.shows("log 1") ? "log" : "events";
  };
  for (const char* expected : {"operations", "log", "events"}) {
    shown.desk.press(view::Key::tab);
    CHECK(tab_in_sight() == std::string(expected));
  }
  shown.desk.press(view::Key::n);
  CHECK(shown.view.filter().empty());
  CHECK(shown.at() == shown.story.violation + 1);
}

TEST_CASE("while the keys are shown, only the keys that close them are heard") {
  ShownStory shown;
  shown.desk.press(view::Key::question_mark);
  REQUIRE(shown.shows("keys"));
  shown.desk.press(view::Key::n);
  CHECK(shown.at() == shown.story.violation);
  shown.desk.press(view::Key::question_mark);
  CHECK_FALSE(shown.shows("keys"));
  shown.desk.press(view::Key::question_mark);
  shown.desk.click("overlay");
  CHECK_FALSE(shown.shows("keys"));
}

TEST_CASE("a key that is impossible at the moment does nothing") {
  ShownStory shown;
  shown.desk.press(view::Key::backspace);  // no history yet
  shown.desk.press(view::Key::c);          // a violation has no cause
  CHECK(shown.at() == shown.story.violation);
}
