#pragma once
// Random small programs.
#include <stillpoint/random.hpp>

#include "tests/disk/program.hpp"

namespace stillpoint::test {

enum class Kind : std::uint8_t { all, directories };

// Operations that are possible in this world, as many as asked for; they have run in it. What they write begins with
// that letter, each with the next one.
Program program_for(RandomStream& random, ProgramWorld& world, std::size_t length, Kind kind, char content);

}  // namespace stillpoint::test
