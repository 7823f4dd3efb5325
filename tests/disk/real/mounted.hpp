#pragma once
// A real file system of Linux on a loop device, on which the small programs of tests/disk run, and what a loss of power
// would leave of it at this moment: a copy of the device, mounted again.
#include <string>

#include "tests/disk/program.hpp"
#include "tests/support/folder.hpp"

namespace stillpoint::test {

class Mounted {
 public:
  // `kind` is ext4 or xfs. Throws std::runtime_error where this cannot be: without privileges, loop devices or mkfs.
  explicit Mounted(const std::string& kind);
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  ~Mounted();

  // Programs run in a folder of their own from now on, which is durable.
  void begin_program();
  // False if it failed. `wait` and files without a name are not known here.
  bool run(const Operation& operation);
  void sync();
  // The machine writes back the data of a file, and nothing else.
  void write_back(const std::string& path);
  // As tree_of(), of what was in the folder, after the power had failed.
  std::string tree_after_loss();
  std::string tree() const { return tree_of_folder(folder_); }

 private:
  static std::string tree_of_folder(const std::string& folder);

  ::test::Folder place_;
  const std::string kind_;
  const std::string image_;
  const std::string root_;
  std::string folder_;
  int programs_ = 0;
  std::map<std::string, int> open_;  // by path
};

}  // namespace stillpoint::test
