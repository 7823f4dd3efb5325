#include "sim-core/explain/disk_state.hpp"

#include <fmt/format.h>
#include <stillpoint/error.hpp>

#include <algorithm>
#include <set>

#include "sim-core/base/nearest.hpp"
#include "sim-core/base/units.hpp"
#include "sim-core/disk/path.hpp"

namespace stillpoint::explain {
namespace {

struct Host {
  HostId id = 0;
  std::string name;
};

Host find_host(const TraceFile& trace, std::string_view name) {
  std::vector<std::string> names;
  Statement row = trace.query("SELECT id, name FROM host ORDER BY id");
  std::optional<Host> found;
  while (row.step()) {
    names.push_back(row.text(1));
    if (names.back() == name) found = Host{static_cast<HostId>(row.integer(0)), names.back()};
  }
  if (found) return *found;
  const std::string near = did_you_mean(name, names);
  constexpr std::size_t kMost = 8;
  std::string some;
  for (const std::string& each : std::span(names).first(std::min(kMost, names.size())))
    some += (some.empty() ? "" : ", ") + each;
  if (names.size() > kMost) some += ", ...";
  throw Error(fmt::format("no host '{}' in this trace.{} (its hosts: {})", name, near, some));
}

EventId find_event(const TraceFile& trace, EventId event) {
  const EventId last = trace.metadata().events;
  if (event > last) {
    throw Error(fmt::format("no event {} in this trace: its last is {}; choose one from 1 to that", grouped(event),
                            grouped(last)));
  }
  return event != kNoEvent ? event : last;
}

FileSeen seen(const disk::Inode& inode) {
  return {.inode = inode.number, .mode = inode.mode, .size = inode.size, .target = inode.target};
}

std::optional<FileSeen> seen(const disk::Inode* inode) {
  return inode != nullptr ? std::optional(seen(*inode)) : std::nullopt;
}

// The path without empty components, `.`, and `..` with what is before it.
std::string normal(std::string_view path) {
  std::vector<std::string_view> components;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view component = path.substr(at, end - at);
    at = end + 1;
    if (component.empty() || component == ".") continue;
    if (component != "..") {
      components.push_back(component);
    } else if (!components.empty()) {
      components.pop_back();
    }
  }
  std::string result;
  for (const std::string_view component : components) fmt::format_to(std::back_inserter(result), "/{}", component);
  return result.empty() ? "/" : result;
}

// Where the last component of a path stands; no directory where there is no way to it.
disk::Place place_of(disk::FileSystem& files, const std::string& path) {
  auto place = disk::Walk(files, files.root(), path, {0, 0}).to_last();
  return place ? std::move(place).value() : disk::Place{};
}

disk::Inode* find(disk::FileSystem& files, const std::string& path) {
  const auto inode = disk::find(files, files.root(), path, disk::Follow::no, {0, 0});
  return inode ? inode.value() : nullptr;
}

void list_paths(disk::FileSystem& files, const disk::Inode& directory, const std::string& path,
                std::vector<std::string>& paths) {
  for (const auto& [name, leads] : directory.directory.names()) {
    const std::string below = path + "/" + name;  // `paths` moves its own as it grows
    paths.push_back(below);
    if (leads.inode->is(S_IFDIR)) list_paths(files, *leads.inode, below, paths);
  }
}

[[noreturn]] void no_such_path(DiskReplay& replay, const std::string& host, std::string_view path, EventId event) {
  std::vector<std::string> known;
  for (const auto& [each, last] : replay.known_paths()) known.push_back(each);
  list_paths(*replay.files(), replay.files()->root(), "", known);
  std::string near = did_you_mean(path, known);
  if (near.empty()) near = " Its directory lists what there is.";
  throw Error(fmt::format("nothing was ever at {} on {} up to event {}.{}", path, host, grouped(event), near));
}

DiskEvent with_sectors(const DiskChange& change, std::uint32_t sector) {
  DiskEvent event{.change = change};
  if (change.kind == EventKind::write && change.size > 0) {
    event.first_sector = change.offset / sector;
    event.sectors = (change.offset + change.size - 1) / sector - event.first_sector + 1;
  }
  return event;
}

// The names of a path: each with the directory that it is in.
std::set<std::pair<disk::InodeNumber, std::string>> cells_of(disk::FileSystem& files, const std::string& path) {
  std::set<std::pair<disk::InodeNumber, std::string>> cells;
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const disk::Place place = place_of(files, path.substr(0, end));
    if (place.directory != nullptr && place.last == disk::Last::name)
      cells.emplace(place.directory->number, place.name);
    if (end == path.npos) return cells;
  }
}

bool is_about(const disk::Journal::Entry& entry, const std::set<std::pair<disk::InodeNumber, std::string>>& cells,
              const disk::Inode* inode) {
  if (inode != nullptr && entry.inode == inode) return entry.kind == disk::Journal::Kind::mode;
  return std::ranges::any_of(entry.cells, [&](const disk::Journal::Cell& cell) {
    if (cell.directory == nullptr) return false;
    return cells.contains({cell.directory->number, cell.name}) ||
           (inode != nullptr && (cell.before == inode || cell.after == inode));
  });
}

