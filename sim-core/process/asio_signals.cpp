#include "sim-core/process/asio_signals.hpp"

#include <boost/asio/detail/signal_set_service.hpp>
#include <boost/asio/detail/static_mutex.hpp>
#include <boost/version.hpp>
#include <cstring>

namespace stillpoint::process {
namespace {

// The layout of boost::asio::detail::signal_state, which only its source file knows.
struct State {
  boost::asio::detail::static_mutex mutex;
  int read_descriptor;
  int write_descriptor;
  bool fork_prepared;
  boost::asio::detail::signal_set_service* services;
  std::size_t registrations[boost::asio::detail::max_signal_number];
#if BOOST_VERSION >= 108200
  boost::asio::signal_set_base::flags_t flags[boost::asio::detail::max_signal_number];
#endif
};

State& state() { return *reinterpret_cast<State*>(boost::asio::detail::get_signal_state()); }

// As it is before anybody has used it.
const State kUnused = {BOOST_ASIO_STATIC_MUTEX_INIT,
                       -1,
                       -1,
                       false,
                       nullptr,
                       {}
#if BOOST_VERSION >= 108200
                       ,
                       {}
#endif
};

}  // namespace

void AsioSignals::put() {
  if (own_ != nullptr) std::memcpy(static_cast<void*>(&state()), own_.get(), sizeof(State));
}

void AsioSignals::take() {
  if (own_ == nullptr && state().services == nullptr) return;
  if (own_ == nullptr) own_ = std::make_unique<std::byte[]>(sizeof(State));
  std::memcpy(own_.get(), static_cast<const void*>(&state()), sizeof(State));
  std::memcpy(static_cast<void*>(&state()), static_cast<const void*>(&kUnused), sizeof(State));
}

}  // namespace stillpoint::process
