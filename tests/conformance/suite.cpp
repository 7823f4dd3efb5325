#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>

#include "tests/conformance/world.hpp"

using namespace stillpoint::test;

namespace {

std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

// Where a busy machine lets the real kernel be late, a case is tried again.
std::vector<std::string> on_linux_like(const Suite& suite, const Case& interaction,
                                       const std::vector<std::string>& expected) {
  std::vector<std::string> observed;
  for (int tries = 0; tries < 3; ++tries) {
    observed = on_linux(suite, interaction);
    if (observed == expected || observed.empty()) break;
  }
  return observed;
}

using Kernel = std::vector<std::string> (*)(const Suite&, const Case&);

void show(const Suite& suite, Kernel kernel) {
  for (const Case& interaction : suite.cases) {
    const std::string observed = text_of(kernel(suite, interaction));
    std::printf("== %s: %s\n%s\n", suite.name, interaction.name, observed.c_str());
    std::fflush(stdout);  // as below
  }
}

std::vector<Suite>& registry() {
  static std::vector<Suite> all;
  return all;
}

}  // namespace

namespace stillpoint::test {

Suite::Suite(const char* file, std::span<const Case> its_cases, Process its_process)
    : name(file), cases(its_cases), process(its_process) {
  registry().push_back(*this);
}

const std::vector<Suite>& suites() {
  std::ranges::sort(registry(), {}, [](const Suite& suite) { return std::string_view(suite.name); });
  return registry();
}

}  // namespace stillpoint::test

TEST_CASE("programs observe the same on Linux and on the virtual kernel") {
  std::size_t interactions = 0;
  std::size_t observations = 0;
  std::size_t equal = 0;
  std::size_t simulated_only = 0;
  begin_on_linux();
  for (const Suite& suite : suites()) {
    for (const Case& interaction : suite.cases) {
      INFO(suite.name << ": " << interaction.name);
      const std::vector<std::string> simulated = on_virtual_kernel(suite, interaction);
      const std::vector<std::string> real = on_linux_like(suite, interaction, simulated);
      if (real.empty() && interaction.network == Network::own) {
        ++simulated_only;
        continue;
      }
      CHECK(text_of(simulated) == text_of(real));
      CHECK_FALSE(real.empty());
      ++interactions;
      observations += real.size();
      equal += simulated == real;
    }
  }
  std::printf("conformance: %zu interactions, %zu of them equal, %zu observations\n", interactions, equal,
              observations);
  if (simulated_only > 0)
    std::printf("conformance: %zu interactions were not compared: this machine gives them no network\n",
                simulated_only);
  std::fflush(stdout);  // what is left in the buffer would be written by the next simulated host that writes
}

// For CMakeLists.txt, which has ctest say it.
TEST_CASE("how many interactions there are", "[.count]") {
  std::size_t interactions = 0;
  std::size_t about_files = 0;
  for (const Suite& suite : suites()) {
    interactions += suite.cases.size();
    if (std::string_view(suite.name).starts_with("files/")) about_files += suite.cases.size();
  }
  std::printf("%zu interactions on both kernels, %zu of them about files\n", interactions, about_files);
}

// For whoever writes cases, or mends the kernel. `-c files/rename` takes the cases of one file.
TEST_CASE("what the cases observe on Linux", "[.linux]") {
  for (const Suite& suite : suites()) {
    DYNAMIC_SECTION(suite.name) { show(suite, on_linux); }
  }
}
TEST_CASE("what the cases observe on the virtual kernel", "[.virtual]") {
  for (const Suite& suite : suites()) {
    DYNAMIC_SECTION(suite.name) { show(suite, on_virtual_kernel); }
  }
}
TEST_CASE("what the cases of one file observe on both", "[.compare]") {
  for (const Suite& suite : suites()) {
    DYNAMIC_SECTION(suite.name) {
      for (const Case& interaction : suite.cases) {
        INFO(interaction.name);
        CHECK(text_of(on_virtual_kernel(suite, interaction)) == text_of(on_linux(suite, interaction)));
      }
    }
  }
}

TEST_CASE("the virtual kernel observes the same every time") {
  for (const Suite& suite : suites()) {
    for (const Case& interaction : suite.cases) {
      INFO(suite.name << ": " << interaction.name);
      CHECK(on_virtual_kernel(suite, interaction) == on_virtual_kernel(suite, interaction));
    }
  }
}
