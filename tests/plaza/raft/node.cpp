#include "tests/plaza/raft/node.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "system-under-test/plaza/bytes.hpp"

namespace plaza::raft::test {
namespace {

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = (a ^ (b + 0x9e3779b97f4a7c15 + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9;
  return z ^ (z >> 29);
}

Stored stored(const Node::Disk& disk) {
  Stored stored{.hard_state = disk.hard_state, .start = disk.log.start, .entries = {}, .applied = disk.applied};
  for (const LogImage::Item& item : disk.log.items) stored.entries.push_back(item.entry);
  return stored;
}

}  // namespace

std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

Chain chained(Chain before, const Entry& entry) {
  return mixed(mixed(before, entry.term * 4 + static_cast<std::uint64_t>(entry.kind)), hash_of(entry.data));
}

void LogImage::replace(const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  if (entries.front().index <= start.index || entries.front().index > last_index() + 1) {
    throw std::logic_error("the driver was given entries that leave a gap");
  }
  items.resize(entries.front().index - start.index - 1);
  for (const Entry& entry : entries) items.push_back({.entry = entry, .chain = chained(chain_at(last_index()), entry)});
}

void LogImage::install(Mark mark, Chain chain) {
  start = mark;
  start_chain = chain;
  items.clear();
}

void LogImage::compact(Mark mark) {
  start_chain = chain_at(mark.index);
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(mark.index - start.index));
  start = mark;
}

Node::Node(Config config, Disk disk)
    : config_(std::move(config)),
      disk_(std::move(disk)),
      log_(disk_.log),
      applied_(disk_.applied),
      applied_chain_(disk_.applied_chain),
      core_(config_, stored(disk_)) {}

Node::Node(const Node& other)
    : sent(other.sent),
      reads(other.reads),
      snapshots(other.snapshots),
      newly_applied(other.newly_applied),
      config_(other.config_),
      disk_(other.disk_),
      log_(other.log_),
      applied_(other.applied_),
      applied_chain_(other.applied_chain_),
      installs_(other.installs_),
      received_(other.received_),
      writing_(other.writing_),
      is_stalled_(other.is_stalled_),
      answers_before_write_(other.answers_before_write_),
      core_(other.core_.clone()) {}

void Node::step(const Packet& packet) {
  if (packet.message.kind == Message::Kind::snapshot) received_[packet.message.index] = packet.chain;
  core_.step(packet.message);
}

void Node::turn() {
  while (core_.has_ready()) {
    take();
    if (!is_stalled_) write_one();
  }
}

void Node::take() {
  Ready ready = core_.ready();
  if (core_.has_ready()) throw std::logic_error("there is more ready right after all was taken");
  if (on_taken) on_taken(ready);
  for (Message& message : ready.messages) sent.push_back({.message = std::move(message)});
  ready.messages.clear();
  if (answers_before_write_) {
    for (Message& message : ready.messages_after) sent.push_back({.message = std::move(message)});
    ready.messages_after.clear();
  }
  if (ready.install) log_.install(*ready.install, received_.at(ready.install->index));
  log_.replace(ready.entries);
  snapshots.insert(snapshots.end(), ready.snapshots.begin(), ready.snapshots.end());
  writing_.push_back(std::move(ready));
}

void Node::write_one() {
  const Ready ready = std::move(writing_.front());
  writing_.pop_front();
  if (on_written) on_written(ready);
  if (ready.install) {
    disk_.log.install(*ready.install, received_.at(ready.install->index));
    disk_.applied = ready.install->index;
    disk_.applied_chain = disk_.log.start_chain;
  }
  disk_.log.replace(ready.entries);
  if (ready.hard_state) disk_.hard_state = *ready.hard_state;
  for (const Message& message : ready.messages_after) sent.push_back({.message = message});
  core_.persisted(ready);
  if (ready.install) {
    ++installs_;
    applied_ = disk_.applied;
    applied_chain_ = disk_.applied_chain;
  }
  for (const Entry& entry : ready.committed) {
    if (entry.index != applied_ + 1) throw std::logic_error("the driver was given a gap to apply");
    applied_ = entry.index;
    applied_chain_ = chained(applied_chain_, entry);
    newly_applied.push_back(entry);
  }
  if (!ready.committed.empty()) core_.applied(applied_);
  for (const Ready::Read& read : ready.reads) {
    if (read.index > applied_) throw std::logic_error("a read came before its index was applied");
    reads.push_back(read);
  }
}

void Node::restart() {
  writing_.clear();
  received_.clear();
  log_ = disk_.log;
  applied_ = disk_.applied;
  applied_chain_ = disk_.applied_chain;
  core_ = Core(config_, stored(disk_));
}

void Node::compact(Index through) {
  disk_.applied = applied_;
  disk_.applied_chain = applied_chain_;
  core_.compact(through);
  const Index before = core_.status().first_index - 1;
  if (before > applied_) return;  // a snapshot that is not written yet
  const Mark mark = {.index = before, .term = *core_.term_of(before)};
  log_.compact(mark);
  if (disk_.log.start.index < before) disk_.log.compact(mark);
}

std::uint64_t Node::digest() const {
  std::uint64_t hash = hash_of(core_.digest());
  hash = mixed(mixed(hash, disk_.hard_state.term), disk_.hard_state.vote);
  hash = mixed(mixed(hash, disk_.log.last_index()), disk_.log.chain_at(disk_.log.last_index()));
  hash = mixed(mixed(hash, disk_.hard_state.commit), applied_);
  for (const Ready& ready : writing_) {
    hash = mixed(hash, ready.hard_state ? ready.hard_state->term * 8 + ready.hard_state->vote : 0);
    for (const Entry& entry : ready.entries) hash = mixed(hash, chained(entry.index, entry));
    for (const Message& message : ready.messages_after) {
      hash = mixed(hash, static_cast<std::uint64_t>(message.kind) * 64 + message.to * 16 + message.term);
      hash = mixed(hash, message.index * 2 + (message.reject ? 1 : 0));
    }
    hash = mixed(hash, ready.committed.size());
  }
  return hash;
}

}  // namespace plaza::raft::test
