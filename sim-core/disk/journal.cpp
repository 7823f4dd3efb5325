#include "sim-core/disk/journal.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace stillpoint::disk {
namespace {

template <typename Do>
void for_each_inode(const Journal::Entry& entry, Do what) {
  if (entry.inode != nullptr) what(*entry.inode);
  for (const Journal::Cell& cell : entry.cells) {
    if (cell.directory == nullptr) continue;
    what(*cell.directory);
    if (cell.before != nullptr) what(*cell.before);
    if (cell.after != nullptr) what(*cell.after);
  }
}

bool is_directory(const Inode* inode) { return inode != nullptr && inode->is(S_IFDIR); }

// By the parents of directories.
bool is_below(const Inode& inode, const Inode& directory) {
  const Inode* each = &inode;
  while (each != &directory && each->parent != nullptr && each->parent != each) each = each->parent;
  return each == &directory;
}

// Whether one of the cells leads to the inode afterwards.
bool places(const Journal::Entry& entry, const Inode* inode) {
  return std::ranges::any_of(entry.cells, [&](const Journal::Cell& cell) { return cell.after == inode; });
}

bool changes_directories(const Journal::Entry& entry) {
  return std::ranges::any_of(
      entry.cells, [](const Journal::Cell& cell) { return is_directory(cell.before) || is_directory(cell.after); });
}

bool moves_directory(const Journal::Entry& entry) {
  return changes_directories(entry) && entry.cells[1].directory != nullptr &&
         entry.cells[0].directory != entry.cells[1].directory;
}

}  // namespace

void Journal::pin(const Entry& entry) {
  for_each_inode(entry, [](Inode& inode) { ++inode.pinned; });
}

void Journal::unpin(const Entry& entry, std::vector<Inode*>& released) {
  for_each_inode(entry, [&](Inode& inode) {
    if (--inode.pinned == 0) released.push_back(&inode);
  });
  modes_ -= entry.kind == Kind::mode ? 1 : 0;
}

void Journal::add(Entry entry) {
  pin(entry);
  modes_ += entry.kind == Kind::mode ? 1 : 0;
  entries_.push_back(std::move(entry));
}

void Journal::commit(std::uint64_t sequence, std::vector<Inode*>& released) {
  while (!entries_.empty() && entries_.front().sequence <= sequence) {
    unpin(entries_.front(), released);
    entries_.pop_front();
  }
  committed_ = std::max(committed_, sequence);
}

void Journal::commit_inode(const Inode& inode, std::vector<Inode*>& released) {
  // Most fsyncs are of files, while many names may wait.
  if (inode.pinned == 0 || (!inode.is(S_IFDIR) && modes_ == 0)) return;
  // From the last to the first: a change goes with every later one that touches one of its cells; that removes the
  // directory in which it happened; and, if it is about directories, that moves one.
  std::set<std::pair<InodeNumber, std::string>> cells;
  std::set<InodeNumber> removed;
  bool moved = false;
  bool any = false;
  std::vector<bool> goes(entries_.size(), false);
  for (std::size_t i = entries_.size(); i > 0; --i) {
    const Entry& entry = entries_[i - 1];
    bool of_it = entry.inode == &inode || (moved && changes_directories(entry));
    for (const Cell& cell : entry.cells) {
      if (of_it || cell.directory == nullptr) continue;
      of_it = cell.directory == &inode || removed.contains(cell.directory->number) ||
              (!cells.empty() && cells.contains({cell.directory->number, cell.name}));
    }
    if (!of_it) continue;
    goes[i - 1] = any = true;
    moved = moved || moves_directory(entry);
    for (const Cell& cell : entry.cells) {
      if (cell.directory == nullptr) continue;
      cells.emplace(cell.directory->number, cell.name);
      if (is_directory(cell.before) && !places(entry, cell.before)) removed.insert(cell.before->number);
    }
  }
  if (!any) return;
  std::deque<Entry> rest;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (goes[i]) {
      unpin(entries_[i], released);
    } else {
      rest.push_back(std::move(entries_[i]));
    }
  }
  entries_ = std::move(rest);
}

