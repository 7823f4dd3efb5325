#pragma once
// The tree of a file system as text that a person can read, and whether what the file system says of itself agrees with
// a walk through it.
#include <string>
#include <vector>

#include "sim-core/disk/file_system.hpp"

namespace stillpoint::test {

// "a*512+0*3": runs of bytes. 0 is a zero, ? what stood on the device before.
std::string runs(std::string_view content);
std::string content_of(disk::FileSystem& files, disk::Inode& inode);

// "d/ d/f=a*512 g~d/f l->f": directories, files with their content, further names of the same file, symbolic links, in
// the order of their paths. "nothing" if there is nothing.
std::string tree_of(disk::FileSystem& files);

// What is wrong with it; empty if nothing is. Directories form a tree whose parents are right, links and pages are
// counted right, and no inode is there without a name or somebody who holds it (`held`).
std::vector<std::string> faults_of(disk::FileSystem& files, std::span<disk::Inode* const> held = {});

}  // namespace stillpoint::test
