#include "cli/report_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <stillpoint/error.hpp>

namespace stillpoint::cli {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw Error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

}  // namespace

ReportFile::ReportFile(std::string path)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)) {
  if (fd_ < 0) fail(path_);
}

ReportFile::~ReportFile() { close(fd_); }

void ReportFile::write(std::string_view text) {
  // A pipe or a terminal has no beginning to go back to.
  if (lseek(fd_, 0, SEEK_SET) == 0 && ftruncate(fd_, 0) != 0 && errno != EINVAL) fail(path_);
  while (!text.empty()) {
    const ssize_t count = ::write(fd_, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path_);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace stillpoint::cli