// What gave a name what it leads to: the last change that no crash took. If a crash took all, the last of them.
std::optional<DiskChange> last_of(const DiskReplay& replay, const std::vector<EventId>& changes) {
  if (changes.empty()) return std::nullopt;
  for (auto event = changes.rbegin(); event != changes.rend(); ++event) {
    if (const DiskChange* change = replay.change(*event); change->lost_by == kNoEvent) return *change;
  }
  return *replay.change(changes.back());
}

}  // namespace

DiskState disk_state(const TraceFile& trace, std::string_view host_name, std::string_view asked, EventId event) {
  const Host host = find_host(trace, host_name);
  DiskState state{.host = host.name, .path = normal(asked), .event = find_event(trace, event)};
  if (!asked.starts_with('/'))
    throw Error(fmt::format("'{}' is a relative path; a path on a host begins with /, as in /srv/{}", asked, asked));

  DiskReplay replay(trace, host.id, host.name, state.event);
  if (replay.files() == nullptr) {
    throw Error(fmt::format("host {} had used no file up to event {}; choose another host, or a later event", host.name,
                            grouped(state.event)));
  }
  disk::FileSystem& files = *replay.files();
  state.options = files.options();
  state.is_down = replay.is_down();
  Statement time = trace.query("SELECT at_ns FROM event WHERE id = ?");
  time.bind(state.event);
  if (time.step()) state.at = from_ns(time.integer(0));

  const disk::Place place = place_of(files, state.path);
  const disk::Inode* const inode = find(files, state.path);
  DiskReplay left(trace, host.id, host.name, state.event);
  disk::LeastChoice least;
  left.files()->crash(least);
  state.now = seen(inode);
  state.durable = seen(find(*left.files(), state.path));
  if (!state.now && !state.durable && !replay.known_paths().contains(state.path))
    no_such_path(replay, host.name, asked, state.event);

  std::vector<EventId> about_name;
  if (place.directory != nullptr && place.last == disk::Last::name) {
    about_name = replay.changes_of(place.directory->number, place.name);
  } else if (const auto known = replay.known_paths().find(state.path); known != replay.known_paths().end()) {
    about_name = {known->second};
  }
  state.named_by = last_of(replay, about_name);
  const auto cells = cells_of(files, state.path);
  for (const disk::Journal::Entry& entry : files.journal().entries()) {
    const DiskChange* change = replay.change(entry.event);
    if (change != nullptr && is_about(entry, cells, inode)) state.pending_names.push_back(*change);
  }
  if (inode != nullptr && inode->unsynced != nullptr) {
    for (const disk::Unsynced::Change& pending : inode->unsynced->changes()) {
      const bool is_write = pending.kind == disk::Unsynced::Kind::write;
      state.pending_data.push_back(with_sectors({.event = pending.event,
                                                 .at = pending.when,
                                                 .kind = is_write ? EventKind::write : EventKind::resize,
                                                 .inode = inode->number,
                                                 .offset = pending.offset,
                                                 .size = pending.size},
                                                state.options.sector));
      if (is_write && pending.size > 0)
        state.pending_data.back().given_up = inode->unsynced->has_given_up(pending.offset / disk::kPage);
    }
  }
  state.wiped_by = replay.wiped_by();
  if (inode != nullptr) {
    state.last_sync = replay.last_sync(inode->number);
    state.damage = replay.damage(inode->number);
  }

  state.crash = replay.last_crash();
  if (state.crash) {
    std::erase_if(state.crash->losses, [&](const DiskCrash::Loss& loss) {
      const DiskChange& change = *replay.change(loss.change);
      const bool of_name = std::ranges::binary_search(about_name, change.event);
      return !of_name && (inode == nullptr || change.inode != inode->number);
    });
    for (const DiskCrash::Loss& loss : state.crash->losses)
      state.lost.push_back(with_sectors(*replay.change(loss.change), state.options.sector));
  }

  if (inode != nullptr && inode->is(S_IFDIR)) {
    std::set<std::string> names;
    for (const auto& [name, leads] : inode->directory.names()) names.insert(name);
    const disk::Inode* const durable = state.durable ? left.files()->find(inode->number) : nullptr;
    if (durable != nullptr) {
      for (const auto& [name, leads] : durable->directory.names()) names.insert(name);
    }
    for (const std::string& name : names) {
      DirectoryEntry entry{.name = name,
                           .now = seen(inode->directory.find(name)),
                           .durable = durable != nullptr ? seen(durable->directory.find(name)) : std::nullopt};
      for (const disk::Journal::Entry& change : files.journal().entries()) {
        const DiskChange* known = replay.change(change.event);
        if (known != nullptr && is_about(change, {{inode->number, name}}, nullptr)) entry.pending.push_back(*known);
      }
      state.entries.push_back(std::move(entry));
    }
  }
  return state;
}

}  // namespace stillpoint::explain