void Journal::redo(const Entry& entry) {
  if (entry.kind == Kind::mode) entry.inode->mode = entry.after;
  for (const Cell& cell : entry.cells) {
    if (cell.directory != nullptr) cell.directory->directory.set(cell.name, cell.after);
  }
}

void Journal::undo(const Entry& entry) {
  if (entry.kind == Kind::mode) entry.inode->mode = entry.before;
  for (auto cell = entry.cells.rbegin(); cell != entry.cells.rend(); ++cell) {
    if (cell->directory != nullptr) cell->directory->directory.set(cell->name, cell->before);
  }
}

// Whether a change can be made when others before it were lost. Directories stay a tree: none disappears but by
// what removes it, none has two names, none is below itself, and none moves to where no way leads.
bool Journal::possible(const Entry& entry, const Inode& root) {
  for (const Cell& cell : entry.cells) {
    if (cell.directory == nullptr) continue;
    const Inode* there = cell.directory->directory.find(cell.name);
    const bool goes_away = is_directory(there) && !places(entry, there);
    if (goes_away && (there != cell.before || !there->directory.empty())) return false;
    if (!is_directory(cell.after)) continue;
    if (is_below(*cell.directory, *cell.after)) return false;
    if (cell.after->parent == nullptr) continue;  // it is not in the tree yet
    if (is_below(*cell.after, root) && !is_below(*cell.directory, root)) return false;
    for (const auto& [name, leads] : cell.after->parent->directory.names()) {
      if (leads.inode != cell.after) continue;
      const bool goes = std::ranges::any_of(entry.cells, [&, &its_name = name](const Cell& other) {
        return other.directory == cell.after->parent && other.name == its_name;
      });
      if (!goes) return false;
    }
  }
  return true;
}

// Before a change is made again.
void Journal::find_parents_of(const Entry& entry) {
  for (const Cell& cell : entry.cells) {
    if (cell.directory == nullptr) continue;
    Inode* there = cell.directory->directory.find(cell.name);
    if (is_directory(there)) there->parent = nullptr;
  }
  for (const Cell& cell : entry.cells) {
    if (is_directory(cell.after)) cell.after->parent = cell.directory;
  }
}

// Of directories that the changes speak of, as the names are now, in the tree or not; null for what has no name.
void Journal::find_parents() {
  std::map<InodeNumber, Inode*> directories;
  for (const Entry& entry : entries_) {
    for (const Cell& cell : entry.cells) {
      if (cell.directory == nullptr) continue;
      directories.emplace(cell.directory->number, cell.directory);
      if (is_directory(cell.before)) cell.before->parent = nullptr;
      if (is_directory(cell.after)) cell.after->parent = nullptr;
    }
  }
  for (const auto& [number, directory] : directories) {
    for (const auto& [name, leads] : directory->directory.names()) {
      if (leads.inode->is(S_IFDIR)) leads.inode->parent = directory;
    }
  }
}

Journal::Kept Journal::crash(Ordering ordering, Choice& choice, const Inode& root, std::vector<Inode*>& released) {
  Kept kept;
  const auto lose = [&](const Entry& entry) {
    if (entry.event != kNoEvent) kept.lost.push_back(entry.event);
  };
  if (ordering == Ordering::strict_posix) {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) undo(*entry);
    find_parents();
    for (const Entry& entry : entries_) {
      if (entry.kind == Kind::resize) continue;  // the data decides
      if (possible(entry, root) && choice.choose(2) == 1) {
        find_parents_of(entry);
        redo(entry);
      } else {
        lose(entry);
      }
    }
  } else {
    const std::size_t count = choice.choose(entries_.size() + 1);
    for (std::size_t i = entries_.size(); i > count; --i) undo(entries_[i - 1]);
    if (count < entries_.size()) kept.lost_from = entries_[count].sequence;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (i >= count) {
        lose(entries_[i]);
      } else if (entries_[i].kind == Kind::flush) {
        kept.flushed.emplace_back(entries_[i].inode, entries_[i].sequence);
      }
    }
  }
  for (const Entry& entry : entries_) unpin(entry, released);
  entries_.clear();
  return kept;
}

}  // namespace stillpoint::disk
