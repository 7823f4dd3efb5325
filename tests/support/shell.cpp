#include "tests/support/shell.hpp"

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/folder.hpp"

namespace test {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

const std::string& scratch() {
  static const Folder folder;
  static const std::string path = folder.path.string();
  return path;
}

Ran shell(const std::string& command) {
  const std::string base = scratch();
  std::ofstream(base + "/command.sh") << command << "\n";
  const std::string line = "cd " + base + " && bash command.sh > out.txt 2> err.txt < /dev/null";
  const int status = std::system(line.c_str());
  Ran ran;
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.out = read_file(base + "/out.txt");
  ran.err = read_file(base + "/err.txt");
  return ran;
}

std::string binary(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string() + "/" + name;
}

}  // namespace test
