#include "sim-core/explain/disk_replay.hpp"

#include <fmt/format.h>
#include <stillpoint/error.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim-core/disk/path.hpp"
#include "sim-core/record/record_cursor.hpp"

namespace stillpoint::explain {
namespace {

// More is in no run's write, reservation or file that was always there; a damaged trace shall not make us ask for it.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;

// Who owns what does not matter here.
constexpr disk::Owner kOwner{0, 0};

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

struct DiskReplay::Row {
  EventId id;
  EventKind kind;
  std::uint64_t subject, a, b;
  std::string payload;
  EventId cause;
};

DiskReplay::DiskReplay(const TraceFile& trace, HostId host, const std::string& name, EventId last)
    : trace_(trace),
      host_(host),
      crashes_(trace.metadata().run.seed, "crash", name),
      torn_crashes_(trace.metadata().run.seed, "torn crash", name) {
  Statement table = trace.query("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'disk'");
  if (!table.step() || table.integer(0) == 0)
    throw Error("the trace does not tell what its hosts' disks were like: record the run again, with this version");
  read_events(last);
  Statement time = trace.query("SELECT at_ns FROM event WHERE id = ?");
  time.bind(last);
  if (time.step()) now_ = std::max(now_, from_ns(time.integer(0)));
  if (files_ != nullptr && !down_) commit_by(kNoEvent, [&] { files_->write_back_what_is_old(); });
}

void DiskReplay::read_events(EventId last) {
  Statement details =
      trace_.query("SELECT event, detail, subject, a, b, text, at_ns FROM disk WHERE host = ? ORDER BY rowid");
  details.bind(host_);
  bool more = details.step();
  const auto apply_details = [&](EventId before) {
    for (; more && static_cast<EventId>(details.integer(0)) < before; more = details.step()) apply_detail(details);
  };
  // The bytes of a write are not needed.
  Statement events = trace_.query(
      "SELECT id, at_ns, kind, subject, a, b, CASE kind WHEN 27 THEN payload END, cause FROM event "
      "WHERE host = ? AND (kind IN (1, 34) OR kind BETWEEN 25 AND 31) ORDER BY id");
  events.bind(host_);
  const auto unsigned_of = [&](int column) { return static_cast<std::uint64_t>(events.integer(column)); };
  while (events.step()) {
    const Row row{.id = unsigned_of(0),
                  .kind = static_cast<EventKind>(events.integer(2)),
                  .subject = unsigned_of(3),
                  .a = unsigned_of(4),
                  .b = unsigned_of(5),
                  .payload = events.text(6),
                  .cause = unsigned_of(7)};
    // What programs stored in mapped memory is found by the crash, and so stands after it.
    const bool of_crash = crashing_ && (row.kind == EventKind::unwritten || row.kind == EventKind::write);
    if (!of_crash) finish_crash();
    if (row.id > last && !of_crash) break;
    apply_details(row.id);
    event_ = row.id;
    now_ = from_ns(events.integer(1));
    apply(row);
  }
  finish_crash();
  apply_details(last + 1);
}

void DiskReplay::apply_detail(Statement& row) {
  event_ = static_cast<EventId>(row.integer(0));
  now_ = from_ns(row.integer(6));
  const auto detail = static_cast<disk::Detail>(row.integer(1));
  const auto subject = static_cast<std::uint64_t>(row.integer(2));
  const auto a = static_cast<std::uint64_t>(row.integer(3));
  const auto b = static_cast<std::uint64_t>(row.integer(4));
  if (detail == disk::Detail::options) return make_disk(row);
  if (files_ == nullptr) damaged("a disk is used before it is described");
  switch (detail) {
    case disk::Detail::options:
      break;
    case disk::Detail::placed:
      place(row);
      break;
    case disk::Detail::data_only:
      data_only_ = true;
      break;
    case disk::Detail::nameless: {
      const auto made = files_->make_nameless(static_cast<mode_t>(b), kOwner);
      if (!made || made.value()->number != subject) damaged("files are not numbered in their order");
      files_->hold(*made.value());
      break;
    }
    case disk::Detail::reserved:
      if (b > kMostBytes) damaged("a reservation is absurdly large");
      static_cast<void>(files_->allocate(inode(subject), a, b, false));
      break;
    case disk::Detail::freed:
      if (inode(subject).content.page(a / disk::kPage) == nullptr) damaged("a block is freed that was not there");
      files_->free_page(inode(subject), a / disk::kPage);
      break;
    case disk::Detail::closed: {
      disk::Inode& closed = inode(subject);
      files_->hold(closed);
      closed.flush_at_close = true;
      files_->let_go(closed);
      break;
    }
    case disk::Detail::times:
      files_->set_times(inode(subject), std::nullopt, std::nullopt);
      break;
    case disk::Detail::gone:
      if (inode(subject).links > 0) damaged(fmt::format("file {} has a name, and is gone", subject));
      inode(subject).flush_at_close = false;  // or it would have been told
      files_->let_go(inode(subject));
      break;
    case disk::Detail::sync_failed:
      files_->fail_sync(inode(subject));
      syncs_[subject] = {.event = event_, .at = now_, .inode = subject, .failed = true};
      break;
    case disk::Detail::crash_keeps:
      if (a > static_cast<std::uint64_t>(disk::CrashKeeps::torn)) damaged("a crash chooses in an unknown way");
      next_crash_ = static_cast<disk::CrashKeeps>(a);
      break;
    case disk::Detail::wiped:
      wipe();
      break;
  }
}

// It is described anew by what follows. Files of before may have the numbers of others now.
void DiskReplay::wipe() {
  wiped_by_ = event_;
  writes_.clear();
  names_.clear();
  syncs_.clear();
  damage_.clear();
  if (crash_) crash_->losses.clear();
}

void DiskReplay::make_disk(Statement& row) {
  const std::string text = row.text(5);
  const auto [write_back, commit] = fields<2>(text);
  disk::DiskOptions options;
  const std::int64_t ordering = row.integer(2);
  if (ordering < 0 || ordering > static_cast<std::int64_t>(disk::Ordering::strict_posix)) damaged("unknown ordering");
  options.ordering = static_cast<disk::Ordering>(ordering);
  options.sector = static_cast<std::uint32_t>(row.integer(3));
  if (options.sector != 512 && options.sector != 4096) damaged("a sector is neither 512 nor 4,096 bytes");
  options.most_pending = static_cast<std::uint64_t>(row.integer(4));
  options.write_back_after = Duration(number(write_back));
  options.commit_after = Duration(number(commit));
  // What did not fit then was not written then.
  options.capacity = options.most_inodes = UINT64_MAX / 2;
  files_ = std::make_unique<disk::FileSystem>(static_cast<disk::Machine&>(*this), options, kOwner);
}

void DiskReplay::place(Statement& row) {
  const std::string text = row.text(5);
  const auto [name, size, target] = fields<3>(text);
  disk::Inode& in = directory(static_cast<std::uint64_t>(row.integer(3)));
  const auto mode = static_cast<mode_t>(row.integer(4));
  if (in.directory.find(name) != nullptr) damaged("a name is there twice");
  if (number(size) > kMostBytes) damaged("a file is absurdly large");
  const std::string content = S_ISLNK(mode) ? std::string(target) : std::string(S_ISREG(mode) ? number(size) : 0, '\0');
  if (files_->place(in, name, mode, kOwner, content).number != static_cast<std::uint64_t>(row.integer(2)))
    damaged("files are not numbered in their order");
}

void DiskReplay::apply(const Row& row) {
  const bool of_files = row.kind != EventKind::boot && row.kind != EventKind::crash;
  if (of_files && files_ == nullptr) damaged("a disk is used before it is described");
  switch (row.kind) {
    case EventKind::boot:
      down_ = false;
      break;
    case EventKind::write:
      write(row);
      break;
    case EventKind::resize:
      changes_[row.id] = {.event = row.id, .at = now_, .kind = row.kind, .inode = row.subject, .offset = row.a};
      if (!files_->resize(inode(row.subject), row.a)) damaged("a file is absurdly long");
      break;
    case EventKind::name:
      change_names(row);
      break;
    case EventKind::mode:
      changes_[row.id] = {.event = row.id,
                          .at = now_,
                          .kind = row.kind,
                          .inode = row.subject,
                          .words = fmt::format("sets its mode to {:o}", row.a & 07777)};
      files_->set_mode(inode(row.subject), static_cast<mode_t>(row.a));
      break;
    case EventKind::sync:
      sync(row);
      break;
    case EventKind::corrupt:
      corrupt(row);
      break;
    case EventKind::unwritten:
      if (!crashing_) damaged("something is lost without a crash");
      crash_->losses.push_back({row.id, row.subject, row.a, row.b});
      break;
    case EventKind::crash:
      crash_ = DiskCrash{.event = row.id, .at = now_};
      down_ = true;
      crashing_ = files_ != nullptr;
      break;
    default:
      break;
  }
}

void DiskReplay::write(const Row& row) {
  if (row.b > kMostBytes) damaged("a write is absurdly long");
  if (zeros_.size() < row.b) zeros_.resize(row.b);
  writes_.push_back(
      {.event = row.id, .at = now_, .kind = row.kind, .inode = row.subject, .offset = row.a, .size = row.b});
  for (DiskDamage& damage : damage_[row.subject]) {
    const bool covers = row.a <= damage.offset && damage.offset + damage.size <= row.a + row.b;
    if (covers && damage.overwritten_by == kNoEvent) damage.overwritten_by = row.id;
  }
  const iovec bytes{zeros_.data(), row.b};
  if (!files_->write(inode(row.subject), row.a, {&bytes, 1})) damaged("a write is beyond where files end");
}

void DiskReplay::change_names(const Row& row) {
  const auto change = static_cast<disk::NameChange>(row.b >> 32);
  const auto mode = static_cast<mode_t>(row.b & UINT32_MAX);
  const auto [name, other, to] = fields<3>(row.payload);
  disk::Inode& in = directory(row.a);
  const std::string path = path_in(in, name);
  std::string words;
  bool done = false;
  switch (change) {
    case disk::NameChange::make: {
      words = fmt::format("makes {}", path);
      const auto made = files_->make(in, name, mode, kOwner, to);
      done = made && made.value()->number == row.subject;
      break;
    }
    case disk::NameChange::link:
      words = fmt::format("links {}", path);
      done = bool(files_->link(inode(row.subject), in, name, true));
      break;
    case disk::NameChange::remove:
      words = fmt::format("removes {}", path);
      inode(row.subject);
      done = bool(files_->remove(in, name));
      break;
    case disk::NameChange::remove_directory:
      words = fmt::format("removes {}", path);
      inode(row.subject);
      done = bool(files_->remove_directory(in, name));
      break;
    case disk::NameChange::rename:
    case disk::NameChange::exchange: {
      const bool exchanges = change == disk::NameChange::exchange;
      disk::Inode& into = directory(number(other));
      const std::string new_path = path_in(into, to);
      words =
          fmt::format("{} {} {} {}", exchanges ? "exchanges" : "renames", path, exchanges ? "with" : "to", new_path);
      if (const disk::Inode* replaced = into.directory.find(to); replaced != nullptr) inode(replaced->number);
      done = bool(files_->rename(in, name, into, to,
                                 exchanges ? disk::FileSystem::Rename::exchange : disk::FileSystem::Rename::replace));
      names_[{into.number, std::string(to)}].push_back(row.id);
      paths_[new_path] = row.id;
      break;
    }
  }
  if (!done) damaged("a name changes that cannot");
  names_[{in.number, std::string(name)}].push_back(row.id);
  paths_[path] = row.id;
  changes_[row.id] = {.event = row.id, .at = now_, .kind = row.kind, .inode = row.subject, .words = std::move(words)};
}

void DiskReplay::sync(const Row& row) {
  const bool lied = row.b != 0;
  const bool data_only = std::exchange(data_only_, false);
  syncs_[row.subject] = {
      .event = row.id, .at = now_, .inode = row.subject, .bytes = row.a, .data_only = data_only, .lied = lied};
  files_->let_fsync_lie(lied);
  commit_by(row.id, [&] {
    if (row.subject == 0) {
      files_->sync_everything();
    } else {
      files_->sync(inode(row.subject), data_only ? disk::FileSystem::Sync::data : disk::FileSystem::Sync::all);
    }
  });
}

// Neither sizes nor what is durable hang on it. Inode 0 is the whole disk, of which wipe() hears.
void DiskReplay::corrupt(const Row& row) {
  if (row.subject == 0) return;
  damage_[row.subject].push_back({.event = row.id, .at = now_, .offset = row.a, .size = row.b, .fault = row.cause});
}

std::vector<DiskDamage> DiskReplay::damage(disk::InodeNumber inode) const {
  const auto found = damage_.find(inode);
  return found != damage_.end() ? found->second : std::vector<DiskDamage>();
}

std::vector<EventId> DiskReplay::pending() const {
  std::vector<EventId> events;
  for (const disk::Journal::Entry& entry : files_->journal().entries()) events.push_back(entry.event);
  std::ranges::sort(events);
  return events;
}

template <typename Do>
void DiskReplay::commit_by(EventId event, Do what) {
  const std::vector<EventId> before = pending();
  what();
  if (files_->journal().size() == before.size()) return;
  std::vector<EventId> durable;
  std::ranges::set_difference(before, pending(), std::back_inserter(durable));
  for (const EventId change : durable) {
    if (const auto found = changes_.find(change); found != changes_.end()) found->second.durable_by = event;
  }
}

void DiskReplay::finish_crash() {
  if (!crashing_) return;
  crashing_ = false;
  event_ = crash_->event;
  const auto choice = disk::make_choice(std::exchange(next_crash_, disk::CrashKeeps::some), crashes_, torn_crashes_);
  disk::FileSystem::Lost lost;
  commit_by(crash_->event, [&] { lost = files_->crash(*choice); });
  std::vector<DiskCrash::Loss> expected;
  for (const disk::LostWrite& write : lost.writes) expected.push_back({0, write.event, write.lost, write.sectors});
  for (const EventId name : lost.names) expected.push_back({0, name, 0, 0});
  std::vector<DiskCrash::Loss> recorded = crash_->losses;
  for (DiskCrash::Loss& loss : recorded) {
    loss.event = 0;
    const DiskChange* change = this->change(loss.change);
    if (change == nullptr) damaged(fmt::format("event {} is lost, which is no change of a file", loss.change));
    changes_[loss.change] = *change;
    changes_[loss.change].durable_by = kNoEvent;
    changes_[loss.change].lost_by = crash_->event;
  }
  writes_.clear();
  crash_->as_recorded = expected == recorded;
}

disk::Inode& DiskReplay::inode(std::uint64_t number) {
  disk::Inode* found = files_->find(number);
  if (found == nullptr) damaged(fmt::format("file {} is spoken of, and is not there", number));
  // Programs may have it open. What has no name any more is kept until a crash.
  if (found->opened == 0) files_->hold(*found);
  return *found;
}

disk::Inode& DiskReplay::directory(std::uint64_t number) {
  disk::Inode& found = inode(number);
  if (!found.is(S_IFDIR)) damaged(fmt::format("file {} is no directory", number));
  return found;
}

std::string DiskReplay::path_in(const disk::Inode& directory, std::string_view name) {
  const std::string above = disk::path_of(*files_, directory).value_or("?");
  return fmt::format("{}/{}", above == "/" ? "" : above, name);
}

void DiskReplay::damaged(std::string_view what) const {
  throw Error(fmt::format("the trace is damaged after event {}: {}; record the run again", event_, what));
}

const DiskChange* DiskReplay::change(EventId event) const {
  if (const auto found = changes_.find(event); found != changes_.end()) return &found->second;
  const auto write = std::ranges::lower_bound(writes_, event, {}, &DiskChange::event);
  return write != writes_.end() && write->event == event ? &*write : nullptr;
}

std::vector<EventId> DiskReplay::changes_of(disk::InodeNumber directory, std::string_view name) const {
  const auto found = names_.find({directory, std::string(name)});
  return found != names_.end() ? found->second : std::vector<EventId>();
}

std::optional<DiskSync> DiskReplay::last_sync(disk::InodeNumber inode) const {
  std::optional<DiskSync> last;
  for (const disk::InodeNumber of : {inode, disk::InodeNumber{0}}) {
    const auto found = syncs_.find(of);
    if (found != syncs_.end() && (!last || found->second.event > last->event)) last = found->second;
  }
  return last;
}

}  // namespace stillpoint::explain
