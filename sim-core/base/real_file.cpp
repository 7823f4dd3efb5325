#include "sim-core/base/real_file.hpp"

#include <fcntl.h>
#include <unistd.h>

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

}  // namespace stillpoint
