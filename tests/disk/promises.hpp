#pragma once
// What a file system has promised to keep, seen from outside: for each name and each file all that it has been since
// something was last promised of it. It looks at the live tree after each operation, is told of what is synced, and
// says after a crash what is broken.
//
// It knows less than the model, so that it can be right for all: of a file's bytes each may be what it has been since
// the last promise, and zeros or what stood on the device before where the file grew, shrank or had a hole.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim-core/disk/file_system.hpp"

namespace stillpoint::test {

class Promises {
 public:
  explicit Promises(disk::Ordering ordering) : ordering_(ordering) {}

  // After an operation that changed names, or the data of a file.
  void observe(disk::FileSystem& files, disk::Inode* changed_file = nullptr);
  // Of everything, names and files.
  void observe_all(disk::FileSystem& files);

  // The inode was synced. What is observed until now counts.
  void synced(const disk::Inode& inode, disk::FileSystem::Sync what);
  void synced_everything();
  // The machine has written back by itself all names, or everything. An fsync may still find something to commit.
  void settled_names();
  void settled_everything();
  // From now on it may commit at any time, so that an fsync need not commit more than its own.
  void commits_by_itself() { commits_by_itself_ = true; }

  // What the crashed file system has not kept, in words.
  std::vector<std::string> broken_by(disk::FileSystem& crashed) const;

 private:
  using Number = disk::InodeNumber;
  struct Node {
    // Of a directory: what each name leads to, and has led to since the last promise (0: nothing).
    std::map<std::string, Number> names;
    std::map<std::string, std::set<Number>> since;
    // Of a file: its contents since the last promise, which is the first.
    std::vector<std::string> contents;
    bool changed = true;   // since anything was last committed
    bool settled = false;  // it was in the tree when everything was synced, and has not been removed
  };
  void set_name(Node& directory, const std::string& name, Number inode);
  void check_content(const Node& node, const std::string& path, disk::FileSystem& crashed, disk::Inode& inode,
                     std::vector<std::string>& broken) const;

  disk::Ordering ordering_;
  std::map<Number, Node> nodes_;
  bool commits_by_itself_ = false;
};

}  // namespace stillpoint::test
