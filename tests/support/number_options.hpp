#pragma once
// The command line of the random tests: pairs of a name and a number, "--seeds 100".
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace test {

struct NumberOption {
  const char* name;
  std::uint64_t* value;
};

// False, and a line on standard error that says what there is, if there is anything else.
inline bool read_numbers(int argc, char** argv, std::initializer_list<NumberOption> options) {
  for (int i = 1; i < argc; i += 2) {
    std::uint64_t* value = nullptr;
    for (const NumberOption& option : options) {
      if (option.name == std::string_view(argv[i])) value = option.value;
    }
    const std::string_view digits = i + 1 < argc ? argv[i + 1] : "";
    const bool is_number =
        !digits.empty() && digits.size() < 20 && digits.find_first_not_of("0123456789") == digits.npos;
    if (value == nullptr || !is_number) {
      std::fprintf(stderr, "usage: %s", argv[0]);
      for (const NumberOption& option : options) std::fprintf(stderr, " [%s N]", option.name);
      std::fputc('\n', stderr);
      return false;
    }
    *value = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return true;
}

}  // namespace test
