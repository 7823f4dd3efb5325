#pragma once
// Everything that a key does, in one table: keys, tooltips, buttons and the overlay of keys are made from it, so that
// they cannot disagree.
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "visualizer/backend/keys.hpp"
#include "visualizer/screen/ui.hpp"

namespace stillpoint::view {

enum class CommandGroup { step, follow, violation, time, light, panels };
constexpr int kCommandGroups = 6;

// What buttons and other parts of the screen ask for by name.
enum class Do {
  next_event,
  previous_event,
  next_on_host,
  previous_on_host,
  next_message,
  previous_message,
  next_of_user,
  previous_of_user,
  first_cause,
  second_cause,
  first_effect,
  second_effect,
  back,
  forward,
  start,
  end,
  go_to,
  next_violation,
  previous_violation,
  next_witness,
  previous_witness,
  nth_witness,
  copy_replay,
  zoom_in,
  zoom_out,
  pan_left,
  pan_right,
  show_all,
  show_lit,
  light,
  program_order,
  all_messages,
  filter,
  tabs,
  overlay,
  close,
};

struct KeyCombination {
  Key key;
  Modifiers modifiers = {};
};

struct Command {
  Do what;
  CommandGroup group;
  std::string_view label;  // "next event"
  std::array<std::optional<KeyCombination>, 2> keys;
  bool repeats;  // while the key is held
  void (*run)(Ui&);
  bool (*possible)(const Ui&) = nullptr;  // null: always
};

std::span<const Command> commands();
const Command& command(Do what);
bool possible(const Ui& ui, const Command& command);
std::string_view name_of(CommandGroup group);

// "n", "Shift U" as "U", "Alt ←": as it is written on the caps.
std::string name_of(KeyCombination keys);
// "n or →".
std::string keys_of(const Command& command);

// Runs what was struck since the last frame.
void handle_keys(Ui& ui);

}  // namespace stillpoint::view
