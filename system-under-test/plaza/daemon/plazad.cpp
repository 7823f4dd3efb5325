#include <boost/asio/io_context.hpp>

#include "system-under-test/plaza/node/node.hpp"

int main() {
  boost::asio::io_context io;
  plaza::Node node(io.get_executor(), {}, {});
  io.run();
}
