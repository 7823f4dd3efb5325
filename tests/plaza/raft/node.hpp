// A node as tests have it: a Core with its driver, its disk and its state machine, and no time, network or threads.
//
// The state machine is a chain of hashes: `chain` at an index stands for all entries up to there, so two nodes applied
// the same if, and only if, their chains are equal. A snapshot is a mark and its chain.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "system-under-test/plaza/raft/core.hpp"

namespace plaza::raft::test {

using Chain = std::uint64_t;
Chain chained(Chain before, const Entry& entry);

// A log, with the chain at each entry.
struct LogImage {
  struct Item {
    Entry entry;
    Chain chain = 0;
  };
  Mark start;
  Chain start_chain = 0;
  std::vector<Item> items;

  Index last_index() const { return start.index + items.size(); }
  // Requires: start.index <= index <= last_index().
  Chain chain_at(Index index) const {
    return index == start.index ? start_chain : items[index - start.index - 1].chain;
  }
  const Entry& at(Index index) const { return items[index - start.index - 1].entry; }
  // These replace all from the first one's index on.
  void replace(const std::vector<Entry>& entries);
  void install(Mark mark, Chain chain);
  void compact(Mark mark);
};

// A message on its way. A snapshot carries its state.
struct Packet {
  Message message;
  Chain chain = 0;
};

class Node {
 public:
  // What is there after a crash.
  struct Disk {
    HardState hard_state;
    LogImage log;
    Index applied = 0;
    Chain applied_chain = 0;
  };

  explicit Node(Config config) : Node(std::move(config), Disk()) {}
  Node(Config config, Disk disk);
  Node(const Node& other);
  Node& operator=(const Node&) = delete;

  Core& core() { return core_; }
  const Core& core() const { return core_; }
  Status status() const { return core_.status(); }
  const Disk& disk() const { return disk_; }
  const LogImage& log() const { return log_; }
  Index applied() const { return applied_; }
  Chain applied_chain() const { return applied_chain_; }
  std::size_t installs() const { return installs_; }

  void step(const Packet& packet);

  // One turn of the driver: what is ready is taken, and written unless the disk is stalled.
  void turn();
  // A stalled disk: what is ready is taken, and waits.
  void set_stalled(bool is_stalled) { is_stalled_ = is_stalled; }
  bool is_writing() const { return !writing_.empty(); }
  // The oldest that waits is written, and what comes after is done.
  void write_one();
  // Drivers that are wrong: to see that the checks notice.
  void set_answers_before_write() { answers_before_write_ = true; }
  void forget_vote() { disk_.hard_state.vote = 0; }

  // What was not written is lost.
  void restart();
  // The state is written, and the log forgets what is up to `through`.
  void compact(Index through);

  // What came of its turns; whoever drives the node takes it.
  std::vector<Packet> sent;
  std::vector<Ready::Read> reads;
  std::vector<Ready::Snapshot> snapshots;
  std::vector<Entry> newly_applied;
  // Told of each Ready when it was taken and when it was written; not copied with the node.
  std::function<void(const Ready&)> on_taken;
  std::function<void(const Ready&)> on_written;

  // Equal where two nodes would do the same from now on.
  std::uint64_t digest() const;

 private:
  void take();

  Config config_;
  Disk disk_;
  LogImage log_;  // as in memory
  Index applied_ = 0;
  Chain applied_chain_ = 0;
  std::size_t installs_ = 0;
  std::map<Index, Chain> received_;  // states of snapshots, by their index
  std::deque<Ready> writing_;
  bool is_stalled_ = false;
  bool answers_before_write_ = false;
  Core core_;
};

std::uint64_t hash_of(std::string_view bytes);

}  // namespace plaza::raft::test
