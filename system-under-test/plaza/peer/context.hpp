// What the connections of a mesh share: how it is set up, whom they tell, and who was heard of.
//
// It outlives the mesh for as long as operations of its connections are still in the event loop. From end() on nobody
// is told anything. The mesh may end within a callback, whose captures then live until it returns.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "system-under-test/plaza/peer/mesh.hpp"
#include "system-under-test/plaza/peer/repeats.hpp"

namespace plaza::peer {

class Context {
 public:
  Context(MeshConfig config, MeshCallbacks callbacks);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const MeshConfig config;

  // False if a later incarnation of this node was heard of before; otherwise this is the latest.
  bool heard_of(NodeId node, std::uint64_t incarnation);
  // 0: it was never heard of.
  std::uint64_t latest_of(NodeId node) const;

  // Each of these may end the mesh: whoever calls it looks at itself again before it goes on.
  void received(NodeId from, std::uint8_t type, std::string_view payload);
  void lost(NodeId to, Stream stream);
  void bulk_drained(NodeId to);
  void said(const std::string& line);
  // Only if these words about this remote are new (repeats.hpp).
  void said_once(const std::string& remote, const std::string& words, const std::string& line);

  // The same for a connection that was made, whose end will be news again if the connection is.
  bool said_connected(const std::string& remote, const std::string& words, const std::string& line);
  // All is well with this remote: whatever comes next is new.
  void forget_said_of(const std::string& remote) { repeats_.forget(remote); }

  void end();

 private:
  class Calling;
  template <typename Callback, typename... Arguments>
  void call(const Callback& callback, const Arguments&... arguments);

  MeshCallbacks callbacks_;
  int calls_ = 0;  // that have not returned
  bool ended_ = false;
  std::map<NodeId, std::uint64_t> incarnations_;
  Repeats repeats_;
};

// For the log.
std::string milliseconds(MeshConfig::Duration duration);

}  // namespace plaza::peer
