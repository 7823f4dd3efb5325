#include "system-under-test/plaza/gateway/metrics.hpp"

#include <string_view>

namespace plaza {
namespace {

// A family of samples: its head first, then each with its labels, which are safe as they stand: names of the protocol,
// and numbers.
class Exposition {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_.append("# HELP plaza_").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE plaza_").append(name).append(" ").append(type).append("\n");
  }
  void sample(std::string_view labels, std::uint64_t value) {
    text_.append("plaza_").append(name_);
    if (!labels.empty()) text_.append("{").append(labels).append("}");
    text_.append(" ").append(std::to_string(value)).append("\n");
  }
  void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, "gauge", help);
    sample("", value);
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, "counter", help);
    sample("", value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string_view name_;
};

std::string label(std::string_view name, std::string_view value) {
  return std::string(name).append("=\"").append(value).append("\"");
}

std::string_view op_name(std::size_t row) {
  return row == kOperations ? "none" : to_string(static_cast<Operation>(row));
}

std::string_view outcome_name(std::size_t column) {
  return column == 0 ? "ok" : to_string(static_cast<Error>(column - 1));
}

void write_replica(Exposition& out, const ReplicaView& replica) {
  out.family("role", "gauge", "1 for the role that the node has.");
  for (const raft::Role role :
       {raft::Role::follower, raft::Role::pre_candidate, raft::Role::candidate, raft::Role::leader}) {
    out.sample(label("role", raft::name_of(role)), role == replica.raft.role ? 1 : 0);
  }
  out.gauge("term", "Term of consensus.", replica.raft.term);
  out.gauge("leader", "Node that is known to lead, or 0.", replica.raft.leader);
  out.gauge("log_last_index", "Last entry of the log.", replica.raft.last_index);
  out.gauge("commit_index", "Last entry that is known to be committed.", replica.raft.commit);
  out.gauge("applied_index", "Last entry that is applied.", replica.applied);
  out.gauge("flushed_index", "Applied index of the state on the disk.", replica.flushed);
  out.gauge("waiting", "Commands and reads that wait at this node.", replica.waiting);
  out.gauge("cells", "Cells of the machine.", replica.cells);
  out.gauge("cell_bytes", "Bytes of the machine's cells.", replica.cell_bytes);
  out.gauge("incarnation", "How often the node has started.", replica.incarnation);

  const auto by_peer = [&out, &replica](std::string_view name, std::string_view type, std::string_view help,
                                        auto value) {
    out.family(name, type, help);
    for (const auto& [id, peer] : replica.peers) out.sample(label("peer", std::to_string(id)), value(peer));
  };
  using Peer = peer::Mesh::PeerView;
  by_peer("peer_connected", "gauge", "Whether there is a connection to the peer.",
          [](const Peer& peer) { return std::uint64_t{peer.connected}; });
  by_peer("peer_queued_bytes", "gauge", "Bytes that wait to be sent to the peer.",
          [](const Peer& peer) { return std::uint64_t{peer.queued_bytes}; });
  by_peer("peer_frames_sent_total", "counter", "Frames sent to the peer.",
          [](const Peer& peer) { return peer.frames_sent; });
  by_peer("peer_frames_received_total", "counter", "Frames received from the peer.",
          [](const Peer& peer) { return peer.frames_received; });
  by_peer("peer_frames_lost_total", "counter", "Frames to the peer that were dropped.",
          [](const Peer& peer) { return peer.frames_lost; });
}

}  // namespace

std::string Metrics::text(const GatewayView& gateway, const ReplicaView& replica) const {
  Exposition out;
  out.family("requests_total", "counter", "Requests that were answered, by operation and outcome.");
  for (std::size_t row = 0; row < requests_.size(); ++row) {
    for (std::size_t column = 0; column < requests_[row].size(); ++column) {
      if (requests_[row][column] == 0) continue;
      out.sample(label("op", op_name(row)) + "," + label("outcome", outcome_name(column)), requests_[row][column]);
    }
  }
  out.counter("connections_total", "Connections that were accepted.", connections_);
  out.counter("accept_errors_total", "Connections that could not be accepted.", accept_errors_);
  out.counter("sessions_total", "WebSocket sessions that were opened.", sessions_);
  out.counter("pushes_total", "Pushes that were sent.", pushes_);
  out.counter("push_bytes_total", "Bytes of pushes that were sent.", push_bytes_);
  out.counter("slow_consumers_total", "Sessions that were ended because they did not read.",
              closes(CloseCode::slow_consumer));
  out.family("closes_total", "counter", "Sessions that were ended by the node, by close code.");
  for (const auto& [code, number] : closes_) {
    out.sample(label("code", std::to_string(code)), number);
  }
  out.family("http_responses_total", "counter", "HTTP responses, by status.");
  for (const auto& [status, number] : http_) out.sample(label("status", std::to_string(status)), number);

  out.gauge("sessions", "WebSocket sessions that there are.", gateway.sessions);
  out.gauge("http_connections", "Connections that are not WebSocket (yet).", gateway.http_connections);
  out.gauge("watches", "Topics that sessions watch, each counted.", gateway.watches);
  out.gauge("topics", "Topics that are watched.", gateway.topics);
  out.gauge("requests_in_progress", "Requests that are being worked on.", gateway.requests_in_progress);
  out.gauge("outbound_messages", "Messages that wait to be sent to sessions.", gateway.outbound_messages);
  out.gauge("outbound_bytes", "Bytes of them.", gateway.outbound_bytes);
  out.gauge("outbound_messages_longest", "Messages that wait in the longest queue.", gateway.outbound_longest);
  out.gauge("draining", "Whether the node is ending.", gateway.is_draining ? 1 : 0);
  write_replica(out, replica);
  return out.take();
}

}  // namespace plaza
