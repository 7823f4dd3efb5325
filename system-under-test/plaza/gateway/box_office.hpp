// The box office: turns clients' requests into commands of the domain, and the domain's answers into responses. Between
// the two halves of a purchase it awaits the payment.
//
// It keeps nothing. Whatever is lost on the way, a request may be asked again under its id, here or at another node:
// the machine remembers what it answered, and a payment that was awaited twice is settled once.
//
// It knows no connections: what was begun goes on, and its answer is remembered, if the one who asked is gone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "system-under-test/plaza/gateway/config.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"
#include "system-under-test/plaza/replica/replica.hpp"

namespace plaza {

class BoxOffice {
 public:
  BoxOffice(boost::asio::any_io_executor executor, std::shared_ptr<Replica> replica, const GatewayConfig& config);

  // Of every operation but watch and unwatch. `office` is kept alive until it is done.
  static boost::asio::awaitable<Response> serve(std::shared_ptr<const BoxOffice> office, const std::string& user,
                                                const Request& request);

  // A response that nothing in the log has decided.
  Response undecided(const Request& request, Error error) const;

 private:
  boost::asio::awaitable<Response> buy(const std::string& user, const Request& request) const;
  boost::asio::awaitable<Response> buy_what_was_seen(const std::string& user, const Request& request) const;
  boost::asio::awaitable<Response> look(const Request& request) const;
  Response respond(const Request& request, const Outcome& outcome) const;
  SteadyClock::time_point deadline() const { return SteadyClock::now() + request_deadline_; }

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Replica> replica_;
  PaymentConfig payments_;
  SteadyClock::duration request_deadline_;
  Bugs bugs_;
};

}  // namespace plaza
