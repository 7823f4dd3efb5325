#include "system-under-test/plaza/gateway/inspection.hpp"

#include "system-under-test/plaza/json_writer.hpp"

namespace plaza {
namespace {

template <class List, class Text>
std::string array_of(const List& list, Text text) {
  std::string out = "[";
  for (const auto& element : list) {
    if (out.size() > 1) out += ',';
    out += text(element);
  }
  return out += ']';
}

std::string json_of(const SessionView& session) {
  const std::string watches = array_of(session.watches, [](const std::string& topic) {
    std::string text;
    append_json_text(text, topic);
    return text;
  });
  JsonWriter out;
  out.number("id", session.id).text("user", session.user).boolean("open", session.is_open);
  out.number("requests_in_progress", session.requests_in_progress);
  out.number("outbound_messages", session.outbound_messages).number("outbound_bytes", session.outbound_bytes);
  out.number("version", session.version).raw("watches", watches);
  return out.take();
}

std::string json_of(const GatewayView& gateway) {
  JsonWriter out;
  out.boolean("draining", gateway.is_draining).number("sessions", gateway.sessions);
  out.number("http_connections", gateway.http_connections).number("watches", gateway.watches);
  out.number("topics", gateway.topics).number("requests_in_progress", gateway.requests_in_progress);
  out.number("outbound_messages", gateway.outbound_messages).number("outbound_bytes", gateway.outbound_bytes);
  out.number("outbound_longest", gateway.outbound_longest);
  out.raw("shown", array_of(gateway.shown, [](const SessionView& session) { return json_of(session); }));
  return out.take();
}

std::string json_of(const raft::Status& status) {
  JsonWriter out;
  out.number("id", status.id).text("role", raft::name_of(status.role)).number("term", status.term);
  out.number("vote", status.vote).number("leader", status.leader).number("transfer_to", status.transfer_to);
  out.number("first_index", status.first_index).number("last_index", status.last_index);
  out.number("last_term", status.last_term).number("commit", status.commit).number("applied", status.applied);
  out.raw("peers", array_of(status.peers, [](const auto& entry) {
            const auto& [id, peer] = entry;
            JsonWriter one;
            one.number("id", id).number("match", peer.match).number("next", peer.next).boolean("active", peer.active);
            return one.boolean("snapshot", peer.snapshot).number("in_flight", peer.in_flight).take();
          }));
  return out.take();
}

std::string json_of(const ReplicaView& replica) {
  JsonWriter out;
  out.raw("raft", json_of(replica.raft)).number("incarnation", replica.incarnation).number("applied", replica.applied);
  out.text("hash", std::to_string(replica.hash));  // JSON's readers lose digits of such numbers
  out.number("flushed", replica.flushed).number("waiting", replica.waiting);
  out.number("cells", replica.cells).number("cell_bytes", replica.cell_bytes);
  out.raw("peers", array_of(replica.peers, [](const auto& entry) {
            const auto& [id, peer] = entry;
            JsonWriter one;
            one.number("id", id).boolean("connected", peer.connected).boolean("heard", peer.heard);
            one.number("incarnation", peer.incarnation).number("queued_bytes", peer.queued_bytes);
            one.number("frames_sent", peer.frames_sent).number("frames_received", peer.frames_received);
            return one.number("frames_lost", peer.frames_lost).take();
          }));
  return out.take();
}

}  // namespace

std::string debug_state(const GatewayView& gateway, const ReplicaView& replica) {
  return JsonWriter().raw("replica", json_of(replica)).raw("gateway", json_of(gateway)).take();
}

}  // namespace plaza
