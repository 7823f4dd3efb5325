#pragma once
// A plan as people read and edit it: TOML, one [[fault]] table each. docs/faults.md tells users.
#include <string>
#include <string_view>

#include "sim-core/faults/plan.hpp"

namespace stillpoint::faults {

// The canonical text of a plan: read_plan() gives the same plan back. Times are whole microseconds.
std::string plan_text(const Plan& plan);

// Reads a plan; `file` names the text in errors. Checks all that can be said without knowing the scenario: kinds, keys,
// ranges, ends before beginnings, names given twice. A fault without a name is called by its kind and its number among
// those ("crash-2"). Throws Error: file, line, what, what is allowed.
Plan read_plan(std::string_view text, const std::string& file);

// A value in the form in which plans have it, without quotes: "5ms", "2.5%", "EIO".
std::string shown(const Value& value, const Magnitude& magnitude);

}  // namespace stillpoint::faults
