#pragma once
// What a random sequence is drawn with: all of it follows from the seed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

namespace stillpoint::test {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  int number(int end) { return static_cast<int>(below(static_cast<std::uint64_t>(end))); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <typename Value, std::size_t n>
  const Value& one_of(const Value (&values)[n]) {
    return values[below(n)];
  }
  // Mostly small, sometimes `most`.
  std::size_t size_up_to(std::size_t most) {
    switch (below(6)) {
      case 0:
        return below(3);
      case 1:
        return below(most) + 1;
      default:
        return std::min<std::size_t>(below(40) + 1, most);
    }
  }
  // A letter that tells what this call writes from what others do.
  char letter() { return static_cast<char>('a' + letters_++ % 26); }

 private:
  std::mt19937_64 random_;
  unsigned letters_ = 0;
};

}  // namespace stillpoint::test
