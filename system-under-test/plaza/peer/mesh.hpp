// The mesh: how the nodes of a cluster talk to each other, over TCP.
//
// A node dials each of the others, and sends what it has for it over the connection that it dialled itself; what comes
// over the connections that it accepted is what it receives. So a pair has a connection each way, and each end alone
// decides about its own. Snapshots go over a second connection, dialled when there is one to send, so that heartbeats
// need not wait behind them.
//
// A connection begins with a handshake (frame.hpp): protocol version, cluster, both nodes' ids, the stream, and the
// sender's incarnation, which grows with every start of a node. Whoever is of another cluster, means another node,
// speaks another version, or is an earlier incarnation of a node that was heard of since, is refused with the reason,
// which is logged at the other end. A refused node dials again, at the longest pause.
//
// Nothing is promised: a frame may be lost with its connection, or because the queue to a node is full, which `lost`
// says; but what arrives is whole, in order, and from whom it says. A connection that says nothing for `idle_timeout`
// (the dialled end is pinged every `ping_interval`, and answers) is broken, and is dialled again, after a pause that
// doubles up to `backoff_most`, with jitter.
//
// All on one executor, of which one thread at a time may run.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/raft/types.hpp"

namespace plaza::peer {

using raft::NodeId;

// The first byte of every frame. 1 to 15 are the mesh's own (frame.hpp).
enum class FrameType : std::uint8_t {
  raft = 16,            // a raft::Message (codec.hpp)
  submit = 17,          // commands for the leader's log
  snapshot_begin = 18,  // bulk
  snapshot_chunk = 19,  // bulk
  snapshot_end = 20,    // bulk
};

enum class Stream : std::uint8_t { control = 0, bulk = 1 };

struct MeshConfig {
  std::string cluster;
  NodeId node = 0;
  std::uint64_t incarnation = 0;
  boost::asio::ip::tcp::endpoint listen_on;
  struct Address {
    std::string host;  // a name, resolved anew for each connection, or a numeric address
    std::uint16_t port = 0;
  };
  std::map<NodeId, Address> peers;  // the others
  using Duration = std::chrono::steady_clock::duration;
  Duration backoff_first = std::chrono::milliseconds(50);
  Duration backoff_most = std::chrono::seconds(1);
  Duration connect_timeout = std::chrono::seconds(1);  // connecting and handshake together
  Duration ping_interval = std::chrono::milliseconds(500);
  Duration idle_timeout = std::chrono::milliseconds(1500);
  std::size_t queue_bytes_most = 16 * 1024 * 1024;           // to one node, on one stream; beyond it frames are dropped
  std::size_t frame_bytes_most = 8 * 1024 * 1024;            // a longer one breaks the connection
  std::function<std::uint32_t(std::uint32_t below)> random;  // for the jitter
  Bugs bugs;
};

// Called in the handler in which it happened, never within send(). They may call send(), and end the mesh.
struct MeshCallbacks {
  std::function<void(NodeId from, FrameType type, std::string_view payload)> received;
  // Frames to this node that send() took may not have come; or the queue is full, which is told once until there is
  // room again.
  std::function<void(NodeId to, Stream stream)> lost;
  // The queue of the bulk stream to this node is empty: more of a snapshot may go. Not when it is lost, but when a
  // connection may be made again after that.
  std::function<void(NodeId to)> bulk_drained;
  // A line for the log: connected, lost, refused, and why.
  std::function<void(const std::string& line)> said;
};

class Mesh {
 public:
  // Listens at once. Throws boost::system::system_error if it cannot.
  Mesh(const boost::asio::any_io_executor& executor, MeshConfig config, MeshCallbacks callbacks);
  // Drops all connections without a word; callbacks are called no more.
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  // Begins to accept and to dial.
  void start();

  // Queues a frame. False if it is dropped at once: no such node, or no room; without a connection it is dropped too,
  // unless one is being made. On the bulk stream this begins to make one, except in the pause after one was lost.
  bool send(NodeId to, Stream stream, FrameType type, std::string_view payload);

  boost::asio::ip::tcp::endpoint local_endpoint() const;

  struct PeerView {
    bool connected = false;         // our connection to it, of the control stream
    bool heard = false;             // it has one to us
    std::uint64_t incarnation = 0;  // as it said last
    std::size_t queued_bytes = 0;
    std::uint64_t frames_sent = 0;
    std::uint64_t frames_received = 0;
    std::uint64_t frames_lost = 0;
  };
  std::map<NodeId, PeerView> view() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace plaza::peer
