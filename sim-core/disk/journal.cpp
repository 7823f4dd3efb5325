#include "sim-core/disk/journal.hpp"

#include <algorithm>
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

bool is_below(const Inode& inode, const Inode& directory) {
  if (&inode == &directory) return true;
  return std::ranges::any_of(directory.directory.names(), [&](const auto& name) {
    return name.second.inode->is(S_IFDIR) && is_below(inode, *name.second.inode);
  });
}

}  // namespace

void Journal::pin(const Entry& entry) {
  for_each_inode(entry, [](Inode& inode) { ++inode.pinned; });
}

void Journal::unpin(const Entry& entry, std::vector<Inode*>& released) {
  for_each_inode(entry, [&](Inode& inode) {
    if (--inode.pinned == 0) released.push_back(&inode);
  });
}

void Journal::add(Entry entry) {
  pin(entry);
  entries_.push_back(std::move(entry));
}

void Journal::commit(std::uint64_t sequence, std::vector<Inode*>& released) {
  while (!entries_.empty() && entries_.front().sequence <= sequence) {
    unpin(entries_.front(), released);
    entries_.pop_front();
  }
  committed_ = std::max(committed_, sequence);
}

void Journal::commit_until(VirtualTime until, std::vector<Inode*>& released) {
  while (!entries_.empty() && entries_.front().when <= until) commit(entries_.front().sequence, released);
}

void Journal::commit_directory(const Inode& directory, std::vector<Inode*>& released) {
  // From the last to the first: a change goes with every later one that touches one of its cells.
  std::set<std::pair<InodeNumber, std::string>> cells;
  std::vector<bool> goes(entries_.size(), false);
  for (std::size_t i = entries_.size(); i > 0; --i) {
    const Entry& entry = entries_[i - 1];
    bool of_it = entry.inode == &directory;
    for (const Cell& cell : entry.cells) {
      if (cell.directory != nullptr)
        of_it = of_it || cell.directory == &directory || cells.contains({cell.directory->number, cell.name});
    }
    if (!of_it) continue;
    goes[i - 1] = true;
    for (const Cell& cell : entry.cells) {
      if (cell.directory != nullptr) cells.emplace(cell.directory->number, cell.name);
    }
  }
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

// Whether a change can be made when others before it were lost. Directories stay a tree: none disappears that has
// names, none has two names, none is below itself.
bool Journal::possible(const Entry& entry) {
  for (const Cell& cell : entry.cells) {
    if (cell.directory == nullptr) continue;
    const Inode* there = cell.directory->directory.find(cell.name);
    if (there != nullptr && there != cell.after && there->is(S_IFDIR) && !there->directory.empty()) {
      const bool moves = std::ranges::any_of(entry.cells, [&](const Cell& other) { return other.after == there; });
      if (!moves) return false;
    }
    if (cell.after == nullptr || !cell.after->is(S_IFDIR)) continue;
    if (is_below(*cell.directory, *cell.after)) return false;
    if (cell.after->parent == nullptr) continue;  // it is not in the tree yet
    const Directory& parent = cell.after->parent->directory;
    for (const auto& [name, leads] : parent.names()) {
      if (leads.inode != cell.after) continue;
      const bool goes = std::ranges::any_of(entry.cells, [&, &its_name = name](const Cell& other) {
        return other.directory == cell.after->parent && other.name == its_name;
      });
      if (!goes) return false;
    }
  }
  return true;
}

// Of directories, as the tree is now; null for what is not in it.
void Journal::find_parents(Inode& root) {
  for (const Entry& entry : entries_) {
    for_each_inode(entry, [&](Inode& inode) { inode.parent = nullptr; });
  }
  std::vector<Inode*> left{&root};
  root.parent = &root;
  while (!left.empty()) {
    Inode& directory = *left.back();
    left.pop_back();
    for (const auto& [name, leads] : directory.directory.names()) {
      if (!leads.inode->is(S_IFDIR)) continue;
      leads.inode->parent = &directory;
      left.push_back(leads.inode);
    }
  }
}

Journal::Kept Journal::crash(Ordering ordering, Choice& choice, Inode& root, std::vector<Inode*>& released) {
  Kept kept{committed_, {}, {}};
  const auto keep = [&](const Entry& entry) {
    if (entry.kind == Kind::flush) kept.flushed.emplace_back(entry.inode, entry.sequence);
  };
  const auto lose = [&](const Entry& entry) {
    if (entry.event != kNoEvent) kept.lost.push_back(entry.event);
  };
  if (ordering == Ordering::strict_posix) {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) undo(*entry);
    find_parents(root);
    for (const Entry& entry : entries_) {
      if (entry.kind == Kind::resize) continue;  // the data decides
      if (possible(entry) && choice.choose(2) == 1) {
        redo(entry);
        for (const Cell& cell : entry.cells) {
          if (cell.after != nullptr && cell.after->is(S_IFDIR)) cell.after->parent = cell.directory;
        }
        keep(entry);
      } else {
        lose(entry);
      }
    }
  } else {
    const std::size_t count = choice.choose(entries_.size() + 1);
    for (std::size_t i = entries_.size(); i > count; --i) undo(entries_[i - 1]);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (i >= count) {
        lose(entries_[i]);
      } else {
        keep(entries_[i]);
        kept.sequence = entries_[i].sequence;
      }
    }
  }
  for (const Entry& entry : entries_) unpin(entry, released);
  entries_.clear();
  return kept;
}

}  // namespace stillpoint::disk
