// All of Asio and Beast that a service may use (but TLS), so that its object file imports whatever they may call of
// libc. It is compiled and never run.
#include <boost/asio.hpp>
#include <boost/beast.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;

template class beast::websocket::stream<beast::tcp_stream>;
template class asio::basic_waitable_timer<std::chrono::steady_clock>;
template class asio::basic_waitable_timer<std::chrono::system_clock>;
template class asio::basic_stream_socket<Tcp>;
template class asio::basic_socket_acceptor<Tcp>;
template class asio::basic_datagram_socket<asio::ip::udp>;
template class asio::basic_raw_socket<asio::ip::icmp>;
template class asio::basic_stream_socket<asio::local::stream_protocol>;
template class asio::basic_socket_acceptor<asio::local::stream_protocol>;
template class asio::basic_datagram_socket<asio::local::datagram_protocol>;
template class asio::basic_seq_packet_socket<asio::generic::seq_packet_protocol>;
template class asio::ip::basic_resolver<Tcp>;
template class asio::ip::basic_resolver<asio::ip::udp>;
template class asio::basic_signal_set<>;
template class asio::basic_serial_port<>;
template class asio::posix::basic_stream_descriptor<>;
template class asio::basic_readable_pipe<>;
template class asio::basic_writable_pipe<>;
template class asio::basic_socket_iostream<Tcp>;

// What is no class template, or a member template of one: every way to make and end an operation.
namespace imported {

void blocking(asio::io_context& context, Tcp::socket& socket, beast::flat_buffer& buffer) {
  Tcp::resolver resolver(context);
  asio::connect(socket, resolver.resolve("name", "service"));
  Tcp::iostream stream("name", "service");
  stream << stream.rdbuf();
  asio::streambuf text;
  asio::read_until(socket, text, "\n");
  asio::write(socket, text);
  http::request<http::string_body> request;
  http::response<http::file_body> response;
  http::write(socket, request);
  http::read(socket, buffer, response);
  http::write(socket, response);
  beast::websocket::stream<Tcp::socket&> websocket(socket);
  websocket.handshake("name", "/");
  websocket.accept();
  websocket.read(buffer);
  websocket.write(buffer.data());
  websocket.close({});
  beast::file_posix file;
  beast::error_code error;
  file.open("name", beast::file_mode::append, error);
  file.seek(file.pos(error) + file.size(error), error);
}

asio::awaitable<void> coroutine(beast::tcp_stream stream, beast::flat_buffer buffer) {
  co_await stream.async_connect(Tcp::endpoint(), asio::use_awaitable);
  http::request<http::dynamic_body> request;
  co_await http::async_read(stream, buffer, request, asio::use_awaitable);
  beast::websocket::stream<beast::tcp_stream> websocket(std::move(stream));
  co_await websocket.async_accept(request, asio::use_awaitable);
  co_await websocket.async_read(buffer, asio::use_awaitable);
  co_await websocket.async_write(buffer.data(), asio::use_awaitable);
  co_await websocket.async_close({}, asio::use_awaitable);
}

void threads(asio::io_context& context, beast::tcp_stream stream) {
  asio::co_spawn(context, coroutine(std::move(stream), {}), asio::detached);
  asio::thread_pool pool(2);
  asio::post(pool, asio::bind_executor(asio::make_strand(context), [] {}));
  asio::system_executor system;
  asio::post(system, [] {});
  asio::steady_timer timer(context, std::chrono::seconds(1));
  timer.async_wait(asio::use_future).get();
  Tcp::resolver resolver(context);
  resolver.async_resolve("name", "service", asio::use_future).get();
  asio::signal_set signals(context, 1);
  signals.async_wait(asio::use_future).get();
  context.notify_fork(asio::io_context::fork_prepare);
  context.run();
  pool.join();
}

}  // namespace imported
