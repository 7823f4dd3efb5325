#pragma once
// The changes of names, permissions and sizes that are not durable yet, in their order. Directories show programs the
// tree with all of them; the journal knows what each cell held before, and so can take them back.
//
// A change pins the inodes it speaks of, since a crash may bring them back.
#include <array>
#include <deque>
#include <string>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/disk/choice.hpp"
#include "sim-core/disk/inode.hpp"
#include "sim-core/disk/options.hpp"

namespace stillpoint::disk {

class Journal {
 public:
  // A name in a directory led to `before`, and leads to `after`; null is nothing.
  struct Cell {
    Inode* directory = nullptr;
    std::string name;
    Inode* before = nullptr;
    Inode* after = nullptr;
  };
  enum class Kind : std::uint8_t {
    names,   // of one or two cells, which change together
    mode,    // permissions
    resize,  // of a file, whose data knows more
    flush,   // the file's data goes to the device before what follows in the journal
  };
  struct Entry {
    std::uint64_t sequence = 0;
    VirtualTime when;
    EventId event = kNoEvent;
    Kind kind = Kind::names;
    std::array<Cell, 2> cells;
    Inode* inode = nullptr;
    mode_t before = 0;
    mode_t after = 0;
  };

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  const std::deque<Entry>& entries() const { return entries_; }
  // Up to this sequence everything is durable.
  std::uint64_t committed() const { return committed_; }

  void add(Entry entry);
  // Durable up to this sequence. `released` gets inodes that may have lost their last pin.
  void commit(std::uint64_t sequence, std::vector<Inode*>& released);
  // For strict_posix: permissions of this inode, what happened in this directory, and whatever else these changes
  // depend on: earlier ones of the same cells, and such without which directories would be lost or no tree.
  void commit_inode(const Inode& inode, std::vector<Inode*>& released);

  // Takes back what a crash does not keep, from the directories and inodes; the journal is empty then.
  struct Kept {
    // Everything from here on is lost, but for strict_posix, where there is no such order.
    std::uint64_t lost_from = UINT64_MAX;
    // For each file whose data had to be on the device: up to which sequence.
    std::vector<std::pair<Inode*, std::uint64_t>> flushed;
    std::vector<EventId> lost;
  };
  Kept crash(Ordering ordering, Choice& choice, const Inode& root, std::vector<Inode*>& released);

 private:
  static void redo(const Entry& entry);
  static void undo(const Entry& entry);
  static bool possible(const Entry& entry, const Inode& root);
  static void find_parents_of(const Entry& entry);
  void find_parents();
  static void pin(const Entry& entry);
  void unpin(const Entry& entry, std::vector<Inode*>& released);

  std::deque<Entry> entries_;
  std::size_t modes_ = 0;  // entries of that kind
  std::uint64_t committed_ = 0;
};

}  // namespace stillpoint::disk
