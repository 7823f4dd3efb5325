#pragma once
// What tests of files need of the machine that they run on.
#include <string>

namespace stillpoint::test::files {

// An empty folder on a disk, for the user that drop_privileges() leaves.
std::string make_folder();
// Also of what is left in it without permissions.
void remove_tree(const std::string& path);
// root, as whom a test may run, is refused nothing: this process is no longer root's.
void drop_privileges();

}  // namespace stillpoint::test::files
