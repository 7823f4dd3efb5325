// A replica: one node's part in the cluster, with everything but its clients. It drives consensus (raft::Core) with the
// node's clock, disk and peers, applies what is committed to the machine, and tells whoever waits for it.
//
// What one turn of the event loop brings is gathered, and made durable in one transaction; the event loop waits for the
// disk meanwhile. If the disk fails, or another node contradicts what it has, the node tells nobody anything any more
// and is at its end: hook `store_lost`. The others find another leader when they miss it.
//
// A command may be submitted at any node. It goes to the leader, and is answered when it is applied at the node that it
// was submitted at: so whoever is answered, and looks at that node's machine, sees it. A command that gets lost on the
// way is sent again, as often as it takes until its deadline; that is safe because the machine remembers answers by
// their key.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/domain/machine.hpp"
#include "system-under-test/plaza/peer/mesh.hpp"
#include "system-under-test/plaza/raft/core.hpp"
#include "system-under-test/plaza/store/node_store.hpp"

namespace plaza {

using SteadyClock = std::chrono::steady_clock;

struct ReplicaConfig {
  std::string cluster = "plaza";
  raft::NodeId node = 1;
  boost::asio::ip::tcp::endpoint listen_on;                 // for the other nodes
  std::map<raft::NodeId, peer::MeshConfig::Address> peers;  // the others; none: a cluster of one
  std::filesystem::path data_folder;                        // holds node.db; must be there
  SteadyClock::duration tick = std::chrono::milliseconds(50);
  unsigned heartbeat_ticks = 1;
  unsigned election_ticks = 10;
  SteadyClock::duration commit_delay = std::chrono::milliseconds(1);  // how long a leader gathers commands
  SteadyClock::duration flush_interval = std::chrono::seconds(1);     // how long applied state may be in memory only
  std::size_t flush_changes_most = 4096;
  std::size_t append_bytes_most = 64 * 1024;  // of entries in one message to a follower; one always fits
  std::uint64_t log_keep = 10'000;            // entries that a slow follower may lack without needing a snapshot
  SteadyClock::duration resubmit_after = std::chrono::milliseconds(300);
  std::size_t waiting_most = 50'000;  // commands and reads that wait at this node; more are refused
  Bugs bugs;
};

// All that an observer may want to see of a node; read-only, consistent between two handlers.
struct ReplicaView {
  raft::Status raft;
  std::uint64_t incarnation = 0;
  std::uint64_t applied = 0;
  std::uint64_t hash = 0;     // of the machine, at `applied`
  std::uint64_t flushed = 0;  // applied index of the state on the disk
  std::size_t waiting = 0;    // commands and reads
  std::size_t cells = 0;
  std::size_t cell_bytes = 0;
  std::map<raft::NodeId, peer::Mesh::PeerView> peers;
};

// All are optional; called synchronously, in the handler in which it happened; must neither block nor call back.
struct ReplicaHooks {
  // The node starts with this: what its disk had.
  std::function<void(const raft::Stored& stored, const Machine& machine, std::uint64_t incarnation)> recovered;
  // The role, the term or the leader that it knows has changed.
  std::function<void(const raft::Status& status)> role_changed;
  // It is about to write this: a node that ends meanwhile may have it.
  std::function<void(const NodeStore::Batch& batch)> persisting;
  // It has made this durable: entries, which replace the log from the first one's index on, and the hard state.
  std::function<void(const NodeStore::Batch& batch)> persisted;
  // It has applied an entry; the machine is as it is after it.
  std::function<void(const raft::Entry& entry, const Machine::Applied& applied, const Machine& machine)> applied;
  // It has taken over a snapshot.
  std::function<void(const raft::Mark& mark, const Machine& machine)> installed;
  // Neither to be written nor to be trusted any more: the node shall end, though not in this hook.
  std::function<void(const std::string& why)> store_lost;
  // A line for the log.
  std::function<void(const std::string& line)> said;
};

struct Outcome {
  enum class Kind : std::uint8_t {
    answered,
    timed_out,  // done or not, nobody knows: ask again under the same id
    refused,    // not done, and will not be: the node has too much to do, or is ending
  };
  Kind kind = Kind::refused;
  Answer answer = {};
};

class Replica : public std::enable_shared_from_this<Replica> {
 public:
  // Opens the store and listens. Throws StoreError, DamagedState, or boost::system::system_error.
  static std::shared_ptr<Replica> start(const boost::asio::any_io_executor& executor, ReplicaConfig config,
                                        ReplicaHooks hooks);
  virtual ~Replica() = default;

  // Puts a command in the log (its time is the leader's business) and awaits its answer.
  virtual boost::asio::awaitable<Outcome> submit(Command command, SteadyClock::time_point deadline) = 0;
  // Awaits the moment from which this node's machine shows everything that was answered anywhere before the call
  // (read-index). False: not until the deadline.
  virtual boost::asio::awaitable<bool> read(SteadyClock::time_point deadline) = 0;
  // Awaits that this node has applied this index. False: not until the deadline.
  virtual boost::asio::awaitable<bool> reached(std::uint64_t index, SteadyClock::time_point deadline) = 0;

  virtual const Machine& machine() const = 0;
  // Called after each entry that is applied, and after a snapshot that was installed (then `applied` is null).
  virtual void on_applied(std::function<void(const Machine::Applied* applied)> listener) = 0;
  virtual ReplicaView view() const = 0;
  // Whether it knows a leader that it can reach: others should be asked otherwise.
  virtual bool is_ready() const = 0;

  // Hands leadership over if it has it, refuses what is submitted from now on, ends what waits, and writes what there
  // is.
  virtual boost::asio::awaitable<void> drain(SteadyClock::time_point deadline) = 0;
  // As if the process had died: nothing more is written or sent, and nobody is called.
  virtual void abandon() = 0;
};

}  // namespace plaza
