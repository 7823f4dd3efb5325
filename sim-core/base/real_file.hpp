#pragma once
// Files of the real machine, for the harness.
#include <optional>
#include <string>
#include <vector>

namespace stillpoint {

// All of a file; none if it cannot be read. No host may be current.
std::optional<std::string> read_real_file(const std::string& path);

// A file that a host gets.
struct HostFile {
  std::string path;  // on the host
  std::string real;
};

// What "/srv/site=build/site" stands for: the real file, or all files in the real folder, under that path. Real paths
// are relative to `folder`, and stay so; what is not there is one file. Throws Error where the text is no PATH=FILE, or
// the folder cannot be read.
std::vector<HostFile> host_files(const std::string& text, const std::string& folder = ".");

}  // namespace stillpoint
