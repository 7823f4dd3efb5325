#include "system-under-test/plaza/peer/mesh.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <stillpoint/annotate.hpp>
#include <utility>
#include <vector>

#include "system-under-test/plaza/peer/context.hpp"
#include "system-under-test/plaza/peer/handshake.hpp"
#include "system-under-test/plaza/peer/inbound.hpp"
#include "system-under-test/plaza/peer/link.hpp"

namespace plaza::peer {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// After accept() has failed, which it does most often for want of descriptors: give the others time to return some.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

}  // namespace

class Mesh::Impl final : public Inbound::Owner, public std::enable_shared_from_this<Mesh::Impl> {
 public:
  Impl(const asio::any_io_executor& executor, MeshConfig config, MeshCallbacks callbacks)
      : context_(std::make_shared<Context>(std::move(config), std::move(callbacks))),
        acceptor_(executor, context_->config.listen_on),
        accept_pause_(executor) {
    for (const auto& [node, address] : context_->config.peers) {
      for (const Stream stream : {Stream::control, Stream::bulk}) {
        const Outbound::Destination to{.node = node, .stream = stream, .address = address};
        links_.emplace(std::pair(node, stream), std::make_shared<Link>(executor, context_, to));
      }
    }
  }

  void start() {
    accept();
    for (const auto& [to, link] : links_) link->start();
  }

  bool send(NodeId to, Stream stream, FrameType type, std::string_view payload) {
    const auto link = links_.find({to, stream});
    return link != links_.end() && link->second->send(static_cast<std::uint8_t>(type), payload);
  }

  void end() {
    context_->end();
    error_code ignored;
    acceptor_.close(ignored);
    accept_pause_.cancel();
    for (const auto& [to, link] : links_) link->close();
    for (const auto& [serial, inbound] : inbound_) inbound->close();
    inbound_.clear();
  }

  tcp::endpoint local_endpoint() const { return acceptor_.local_endpoint(); }

  std::map<NodeId, PeerView> view() const {
    std::map<NodeId, PeerView> peers;
    for (const auto& [to, link] : links_) {
      const auto& [node, stream] = to;
      PeerView& peer = peers[node];
      if (stream == Stream::control) peer.connected = link->is_open();
      peer.incarnation = context_->latest_of(node);
      peer.queued_bytes += link->queued_bytes();
      peer.frames_sent += link->frames_sent();
      peer.frames_lost += link->frames_lost();
    }
    for (const auto& [node, frames] : frames_received_) peers[node].frames_received += frames;
    for (const auto& [serial, inbound] : inbound_) {
      const auto& hello = inbound->hello();
      if (!hello) continue;
      PeerView& peer = peers[hello->from];
      peer.frames_received += inbound->frames_received();
      if (hello->stream == Stream::control) peer.heard = true;
    }
    return peers;
  }

 private:
  void accept() {
    // Asked of the socket later, the kernel may not know any more who it was.
    acceptor_.async_accept(remote_, [self = shared_from_this()](error_code error, tcp::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (error) return self->accept_later();
      const std::uint64_t serial = self->next_serial_++;
      const Inbound::Origin origin{.serial = serial, .remote = self->remote_};
      const auto inbound = std::make_shared<Inbound>(std::move(socket), origin, self->context_, self->weak_from_this());
      self->inbound_.emplace(serial, inbound);
      inbound->start();
      self->accept();
    });
  }

  void accept_later() {
    STILLPOINT_REACHABLE("a peer cannot be accepted for now");
    accept_pause_.expires_after(kAcceptPause);
    accept_pause_.async_wait([self = shared_from_this()](error_code error) {
      if (!error && self->acceptor_.is_open()) self->accept();
    });
  }

  std::optional<std::string> greet(const Inbound& newcomer, const Hello& hello) override {
    auto refusal = objection(hello, context_->config, context_->latest_of(hello.from));
    if (refusal) return refusal;
    context_->heard_of(hello.from, hello.incarnation);
    // Its node has given up the connection that it had, though nothing has come of that yet; what is left in there is
    // older than what the new one brings, and must not come after it.
    for (const auto& earlier : earlier_than(newcomer, hello)) {
      STILLPOINT_REACHABLE("a connection takes the place of an earlier one");
      earlier->end("replaced by a newer connection");
    }
    return std::nullopt;
  }

  // Copies, as each is left out of the map when it ends.
  std::vector<std::shared_ptr<Inbound>> earlier_than(const Inbound& newcomer, const Hello& hello) const {
    std::vector<std::shared_ptr<Inbound>> earlier;
    for (const auto& [serial, inbound] : inbound_) {
      const auto& its = inbound->hello();
      if (serial == newcomer.serial() || !its || its->from != hello.from) continue;
      if (its->stream == hello.stream || its->incarnation < hello.incarnation) earlier.push_back(inbound);
    }
    return earlier;
  }

  void left(const Inbound& inbound) override {
    if (inbound.hello()) frames_received_[inbound.hello()->from] += inbound.frames_received();
    inbound_.erase(inbound.serial());
  }

  std::shared_ptr<Context> context_;
  tcp::acceptor acceptor_;
  tcp::endpoint remote_;  // of the connection that is accepted next
  asio::steady_timer accept_pause_;
  std::map<std::pair<NodeId, Stream>, std::shared_ptr<Link>> links_;
  std::map<std::uint64_t, std::shared_ptr<Inbound>> inbound_;
  std::uint64_t next_serial_ = 1;
  std::map<NodeId, std::uint64_t> frames_received_;  // over the connections that are over
};

Mesh::Mesh(const asio::any_io_executor& executor, MeshConfig config, MeshCallbacks callbacks)
    : impl_(std::make_shared<Impl>(executor, std::move(config), std::move(callbacks))) {}

Mesh::~Mesh() { impl_->end(); }

void Mesh::start() { impl_->start(); }

bool Mesh::send(NodeId to, Stream stream, FrameType type, std::string_view payload) {
  return impl_->send(to, stream, type, payload);
}

tcp::endpoint Mesh::local_endpoint() const { return impl_->local_endpoint(); }

std::map<NodeId, Mesh::PeerView> Mesh::view() const { return impl_->view(); }

}  // namespace plaza::peer
