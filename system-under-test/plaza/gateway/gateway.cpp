#include "system-under-test/plaza/gateway/gateway.hpp"

#include <algorithm>
#include <utility>

#include "system-under-test/plaza/gateway/session.hpp"

namespace plaza {

Gateway::Gateway(const boost::asio::any_io_executor& on_executor, GatewayConfig its_config,
                 std::shared_ptr<Replica> its_replica, GatewayHooks its_hooks)
    : executor(on_executor),
      config(std::move(its_config)),
      hooks(std::move(its_hooks)),
      replica(std::move(its_replica)),
      feed(std::make_shared<Feed>(executor, replica,
                                  Feed::Options{.interval = config.push_interval, .portion = config.push_portion})),
      office(std::make_shared<const BoxOffice>(executor, replica, config)) {}

GatewayView Gateway::view(std::size_t shown_most) const {
  GatewayView view{.is_draining = is_draining,
                   .sessions = sessions.size(),
                   .http_connections = http_connections.size(),
                   .topics = feed->topics(),
                   .shown = {}};
  for (const auto& [id, session] : sessions) {
    const SessionView one = session->view();
    view.watches += one.watches.size();
    view.requests_in_progress += one.requests_in_progress;
    view.outbound_messages += one.outbound_messages;
    view.outbound_bytes += one.outbound_bytes;
    view.outbound_longest = std::max(view.outbound_longest, one.outbound_messages);
    if (view.shown.size() < shown_most) view.shown.push_back(one);
  }
  return view;
}

}  // namespace plaza
