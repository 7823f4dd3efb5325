#include "tests/conformance/random_files/caller.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <sstream>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test {
namespace {

constexpr std::size_t kFewBytes = 8;

// Goes through a tree: first it notes what permissions there are, then takes them, to see what is behind.
class Tree {
 public:
  explicit Tree(std::string folder) : folder_(std::move(folder)) {}

  std::string text() {
    add("");
    return text_;
  }

 private:
  void add(const std::string& path) {
    const std::string whole = folder_ + path;
    struct stat status {};
    if (lstat(whole.c_str(), &status) != 0) return say(path, outcome(-1));
    std::string what =
        fmt::format("{} {} {} links", files::type_of(status.st_mode), files::octal(status.st_mode), status.st_nlink);
    const auto [first, fresh] = seen_.try_emplace({status.st_dev, status.st_ino}, path);
    if (S_ISLNK(status.st_mode)) what += " to " + files::target(whole);
    if (S_ISREG(status.st_mode)) what += fmt::format(" {} bytes", status.st_size);
    if (!fresh) return say(path, what + ", the same as " + first->second);
    if (S_ISREG(status.st_mode)) {
      chmod(whole.c_str(), 0600);
      what += ' ' + files::contents(whole);
    }
    say(path, what);
    if (!S_ISDIR(status.st_mode)) return;
    chmod(whole.c_str(), 0700);
    std::istringstream names(files::names(whole));
    for (std::string name; names >> name && name != "none";) add(path + '/' + name);
  }
  void say(const std::string& path, const std::string& what) { text_ += fmt::format("\n        {}: {}", path, what); }

  std::string folder_;
  std::string text_;
  std::map<std::pair<dev_t, ino_t>, std::string> seen_;
};

}  // namespace

FileCaller::FileCaller(int first, std::string folder) : Caller(first), folder_(std::move(folder)) {
  if (pipe2(pipe_, O_NONBLOCK) != 0) pipe_[0] = pipe_[1] = -1;
}

FileCaller::~FileCaller() {
  for (const Mapping& mapping : mappings_) {
    if (mapping.place != nullptr) munmap(mapping.place, mapping.size);
  }
}

std::string FileCaller::shown_path(std::string path) const {
  for (std::size_t at; (at = path.find(folder_)) != std::string::npos;) path.replace(at, folder_.size(), "folder");
  return path;
}

bool FileCaller::is_directory(int slot) const {
  struct stat status {};
  return fstat(fd(slot), &status) == 0 && S_ISDIR(status.st_mode);
}

FileCaller::Mapping& FileCaller::mapping(int number) {
  const auto place = static_cast<std::size_t>(number);
  if (place >= mappings_.size()) mappings_.resize(place + 1);
  return mappings_[place];
}

std::string FileCaller::map(int number, int fd, std::size_t size, int protection, off_t offset) {
  void* const place = mmap(nullptr, size, protection, MAP_SHARED, fd, offset);
  if (place == MAP_FAILED) return outcome(-1);
  mapping(number) = {static_cast<char*>(place), size, offset, dup(fd)};
  return "mapped";
}

std::string FileCaller::unmap(int number) {
  Mapping& one = mapping(number);
  if (one.place == nullptr) return "not mapped";
  const std::string seen = outcome(munmap(one.place, one.size));
  close(one.fd);
  one = {};
  return seen;
}

std::string FileCaller::look(int number, std::size_t at) {
  const Mapping& one = mapping(number);
  if (one.place == nullptr) return "not mapped";
  char bytes[kFewBytes];
  const ssize_t wrote = write(pipe_[1], one.place + at, kFewBytes);
  if (wrote < 0) return outcome(wrote);
  const ssize_t got = read(pipe_[0], bytes, sizeof bytes);
  return files::shown({bytes, static_cast<std::size_t>(got)});
}

std::string FileCaller::poke(int number, std::size_t at, std::size_t size, char letter) {
  const Mapping& one = mapping(number);
  if (one.place == nullptr) return "not mapped";
  // What is written behind the end of the file, in its last page, is seen or not if it grows, as each Linux has it.
  struct stat status {};
  fstat(one.fd, &status);
  if (one.offset + static_cast<off_t>(at + size) > status.st_size) return "behind the end";
  const std::string bytes(size, letter);
  if (write(pipe_[1], bytes.data(), size) != static_cast<ssize_t>(size)) return outcome(-1);
  const ssize_t got = read(pipe_[0], one.place + at, size);
  const std::string seen = outcome(got);
  char rest[4'096];
  while (read(pipe_[0], rest, sizeof rest) > 0) {
  }
  return seen;
}

std::string FileCaller::sync(int number, int flags) {
  const Mapping& one = mapping(number);
  return one.place == nullptr ? "not mapped" : outcome(msync(one.place, one.size, flags));
}

std::string FileCaller::tree() { return Tree(folder_).text(); }

}  // namespace stillpoint::test
