#pragma once
// The conformance suite: interactions of a program with its kernel, run on Linux and on the virtual kernel, which must
// not differ.
//
// A case is a function over plain POSIX calls. It notes what it observes, as lines of text that hold no descriptor,
// port or time. What differs between the two worlds is only how to wait: settle() lets everything happen that is under
// way, pass() lets time pass.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stillpoint::test {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// Why there is no way to a host: this host's own table of routes has none, or says so, or a router on the way does.
enum class NoWay { no_route, unreachable_route, prohibited_route, network_unreachable, host_unreachable, filtered };

class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World() = default;

  // Until nothing more will happen by itself, but for timers.
  virtual void settle() = 0;
  virtual void pass(milliseconds duration) = 0;
  // Until poll(2) reports one of the events; false if that does not come.
  virtual bool wait_for(int fd, short events) = 0;
  // In a network of its own (Network::own): takes away the host that was there, in silence.
  virtual void cut() {}
  // There, packets to kNowhere, or to kThere once it is cut off, vanish no more in silence, but for this reason; they
  // do again.
  virtual void lose_way(std::uint32_t, NoWay) {}
  virtual void find_way(std::uint32_t) {}

  // An empty folder of the case's own, made when it is first asked for: its path.
  const std::string& folder();

  // ---- observations ----
  void note(std::string_view what, std::string_view observed);
  void note(std::string_view what, const std::string& observed) { note(what, std::string_view(observed)); }
  void note(std::string_view what, const char* observed) { note(what, std::string_view(observed)); }
  void note(std::string_view what, bool observed) { note(what, observed ? "yes" : "no"); }
  // Several, observed in the order in which they stand.
  void notes(std::string_view what, std::initializer_list<std::string> observed);
  const std::vector<std::string>& observations() const { return observations_; }

  // ---- descriptors: the world closes what a case leaves open ----
  int keep(int fd);
  int socket();  // of TCP, non-blocking
  int listener(int backlog = 16);
  int epoll();
  int eventfd(unsigned initial = 0, int flags = 0);
  int timerfd(clockid_t clock = CLOCK_MONOTONIC);
  std::string close(int fd);
  // Closes everything.
  void end();

  // A connection on 127.0.0.1, settled.
  struct Pair {
    int user;
    int server;
  };
  Pair connected();
  Pair connected_to(int listener);

  // ---- calls; each gives its result, or the name of the errno ----
  std::string connect(int fd, int to_listener);
  std::string connect(int fd, std::uint32_t ip, int port);
  std::string bind(int fd, std::uint32_t ip, int port);
  // "fd" for a descriptor, which the world keeps as last().
  std::string accept(int listener);
  int last() const { return last_; }
  std::string send(int fd, std::string_view bytes);
  std::string receive(int fd, std::size_t most = 4096, int flags = 0);
  std::string shutdown(int fd, int how);
  std::string pending_error(int fd);
  std::string unread(int fd);
  std::string set(int fd, int level, int name, int value);
  std::string get(int fd, int level, int name);
  // poll(2) for IN, OUT and RDHUP, without waiting: "IN OUT".
  std::string ready(int fd);

  // The address; its port is "port" unless it is 0.
  std::string local(int fd);
  std::string remote(int fd);
  int port_of(int fd);

  // Events carry the number that the case gives them.
  std::string add(int epoll, int fd, std::uint32_t events, int number);
  std::string modify(int epoll, int fd, std::uint32_t events, int number);
  std::string remove(int epoll, int fd);
  // epoll_wait(2) without waiting: "1:IN, 2:OUT".
  std::string events(int epoll, int capacity = 16);

 protected:
  virtual std::string make_folder() = 0;

 private:
  std::vector<std::string> observations_;
  std::vector<int> open_;
  std::string folder_;
  int last_ = -1;
};

// "5", or "EAGAIN" if it is negative.
std::string result(long value);
// "IN OUT"
std::string event_names(std::uint32_t events);
sockaddr_in address_of(std::uint32_t ip, int port);

// Where a case runs.
enum class Network {
  loopback,
  // A network where this host is kHere, another is kThere, and nobody is anywhere else, such as at kNowhere. The other
  // one accepts on kPort and says nothing. Of Linux it is a namespace, where the machine lets the suite make one.
  own,
};
constexpr std::uint32_t kHere = 0x0A000001;
constexpr std::uint32_t kNowhere = 0x0A000002;
constexpr std::uint32_t kThere = 0x0A000003;
constexpr int kPort = 7000;

// Whose calls a case's are.
enum class Process {
  shared,  // on Linux, the suite's
  // On Linux a child's, of a user without privileges as the one of a virtual host is; on both, its working directory is
  // the case's folder, and its umask 022. What a case changes of its process ends with it.
  own,
};

struct Case {
  const char* name;
  void (*run)(World&);
  Network network = Network::loopback;
};

// What the host at kThere does: it takes connections, and keeps them.
int listen_at(std::uint32_t ip);
void accept_for_ever(int listener);

// The cases of one file, which make themselves known: a file here is in the suite by being here.
struct Suite {
  Suite(const char* file, std::span<const Case> its_cases, Process its_process = Process::shared);
  const char* name;
  std::span<const Case> cases;
  Process process;
};
// All of them, by name.
const std::vector<Suite>& suites();

// What the case observed. On Linux: nothing where the machine gives it no network of its own.
std::vector<std::string> on_linux(const Suite& suite, const Case& interaction);
// Begins the cases in networks of their own, which take seconds, beside each other and all else.
void begin_on_linux();
std::vector<std::string> on_virtual_kernel(const Suite& suite, const Case& interaction);

}  // namespace stillpoint::test
