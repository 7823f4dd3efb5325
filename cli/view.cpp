// stillpoint view: the trace viewer, which is a program of its own: beside this one, else, since the executable of
// somebody's scenarios lies elsewhere, wherever PATH leads to.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <stillpoint/error.hpp>

#include "cli/command.hpp"

namespace stillpoint::cli {

// All arguments are the viewer's, --help too. Does not return, unless it throws.
int view(const Arguments& arguments) {
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::string viewer = here / "stillpoint-view";
  std::vector<std::string> words{viewer};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv(viewer.c_str(), pointers.data());
  if (errno == ENOENT) execvp("stillpoint-view", pointers.data());
  if (errno == ENOENT) {
    throw Error(fmt::format("no stillpoint-view in {} and none in PATH: build it (cmake --build --preset release)",
                            here.string()));
  }
  throw Error(fmt::format("cannot start {}: {}", viewer, std::strerror(errno)));
}

}  // namespace stillpoint::cli
