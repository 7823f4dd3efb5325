// How much memory a piece of code asks for at once, so that a test can hold it against what it was given.
#pragma once

#include <cstddef>

namespace plaza::peer::test {

// Bytes of the largest allocation by operator new since the last call.
std::size_t take_largest_allocation();

}  // namespace plaza::peer::test
