#include "sim-core/base/real_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include <stillpoint/error.hpp>

namespace stillpoint {

std::optional<std::string> read_real_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string content;
  char portion[64 * 1024];
  ssize_t got = 0;
  while ((got = ::read(file, portion, sizeof portion)) > 0) content.append(portion, static_cast<std::size_t>(got));
  ::close(file);
  if (got < 0) return std::nullopt;
  return content;
}

std::vector<HostFile> host_files(const std::string& text, const std::string& folder) {
  namespace fs = std::filesystem;
  const std::size_t equals = text.find('=');
  if (equals == text.npos)
    throw Error(fmt::format("'{}' is no PATH=FILE: where it is on the host, and which real file it is", text));
  const std::string path = text.substr(0, equals);
  const fs::path real = text.substr(equals + 1);
  const fs::path from = fs::path(folder) / real;
  std::vector<HostFile> files;
  try {
    if (!fs::is_directory(from)) return {{path, real.string()}};
    for (const auto& entry : fs::recursive_directory_iterator(from)) {
      if (!entry.is_regular_file()) continue;
      const fs::path below = entry.path().lexically_relative(from);
      files.push_back({path + "/" + below.string(), (real / below).string()});
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(fmt::format("'{}' cannot be read: {}", error.path1().string(), error.code().message()));
  }
  return files;
}

}  // namespace stillpoint
