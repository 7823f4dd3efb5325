#pragma once
// Who makes the calls of a random sequence about files: as random/caller.hpp, with mappings, and with a folder in which
// everything happens.
#include <string>
#include <vector>

#include "tests/conformance/random/caller.hpp"

namespace stillpoint::test {

class FileCaller : public Caller {
 public:
  // `first` is the lowest free descriptor; all above it are free, too. `folder` holds all that the sequence makes: its
  // working directory is one in it.
  FileCaller(int first, std::string folder);
  FileCaller(const FileCaller&) = delete;
  FileCaller& operator=(const FileCaller&) = delete;
  ~FileCaller();

  const std::string& folder() const { return folder_; }
  // A path without what differs between the worlds.
  std::string shown_path(std::string path) const;

  // Of a directory, sizes and places are the file system's own.
  bool is_directory(int slot) const;

  // ---- mappings: touched by calls only, which fail where the program itself would crash ----
  std::string map(int mapping, int fd, std::size_t size, int protection, off_t offset);
  std::string unmap(int mapping);
  // A few bytes at a place of it, and so many of one letter.
  std::string look(int mapping, std::size_t at);
  std::string poke(int mapping, std::size_t at, std::size_t size, char letter);
  std::string sync(int mapping, int flags);

  // Everything in the folder: names, kinds, modes, sizes, links, targets, contents. Takes permissions away.
  std::string tree();

 private:
  struct Mapping {
    char* place = nullptr;
    std::size_t size = 0;
    off_t offset = 0;
    int fd = -1;  // of its own, to ask for the file's size
  };
  Mapping& mapping(int number);

  std::string folder_;
  int pipe_[2] = {-1, -1};
  std::vector<Mapping> mappings_;
};

}  // namespace stillpoint::test
