#include "visualizer/screen/commands.hpp"

#include <algorithm>

#include "sim-core/base/assert.hpp"

namespace stillpoint::view {
namespace {

constexpr double kZoomStep = 0.6;
constexpr double kPanStep = 0.2;
constexpr Modifiers kShift{.shift = true};
constexpr Modifiers kAlt{.alt = true};

void step(Ui& ui, Along along, Direction direction) { ui.view.step(along, direction); }

// Around the cursor while it is in sight, else around the middle.
void zoom(Ui& ui, double factor) {
  const TimeRange range = ui.view.range();
  std::int64_t around = range.begin_ns + range.length() / 2;
  if (const EventRow* row = ui.cursor_row()) {
    if (row->at_ns >= range.begin_ns && row->at_ns <= range.end_ns) around = row->at_ns;
  }
  ui.view.zoom(factor, around);
}

bool has_cursor(const Ui& ui) { return ui.view.cursor() != kNone; }
bool has_violation(const Ui& ui) { return ui.view.violation() != nullptr; }
bool has_cause(const Ui& ui) { return !ui.facts.causes.empty(); }
bool has_effect(const Ui& ui) { return !ui.facts.effects.empty(); }

// Violation, cursor, everything; the first only where there is one.
void cycle_lighting(Ui& ui) {
  switch (ui.lighting) {
    case Lighting::violation:
      ui.lighting = Lighting::cursor;
      return ui.view.light_cursor();
    case Lighting::cursor:
      ui.lighting = Lighting::everything;
      return ui.view.light_all();
    case Lighting::everything:
      ui.lighting = has_violation(ui) ? Lighting::violation : Lighting::cursor;
      return has_violation(ui) ? ui.view.light_violation() : ui.view.light_cursor();
  }
}

void copy_replay(Ui& ui) {
  ImGui::SetClipboardText(ui.view.replay_command().c_str());
  ui.copied_at = ImGui::GetTime();
}

void open_go_to(Ui& ui) {
  ui.go_to_open = ui.go_to_opened_now = true;
  ui.go_to_text.clear();
  ui.go_to_error.clear();
}

void open_filter(Ui& ui) {
  ui.tab = Tab::events;
  ui.focus_filter = true;
}

// The topmost thing that can be closed: the overlay, the box to go to, the filter's text field.
void close(Ui& ui) {
  if (ui.overlay_open || ui.go_to_open) {
    ui.overlay_open = ui.go_to_open = false;
    return;
  }
  ImGui::SetWindowFocus(nullptr);  // takes the keyboard from a text field, which keeps its text
}

// Round and round: from the violation, which is the last, to the first witness, and back.
void go_to_next_witness(Ui& ui) {
  if (!ui.view.step(Along::witness, Direction::forward)) ui.view.go_to_witness(0);
}
void go_to_previous_witness(Ui& ui) {
  if (!ui.view.step(Along::witness, Direction::backward)) ui.view.go_to(ui.view.violation()->event);
}

template <std::size_t n>
void go_to_witness(Ui& ui) {
  ui.view.go_to_witness(n);
}

constexpr auto kStep = CommandGroup::step;
constexpr auto kFollow = CommandGroup::follow;
constexpr auto kViolation = CommandGroup::violation;
constexpr auto kTime = CommandGroup::time;
constexpr auto kLight = CommandGroup::light;
constexpr auto kPanels = CommandGroup::panels;

constexpr KeyCombination plain(Key key) { return {.key = key}; }
constexpr KeyCombination shift(Key key) { return {.key = key, .modifiers = kShift}; }
constexpr KeyCombination alt(Key key) { return {.key = key, .modifiers = kAlt}; }

template <Along along, Direction direction>
void go(Ui& ui) {
  step(ui, along, direction);
}
constexpr auto kNext = Direction::forward;
constexpr auto kPrevious = Direction::backward;

// clang-format off
constexpr Command kCommands[] = {
    {Do::next_event, kStep, "next event", {plain(Key::n), plain(Key::right)}, true,
     go<Along::everything, kNext>, has_cursor},
    {Do::previous_event, kStep, "previous event", {plain(Key::p), plain(Key::left)}, true,
     go<Along::everything, kPrevious>, has_cursor},
    {Do::next_on_host, kStep, "next event of this host", {plain(Key::j)}, true, go<Along::host, kNext>, has_cursor},
    {Do::previous_on_host, kStep, "previous event of this host", {plain(Key::k)}, true,
     go<Along::host, kPrevious>, has_cursor},
    {Do::start, kStep, "first event", {plain(Key::home)}, false, [](Ui& ui) { ui.view.go_to_start(); }, has_cursor},
    {Do::end, kStep, "last event", {plain(Key::end)}, false, [](Ui& ui) { ui.view.go_to_end(); }, has_cursor},
    {Do::go_to, kStep, "go to an event or a time", {plain(Key::g)}, false, open_go_to, has_cursor},
    {Do::back, kStep, "back to where you were", {plain(Key::backspace), alt(Key::left)}, true,
     [](Ui& ui) { ui.view.go_back(); }, [](const Ui& ui) { return ui.view.can_go_back(); }},
    {Do::forward, kStep, "forward again", {alt(Key::right)}, true,
     [](Ui& ui) { ui.view.go_forward(); }, [](const Ui& ui) { return ui.view.can_go_forward(); }},

    {Do::first_cause, kFollow, "to its first cause", {plain(Key::c)}, false,
     [](Ui& ui) { ui.view.go_to_cause(0); }, has_cause},
    {Do::second_cause, kFollow, "to its second cause", {shift(Key::c)}, false,
     [](Ui& ui) { ui.view.go_to_cause(1); }, has_cause},
    {Do::first_effect, kFollow, "to what it led to first", {plain(Key::e)}, false,
     [](Ui& ui) { ui.view.go_to_effect(0); }, has_effect},
    {Do::second_effect, kFollow, "to what it led to second", {shift(Key::e)}, false,
     [](Ui& ui) { ui.view.go_to_effect(1); }, has_effect},
    {Do::next_message, kFollow, "along the message", {plain(Key::bracket_right)}, true,
     go<Along::message, kNext>, has_cursor},
    {Do::previous_message, kFollow, "back along the message", {plain(Key::bracket_left)}, true,
     go<Along::message, kPrevious>, has_cursor},
    {Do::next_of_user, kFollow, "what this user did next", {plain(Key::u)}, true, go<Along::user, kNext>, has_cursor},
    {Do::previous_of_user, kFollow, "what this user did before", {shift(Key::u)}, true,
     go<Along::user, kPrevious>, has_cursor},

    {Do::next_violation, kViolation, "next broken promise", {plain(Key::v)}, false,
     go<Along::violation, kNext>, has_violation},
    {Do::previous_violation, kViolation, "previous broken promise", {shift(Key::v)}, false,
     go<Along::violation, kPrevious>, has_violation},
    {Do::next_witness, kViolation, "next witness", {plain(Key::w)}, false, go_to_next_witness, has_violation},
    {Do::previous_witness, kViolation, "previous witness", {shift(Key::w)}, false,
     go_to_previous_witness, has_violation},
    {Do::nth_witness, kViolation, "its witnesses, by number", {plain(Key::digit_1)}, false,
     go_to_witness<0>, has_violation},
    {Do::nth_witness, kViolation, "", {plain(Key::digit_2)}, false, go_to_witness<1>, has_violation},
    {Do::nth_witness, kViolation, "", {plain(Key::digit_3)}, false, go_to_witness<2>, has_violation},
    {Do::nth_witness, kViolation, "", {plain(Key::digit_4)}, false, go_to_witness<3>, has_violation},
    {Do::nth_witness, kViolation, "", {plain(Key::digit_5)}, false, go_to_witness<4>, has_violation},
    {Do::nth_witness, kViolation, "", {plain(Key::digit_6)}, false, go_to_witness<5>, has_violation},
    {Do::nth_witness, kViolation, "", {plain(Key::digit_7)}, false, go_to_witness<6>, has_violation},
    {Do::nth_witness, kViolation, "", {plain(Key::digit_8)}, false, go_to_witness<7>, has_violation},
    {Do::nth_witness, kViolation, "", {plain(Key::digit_9)}, false, go_to_witness<8>, has_violation},
    {Do::copy_replay, kViolation, "copy the replay command", {plain(Key::r)}, false, copy_replay},

    {Do::zoom_in, kTime, "nearer", {plain(Key::plus), plain(Key::equals)}, true, [](Ui& ui) { zoom(ui, kZoomStep); }},
    {Do::zoom_out, kTime, "farther", {plain(Key::minus)}, true, [](Ui& ui) { zoom(ui, 1 / kZoomStep); }},
    {Do::pan_left, kTime, "earlier", {plain(Key::comma)}, true, [](Ui& ui) { ui.view.pan(-kPanStep); }},
    {Do::pan_right, kTime, "later", {plain(Key::period)}, true, [](Ui& ui) { ui.view.pan(kPanStep); }},
    {Do::show_all, kTime, "the whole run", {plain(Key::a)}, false, [](Ui& ui) { ui.view.show_all(); }},
    {Do::show_lit, kTime, "all that is lit", {plain(Key::f)}, false, [](Ui& ui) { ui.view.show_lit(); }},

    {Do::light, kLight, "light: what broke, cursor, all", {plain(Key::l)}, false, cycle_lighting},
    {Do::program_order, kLight, "also earlier on its hosts", {plain(Key::o)}, false,
     [](Ui& ui) { ui.view.set_follows_program_order(!ui.view.follows_program_order()); }},
    {Do::all_messages, kLight, "draw all messages", {plain(Key::m)}, false,
     [](Ui& ui) { ui.all_messages = !ui.all_messages; }},

    {Do::filter, kPanels, "filter the events", {plain(Key::slash)}, false, open_filter},
    {Do::tabs, kPanels, "events, operations, log", {plain(Key::tab)}, false,
     [](Ui& ui) { ui.tab = static_cast<Tab>((static_cast<int>(ui.tab) + 1) % kTabs); }},
    {Do::overlay, kPanels, "all keys", {plain(Key::question_mark)}, false,
     [](Ui& ui) { ui.overlay_open = !ui.overlay_open; }},
    {Do::close, kPanels, "close, or leave a text field", {plain(Key::escape)}, false, close},
};
// clang-format on

}  // namespace

std::span<const Command> commands() { return kCommands; }

const Command& command(Do what) {
  const auto found = std::find_if(std::begin(kCommands), std::end(kCommands),
                                  [what](const Command& command) { return command.what == what; });
  SP_ASSERT(found != std::end(kCommands));
  return *found;
}

bool possible(const Ui& ui, const Command& command) { return command.possible == nullptr || command.possible(ui); }

std::string_view name_of(CommandGroup group) {
  switch (group) {
    case CommandGroup::step:
      return "Step";
    case CommandGroup::follow:
      return "Follow";
    case CommandGroup::violation:
      return "What broke";
    case CommandGroup::time:
      return "Time in sight";
    case CommandGroup::light:
      return "Light";
    case CommandGroup::panels:
      return "Panels";
  }
  return "";
}

std::string name_of(KeyCombination keys) {
  const auto [key, modifiers] = keys;
  if (key >= Key::a && key <= Key::z) {
    const char first = modifiers.shift ? 'A' : 'a';
    return {static_cast<char>(first + static_cast<int>(key) - static_cast<int>(Key::a))};
  }
  if (key >= Key::digit_0 && key <= Key::digit_9) {
    return {static_cast<char>('0' + static_cast<int>(key) - static_cast<int>(Key::digit_0))};
  }
  struct Name {
    Key key;
    std::string_view name;
  };
  constexpr Name kNames[] = {
      {Key::slash, "/"},     {Key::question_mark, "?"}, {Key::bracket_left, "["}, {Key::bracket_right, "]"},
      {Key::plus, "+"},      {Key::minus, "-"},         {Key::equals, "="},       {Key::comma, ","},
      {Key::period, "."},    {Key::left, "←"},          {Key::right, "→"},        {Key::home, "Home"},
      {Key::end, "End"},     {Key::escape, "Esc"},      {Key::tab, "Tab"},        {Key::backspace, "Backspace"},
      {Key::enter, "Enter"},
  };
  const auto found =
      std::find_if(std::begin(kNames), std::end(kNames), [key = key](const Name& name) { return name.key == key; });
  SP_ASSERT(found != std::end(kNames));
  return (modifiers.alt ? "Alt " : "") + std::string(found->name);
}

std::string keys_of(const Command& command) {
  std::string result;
  for (const auto& keys : command.keys) {
    if (keys) result += (result.empty() ? "" : " or ") + name_of(*keys);
  }
  return result;
}

void handle_keys(Ui& ui) {
  for (const Command& command : kCommands) {
    const bool struck = std::any_of(command.keys.begin(), command.keys.end(), [&](const auto& keys) {
      if (!keys) return false;
      return command.repeats ? pressed_or_held(keys->key, keys->modifiers) : pressed(keys->key, keys->modifiers);
    });
    if (!struck || !possible(ui, command)) continue;
    // What lies over the screen takes the keyboard: only the keys that close it are heard.
    const bool covered = ui.overlay_open || ui.go_to_open;
    const bool heard = !covered || command.what == Do::close || (ui.overlay_open && command.what == Do::overlay);
    if (heard) command.run(ui);
  }
}

}  // namespace stillpoint::view
