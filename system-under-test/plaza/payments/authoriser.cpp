#include "system-under-test/plaza/payments/authoriser.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace plaza {

namespace asio = boost::asio;

asio::awaitable<Authorisation> authorise(asio::any_io_executor executor, PaymentConfig config, std::string user,
                                         std::uint32_t ticket) {
  asio::steady_timer timer(executor, config.delay);
  boost::system::error_code error;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return Authorisation::refused;
  if (!config.decide) co_return Authorisation::approved;
  co_return config.decide(user, ticket);
}

}  // namespace plaza
