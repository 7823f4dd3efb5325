// What can be configured about a server.
#pragma once

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/domain/inventory.hpp"
#include "system-under-test/plaza/payments/authoriser.hpp"
#include "system-under-test/plaza/store/journal.hpp"

namespace plaza {

struct ServerConfig {
  boost::asio::ip::tcp::endpoint listen_on{boost::asio::ip::address_v4::loopback(), 0};  // port 0: any free port
  TicketNumber capacity = 100;
  Duration hold_ttl = std::chrono::seconds(30);
  PaymentConfig payments;
  Duration push_interval = std::chrono::milliseconds(50);  // at most one stock push in this time
  std::size_t frame_bytes_max = 16 * 1024;                 // of a request; a longer one ends the connection
  std::size_t outbound_queue_max = 64;                     // messages waiting to be sent to one connection
  Duration close_grace = std::chrono::seconds(5);          // for the closing handshake, then the connection is dropped
  int send_buffer_bytes = 0;                               // SO_SNDBUF of every connection; 0: the system's default
  std::filesystem::path data_folder;                       // holds plaza.db; none: tickets live in memory
  JournalConfig journal;                                   // where there is a data folder
  Bugs bugs;
};

}  // namespace plaza
