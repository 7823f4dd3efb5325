// Replaying what `stillpoint solo` recorded: the same program, from wherever, and its own exit status.
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/shell.hpp"

namespace {

// The words of the line that runs it again.
std::string again_of(const std::string& out) {
  const std::string mark = "  again      ";
  const std::size_t begin = out.find(mark) + mark.size();
  return out.substr(begin, out.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("a replay of solo exits as the program did, from any folder, and tells the line that runs it again") {
  const std::string stillpoint = test::binary("stillpoint");
  const std::string arguments = R"(arguments "it's" '$HOME' $'two\nlines\t\\' '' '*')";
  struct Row {
    std::string arguments;
    int exit_code;
  };
  const Row rows[] = {{"exit 42", 42}, {"abort", 134}, {"wait-for-ever", 11}, {"null", 12}, {arguments, 0}};
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const test::Ran recorded = test::shell(
        "mkdir -p sub && cp " + test::binary("test-ends.so") + " own.so && cd sub && " + stillpoint +
        " solo ../own.so --set limits.cpu=30s --duration 2h --seed 9 --trace ../solo.db --force -- " + row.arguments);
    CHECK(recorded.exit_code == row.exit_code);
    const test::Ran replayed = test::shell("T=$PWD/solo.db; cd / && " + stillpoint + " replay $T");
    CAPTURE(replayed.out, replayed.err);
    CHECK(replayed.exit_code == row.exit_code);
    CHECK_THAT(replayed.out, Catch::Contains("the same run: hash "));
    CHECK(replayed.err == "seed 9  solo\n");
    const std::string again = again_of(replayed.out);
    CHECK_THAT(again, Catch::StartsWith(stillpoint + " solo " + test::scratch() +
                                        "/own.so --set limits.cpu=30s --duration 2h --seed 9 -- "));
    const test::Ran pasted = test::shell("cd / && " + again);
    CHECK(pasted.exit_code == row.exit_code);
    CHECK(pasted.out == recorded.out);
  }
}
