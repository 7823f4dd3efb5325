// What the connections of one gateway share, and the list of them. Each enters and leaves the list by itself.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "system-under-test/plaza/gateway/box_office.hpp"
#include "system-under-test/plaza/gateway/config.hpp"
#include "system-under-test/plaza/gateway/feed.hpp"
#include "system-under-test/plaza/gateway/hooks.hpp"
#include "system-under-test/plaza/gateway/inspection.hpp"
#include "system-under-test/plaza/gateway/metrics.hpp"

namespace plaza {

class HttpConnection;
class Session;

struct Gateway {
  Gateway(const boost::asio::any_io_executor& executor, GatewayConfig config, std::shared_ptr<Replica> replica,
          GatewayHooks hooks);

  boost::asio::any_io_executor executor;
  GatewayConfig config;
  GatewayHooks hooks;
  std::shared_ptr<Replica> replica;
  std::shared_ptr<Feed> feed;
  std::shared_ptr<const BoxOffice> office;
  Metrics metrics;

  std::map<std::uint64_t, Session*> sessions;                 // by id
  std::map<std::uint64_t, HttpConnection*> http_connections;  // by id
  std::uint64_t next_id = 1;
  std::function<void()> session_left;  // called after each that has
  bool is_draining = false;

  // With the first sessions, so many.
  GatewayView view(std::size_t shown_most) const;
};

}  // namespace plaza
