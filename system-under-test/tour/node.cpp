#include "system-under-test/tour/node.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <map>
#include <new>
#include <utility>

#include "system-under-test/tour/journal.hpp"

namespace tour {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr auto kPatience = milliseconds(500);  // for a peer's answer, and for a connection
constexpr auto kPause = milliseconds(100);     // before something is tried again
// Of each beat: so much that malloc asks the kernel for it each time (M_MMAP_THRESHOLD in mallopt(3)).
constexpr std::size_t kMemory = std::size_t{40} << 20;
constexpr std::size_t kFiller = 400;  // of a message, so that some networks find it large

// A beat of a node, as it goes over the wire between machines of one kind.
struct Message {
  char from[32] = {};
  std::uint64_t beat = 0;
  std::array<char, kFiller> filler{};

  static Message of(const std::string& name, std::uint64_t beat) {
    Message message;
    std::strncpy(message.from, name.c_str(), sizeof message.from - 1);
    message.beat = beat;
    message.filler.fill(static_cast<char>('a' + beat % 26));
    return message;
  }
  bool whole() const {
    for (const char c : filler) {
      if (c != static_cast<char>('a' + beat % 26)) return false;
    }
    return from[sizeof from - 1] == '\0';
  }
};

}  // namespace

class Node::Impl : public std::enable_shared_from_this<Node::Impl> {
 public:
  Impl(asio::io_context& context, NodeConfig config, NodeHooks hooks)
      : context_(context),
        config_(std::move(config)),
        hooks_(std::move(hooks)),
        journal_(config_.journal),
        acceptor_(context, tcp::endpoint(tcp::v4(), config_.port)),
        socket_(context, udp::endpoint(udp::v4(), config_.port)) {}

  void start() {
    recover();
    spawn(accept());
    spawn(listen());
    spawn(beat());
    for (const std::string& peer : config_.peers) spawn(keep_talking(peer));
  }

