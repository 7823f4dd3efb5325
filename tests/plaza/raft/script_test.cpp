#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/plaza/raft/script.hpp"

namespace plaza::raft::test {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// PLAZA_UPDATE_SCRIPTS=1 writes down what the nodes do now; look at the difference before you keep it.
TEST_CASE("Nodes do what the scripts say") {
  std::vector<std::filesystem::path> scripts;
  for (const auto& file : std::filesystem::directory_iterator("tests/plaza/raft/scripts"))
    scripts.push_back(file.path());
  std::sort(scripts.begin(), scripts.end());
  REQUIRE(scripts.size() >= 10);
  for (const std::filesystem::path& script : scripts) {
    const std::string expected = contents(script);
    const std::string real = replayed(expected);
    if (std::getenv("PLAZA_UPDATE_SCRIPTS") != nullptr) std::ofstream(script) << real;
    INFO(script.string());
    CHECK(real == expected);
  }
}

}  // namespace
}  // namespace plaza::raft::test
