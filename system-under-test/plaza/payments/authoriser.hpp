// The payment authoriser: asks whether a user may pay, which takes a while.
//
// It stands in for a payment provider on the far side of a network: an answer comes after `delay`, and is whatever
// `decide` says. It moves no money and has no memory; once the answer is given, the payment counts as made.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace plaza {

enum class Authorisation : std::uint8_t { approved, refused };

struct PaymentConfig {
  std::chrono::steady_clock::duration delay = std::chrono::milliseconds(5);
  std::function<Authorisation(const std::string& user, std::uint32_t ticket)> decide;  // none: approves everything
};

// Answers after config.delay. A wait that is cut short counts as refused: silence is not an approval.
boost::asio::awaitable<Authorisation> authorise(boost::asio::any_io_executor executor, PaymentConfig config,
                                                std::string user, std::uint32_t ticket);

}  // namespace plaza
