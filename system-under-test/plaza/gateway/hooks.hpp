// Hooks for whoever wants to observe a gateway: audit logs, tests. All are optional. They are called synchronously, in
// the handler in which the thing happened, and must neither block nor call back into the server. They are called no
// more once the Server has been destroyed or abandoned.
#pragma once

#include <functional>
#include <string>

#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza {

struct GatewayHooks {
  // A well-formed request was read: before anything is done about it, also if it will be refused.
  std::function<void(const std::string& user, const Request& request)> received;
  // The answer to a well-formed request was queued for sending. Not called if its connection is gone by then.
  std::function<void(const std::string& user, const Request& request, const Response& response)> answered;
};

}  // namespace plaza
