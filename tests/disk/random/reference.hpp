#pragma once
// A file system as simple as can be: names lead to numbers, files are strings, and pages are counted. Nothing in it is
// shared with the model; the numbers of new inodes are the model's.
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim-core/disk/file_system.hpp"

namespace stillpoint::test {

class Reference {
 public:
  using Number = disk::InodeNumber;

  Reference(Number root, std::uint64_t pages, std::uint64_t most_inodes);

  // What fails gives its errno; 0 is success.
  int make(Number directory, const std::string& name, Number made, bool is_directory);
  int make_nameless(Number made);
  int link(Number inode, Number directory, const std::string& name);
  int remove(Number directory, const std::string& name, bool is_directory);
  int rename(Number from, const std::string& name, Number to, const std::string& new_name,
             disk::FileSystem::Rename how);
  void hold(Number inode, int more);

  Result<std::size_t> write(Number inode, std::uint64_t offset, std::string_view bytes);
  // Through mapped memory: there is no ENOSPC, and what is stored as it was is no change.
  void store(Number inode, std::uint64_t offset, std::string_view bytes);
  void resize(Number inode, std::uint64_t size);
  int allocate(Number inode, std::uint64_t offset, std::uint64_t size);
  const std::string& content(Number inode) const { return nodes_.at(inode).content; }

  std::uint64_t used_pages() const;
  std::uint64_t inodes() const { return nodes_.size(); }
  std::vector<std::string> differences_from(disk::FileSystem& files) const;
  // After a crash: as the file system is now.
  void begin_again(disk::FileSystem& files);

 private:
  struct Node {
    bool is_directory = false;
    Number parent = 0;
    std::map<std::string, Number> names;
    std::string content;
    std::set<std::uint64_t> pages;
    int names_of_it = 0;
    int held = 0;
  };
  void add_root();
  Number find(Number directory, const std::string& name) const;
  bool is_within(Number directory, Number of) const;
  void set(Number directory, const std::string& name, Number inode);
  void release(Number inode);
  std::uint64_t free_pages() const;
  // How many bytes fit.
  std::uint64_t room_for(const Node& node, std::uint64_t offset, std::uint64_t size) const;

  Number root_;
  std::uint64_t most_pages_, most_inodes_;
  std::map<Number, Node> nodes_;
};

}  // namespace stillpoint::test
