#pragma once
// Small programs on a file system, as text, and every state in which a crash may leave it.
//
//   create f; write f 0 a*512; fsync f; rename f g; fsync /
//
// Operations: create, mkdir, unlink, rmdir, link, rename, exchange (RENAME_EXCHANGE), write (at an offset), append,
// truncate, fsync, fdatasync, sync, open and close (by the path at which it was opened), wait (seconds). A path that
// begins with @ is a file without a name: `tmpfile @t` makes one (O_TMPFILE), `link @t f` gives it a name.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim-core/disk/file_system.hpp"
#include "tests/disk/machine.hpp"

namespace stillpoint::test {

using Operation = std::vector<std::string>;  // its words
using Program = std::vector<Operation>;
Program program_of(std::string_view text);
// "a*512+b" as bytes.
std::string content_of_runs(const std::string& runs);
std::string text_of(std::span<const Operation> program);

// A machine with a file system, on which programs run.
class ProgramWorld {
 public:
  explicit ProgramWorld(disk::DiskOptions options) : files(machine, options, {0, 0}) {}
  // False if it failed, and changed nothing. Requires that the words make sense.
  bool run(const Operation& operation);
  void run(std::span<const Operation> program);
  disk::Inode* find(std::string_view path);
  // What is open.
  std::vector<disk::Inode*> held() const;

  DiskMachine machine;
  disk::FileSystem files;

 private:
  struct Place {
    disk::Inode* directory;
    std::string name;
  };
  std::optional<Place> place_of(std::string_view path);
  bool write(disk::Inode* inode, std::uint64_t offset, std::string_view content);

  std::map<std::string, disk::Inode*, std::less<>> handles_;
};

// What is there before a program begins, made and synced; and the program, or a part of it.
struct Experiment {
  std::span<const Operation> setup;
  std::span<const Operation> program;
  disk::DiskOptions options;
};

// The trees after all crashes that the model allows at the end of the program; none if there are more than `most`
// rows of choices. what(world) is called after each, when it is given.
using States = std::set<std::string>;
template <typename Do>
std::optional<States> states_of(const Experiment& experiment, std::uint64_t most, Do what);
std::optional<States> states_of(const Experiment& experiment, std::uint64_t most = 1'000'000);

std::string tree_after(const Experiment& experiment);
std::string_view name_of(disk::Ordering ordering);
constexpr disk::Ordering kOrderings[] = {disk::Ordering::ext4_ordered, disk::Ordering::xfs,
                                         disk::Ordering::strict_posix};

// ----

std::string tree_of(disk::FileSystem& files);

template <typename Do>
std::optional<States> states_of(const Experiment& experiment, std::uint64_t most, Do what) {
  States states;
  disk::EveryChoice choice;
  do {
    if (most-- == 0) return std::nullopt;
    ProgramWorld world(experiment.options);
    world.run(experiment.setup);
    world.files.sync_everything();
    world.run(experiment.program);
    world.files.crash(choice);
    states.insert(tree_of(world.files));
    what(world);
  } while (choice.next());
  return states;
}

}  // namespace stillpoint::test
