// netdevice(7), rtnetlink(7), packet(7), sysctl(8).
#include "tests/conformance/own_network.hpp"

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <thread>

namespace stillpoint::test {
namespace {

ifreq named(const char* name) {
  ifreq request{};
  std::strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  return request;
}

sockaddr generic(std::uint32_t ip) {
  const sockaddr_in in = address_of(ip, 0);
  sockaddr address;
  std::memcpy(&address, &in, sizeof address);
  return address;
}

// Linux 6.5 sends the first SYNs at equal intervals (tcp_syn_linear_timeouts), which Linux 6.1 does not know.
bool double_from_the_first() {
  const int fd = open("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT;
  const bool done = write(fd, "0", 1) == 1;
  close(fd);
  return done;
}

// The Internet checksum (RFC 1071).
std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

int icmp_code(NoWay why) {
  return why == NoWay::network_unreachable ? ICMP_NET_UNREACH
         : why == NoWay::host_unreachable  ? ICMP_HOST_UNREACH
                                           : ICMP_PKT_FILTERED;
}

}  // namespace

bool OwnNetwork::make() {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  v4_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  answers_[0].ip = kNowhere;
  answers_[1].ip = kThere;
  return raise("lo") && add_address("lo:1", kHere) && add_address("lo:2", kThere) &&
         change_route(RTM_NEWROUTE, kNowhere, RTN_UNICAST) && change_route(RTM_NEWROUTE, kThere, RTN_UNICAST) &&
         double_from_the_first() && start_router();
}

void OwnNetwork::cut() {
  ifreq request = named("lo:2");
  ioctl(v4_, SIOCSIFFLAGS, &request);
}

void OwnNetwork::lose_way(std::uint32_t ip, NoWay why) {
  switch (why) {
    case NoWay::no_route:
      change_route(RTM_DELROUTE, ip, RTN_UNICAST);
      break;
    case NoWay::unreachable_route:
      change_route(RTM_NEWROUTE, ip, RTN_UNREACHABLE);
      break;
    case NoWay::prohibited_route:
      change_route(RTM_NEWROUTE, ip, RTN_PROHIBIT);
      break;
    case NoWay::network_unreachable:
    case NoWay::host_unreachable:
    case NoWay::filtered:
      std::ranges::find(answers_, ip, &Answer::ip)->code = icmp_code(why);
      break;
  }
}

void OwnNetwork::find_way(std::uint32_t ip) {
  std::ranges::find(answers_, ip, &Answer::ip)->code = kSilence;
  change_route(RTM_NEWROUTE, ip, RTN_UNICAST);
}

bool OwnNetwork::raise(const char* name) {
  ifreq request = named(name);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ioctl(v4_, SIOCSIFFLAGS, &request) == 0;
}

bool OwnNetwork::add_address(const char* name, std::uint32_t ip) {
  ifreq request = named(name);
  request.ifr_addr = generic(ip);
  if (ioctl(v4_, SIOCSIFADDR, &request) != 0) return false;
  request.ifr_netmask = generic(0xFFFFFFFF);
  return ioctl(v4_, SIOCSIFNETMASK, &request) == 0;
}

// A route to this address alone; a new one takes the old one's place.
bool OwnNetwork::change_route(int request, std::uint32_t ip, unsigned char type) {
  struct {
    nlmsghdr header;
    rtmsg route;
    rtattr to;
    std::uint32_t destination;
    rtattr by;
    std::uint32_t device;
  } message{};
  const bool leads_somewhere = type == RTN_UNICAST;
  message.header.nlmsg_type = static_cast<std::uint16_t>(request);
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  if (request == RTM_NEWROUTE) message.header.nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
  message.header.nlmsg_len = leads_somewhere ? sizeof message : offsetof(decltype(message), by);
  message.route.rtm_family = AF_INET;
  message.route.rtm_dst_len = 32;
  message.route.rtm_table = RT_TABLE_MAIN;
  message.route.rtm_protocol = RTPROT_STATIC;
  message.route.rtm_scope = leads_somewhere ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  message.route.rtm_type = type;
  message.to = {.rta_len = RTA_LENGTH(sizeof ip), .rta_type = RTA_DST};
  message.destination = htonl(ip);
  message.by = {.rta_len = RTA_LENGTH(sizeof message.device), .rta_type = RTA_OIF};
  message.device = if_nametoindex("lo");

  const int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct {
    nlmsghdr header;
    nlmsgerr error;
    char quoted[256];
  } answer{};
  const bool done =
      ::send(netlink, &message, message.header.nlmsg_len, 0) == static_cast<ssize_t>(message.header.nlmsg_len) &&
      recv(netlink, &answer, sizeof answer, 0) > 0 && answer.error.error == 0;
  close(netlink);
  return done;
}

// ---- the router ----

bool OwnNetwork::start_router() {
  const int tap = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
  const int icmp = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
  if (tap < 0 || icmp < 0) return false;
  std::thread([this, tap, icmp] { route_packets(tap, icmp); }).detach();
  return true;
}

// Each packet passes the loopback device twice, on its way out and in. The message comes when the call that has sent
// the packet is surely over, as from a router that is somewhere else: else it would find the socket in use.
void OwnNetwork::route_packets(int tap, int icmp) {
  struct {
    icmphdr header;
    std::uint8_t quoted[sizeof(iphdr) + 8];  // RFC 792
  } message{};
  for (;;) {
    std::uint8_t packet[2'048];
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t size = recvfrom(tap, packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < static_cast<ssize_t>(sizeof message.quoted) || from.sll_pkttype != PACKET_HOST) continue;
    iphdr ip;
    std::memcpy(&ip, packet, sizeof ip);
    const auto answer = std::ranges::find(answers_, ntohl(ip.daddr), &Answer::ip);
    if (answer == answers_.end() || answer->code == kSilence || ip.ihl != 5) continue;
    std::this_thread::sleep_for(20ms);
    message.header = {};
    message.header.type = ICMP_DEST_UNREACH;
    message.header.code = static_cast<std::uint8_t>(answer->code);
    std::memcpy(message.quoted, packet, sizeof message.quoted);
    message.header.checksum = htons(checksum({reinterpret_cast<const std::uint8_t*>(&message), sizeof message}));
    const sockaddr_in to = address_of(ntohl(ip.saddr), 0);
    sendto(icmp, &message, sizeof message, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
}

}  // namespace stillpoint::test