 private:
  void spawn(asio::awaitable<void> coroutine) {
    asio::co_spawn(context_, std::move(coroutine), [self = shared_from_this()](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }

  void failed(const std::string& what) const {
    if (hooks_.failed) hooks_.failed(what);
  }
  void heard(const Message& message, NodeHooks::Over over) const {
    if (!message.whole()) return failed("message");
    if (hooks_.heard) hooks_.heard(message.from, message.beat, over);
  }

  asio::awaitable<void> pause(std::chrono::steady_clock::duration time) {
    asio::steady_timer timer(context_, time);
    co_await timer.async_wait(asio::use_awaitable);
  }

  // ---- the beat: memory, descriptors, the journal, datagrams ----

  asio::awaitable<void> beat() {
    for (;;) {
      co_await pause(config_.beat);
      ++beat_;
      take_memory();
      take_descriptor();
      write_journal();
      for (const auto& [peer, address] : addresses_) {
        const Message message = Message::of(config_.name, beat_);
        error_code error;
        socket_.send_to(asio::buffer(&message, sizeof message), udp::endpoint(address, config_.port), 0, error);
        if (error) failed("datagram");
      }
    }
  }

  void take_memory() {
    try {
      const auto memory = std::make_unique_for_overwrite<std::array<char, kMemory>>();
      volatile char& used = memory->front();  // a pair of new and delete that nobody uses is none
      used = 1;
    } catch (const std::bad_alloc&) {
      failed("memory");
    }
  }

  void take_descriptor() {
    const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (file < 0) return failed("descriptor");
    ::close(file);
  }

  void recover() {
    const std::optional<std::uint64_t> last = journal_.recover();
    if (!last) return failed("recovery");
    record_ = *last;
    if (hooks_.recovered) hooks_.recovered(record_);
  }

  void write_journal() {
    if (!journal_.is_open()) return recover();
    if (!journal_.append(record_ + 1)) return failed("journal");
    ++record_;
    if (hooks_.wrote) hooks_.wrote(record_);
  }

  // ---- what comes ----

  asio::awaitable<void> listen() {
    for (;;) {
      Message message;
      udp::endpoint from;
      error_code error;
      const std::size_t size = co_await socket_.async_receive_from(asio::buffer(&message, sizeof message), from,
                                                                   asio::redirect_error(asio::use_awaitable, error));
      if (!error && size == sizeof message) heard(message, NodeHooks::Over::udp);
    }
  }

  asio::awaitable<void> accept() {
    for (;;) {
      const auto socket = std::make_shared<tcp::socket>(context_);
      error_code error;
      co_await acceptor_.async_accept(*socket, asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        failed("accept");
        co_await pause(kPause);
      } else {
        spawn(answer(socket));
      }
    }
  }

  // Echoes what a peer says, until it says nothing more.
  asio::awaitable<void> answer(std::shared_ptr<tcp::socket> socket) {
    error_code error;
    while (!error) {
      Message message;
      co_await receive(socket, message, error);
      if (error) co_return;
      heard(message, NodeHooks::Over::tcp);
      co_await send(socket, message, error);
    }
  }

  // ---- to a peer ----

  asio::awaitable<void> keep_talking(std::string peer) {
    for (;;) {
      co_await find(peer);
      if (addresses_.contains(peer)) co_await talk(peer);
      co_await pause(kPause);
    }
  }

  asio::awaitable<void> find(const std::string& peer) {
    tcp::resolver resolver(context_);
    const std::string port = std::to_string(config_.port);
    error_code error;
    const tcp::resolver::results_type results =
        co_await resolver.async_resolve(tcp::v4(), peer, port, asio::redirect_error(asio::use_awaitable, error));
    if (error) failed("name");
    if (!error && !results.empty()) addresses_[peer] = results.begin()->endpoint().address();
  }

  asio::awaitable<void> talk(const std::string& peer) {
    const auto socket = std::make_shared<tcp::socket>(context_);
    const tcp::endpoint endpoint(addresses_[peer], config_.port);
    error_code error;
    {
      const Patience patience(socket);
      co_await socket->async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) {
      failed("connect");
      co_return;
    }
    while (!error) {
      Message message = Message::of(config_.name, beat_);
      co_await send(socket, message, error);
      if (!error) co_await receive(socket, message, error);
      if (!error) co_await pause(config_.beat);
    }
    failed("connection");
  }

  // As long as it lives, and for no longer than anybody's patience, the socket may be waited for. Then it is closed.
  class Patience {
   public:
    explicit Patience(const std::shared_ptr<tcp::socket>& socket) : timer_(socket->get_executor(), kPatience) {
      timer_.async_wait([over = over_, socket](error_code error) {
        if (!error && !*over) socket->close(error);
      });
    }
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;
    ~Patience() {
      *over_ = true;
      timer_.cancel();
    }

   private:
    std::shared_ptr<bool> over_ = std::make_shared<bool>(false);
    asio::steady_timer timer_;
  };

  static asio::awaitable<void> send(std::shared_ptr<tcp::socket> socket, const Message& message, error_code& error) {
    const Patience patience(socket);
    co_await asio::async_write(*socket, asio::buffer(&message, sizeof message),
                               asio::redirect_error(asio::use_awaitable, error));
  }

  static asio::awaitable<void> receive(std::shared_ptr<tcp::socket> socket, Message& message, error_code& error) {
    const Patience patience(socket);
    co_await asio::async_read(*socket, asio::buffer(&message, sizeof message),
                              asio::redirect_error(asio::use_awaitable, error));
  }

  asio::io_context& context_;
  NodeConfig config_;
  NodeHooks hooks_;
  Journal journal_;
  tcp::acceptor acceptor_;
  udp::socket socket_;
  std::map<std::string, asio::ip::address> addresses_;  // of peers, once they were found
  std::uint64_t beat_ = 0;
  std::uint64_t record_ = 0;  // the last one that is in the journal
};

Node::Node(asio::io_context& context, NodeConfig config, NodeHooks hooks)
    : impl_(std::make_shared<Impl>(context, std::move(config), std::move(hooks))) {
  impl_->start();
}

Node::~Node() = default;

}  // namespace tour
