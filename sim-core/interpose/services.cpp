// services(5) and protocols(5): getservbyname(3), getprotobyname(3) and their kin.
#include <arpa/inet.h>
#include <netdb.h>

#include <array>
#include <string_view>
#include <vector>

#include "sim-core/interpose/call.hpp"
#include "sim-core/net/names.hpp"

namespace {

using stillpoint::net::find_service;
using stillpoint::net::Protocol;
using stillpoint::net::Service;

// The tables, as the structures of netdb.h. They are the same for all hosts, and never change.
struct ServiceEntry {
  servent entry;
  std::array<char*, 4> aliases;
};

servent* entry_of(const Service* service) {
  if (service == nullptr) return nullptr;
  static std::vector<ServiceEntry> entries(stillpoint::net::services().size());
  ServiceEntry& made = entries[static_cast<std::size_t>(service - stillpoint::net::services().data())];
  for (std::size_t i = 0; i < service->aliases.size(); ++i) made.aliases[i] = const_cast<char*>(service->aliases[i]);
  made.entry = {const_cast<char*>(service->name), made.aliases.data(), htons(service->port),
                const_cast<char*>(service->protocol)};
  return &made.entry;
}

struct ProtocolEntry {
  protoent entry;
  std::array<char*, 2> aliases;
};

template <typename Matches>
protoent* find_protocol(Matches matches) {
  static std::vector<ProtocolEntry> entries(stillpoint::net::protocols().size());
  std::size_t place = 0;
  for (const Protocol& protocol : stillpoint::net::protocols()) {
    ProtocolEntry& made = entries[place++];
    if (!matches(protocol)) continue;
    made.aliases[0] = const_cast<char*>(protocol.alias);
    made.entry = {const_cast<char*>(protocol.name), made.aliases.data(), protocol.number};
    return &made.entry;
  }
  return nullptr;
}

std::string_view protocol_or_any(const char* protocol) { return protocol == nullptr ? "" : protocol; }

// The entries of the tables stay where they are, so the caller's memory is not needed.
template <typename Entry>
int in_entry_of_caller(const Entry* found, Entry* entry, Entry** result) {
  *result = nullptr;
  if (found == nullptr) return 0;
  *entry = *found;
  *result = entry;
  return 0;
}

}  // namespace

SP_CALL(servent*, getservbyname, (const char* name, const char* protocol), (name, protocol)) {
  return entry_of(find_service(name, protocol_or_any(protocol)));
}

SP_CALL(servent*, getservbyport, (int port, const char* protocol), (port, protocol)) {
  return entry_of(find_service(ntohs(static_cast<std::uint16_t>(port)), protocol_or_any(protocol)));
}

SP_CALL(int, getservbyname_r,
        (const char* name, const char* protocol, servent* entry, char* memory, size_t size, servent** result),
        (name, protocol, entry, memory, size, result)) {
  return in_entry_of_caller(entry_of(find_service(name, protocol_or_any(protocol))), entry, result);
}

SP_CALL(int, getservbyport_r,
        (int port, const char* protocol, servent* entry, char* memory, size_t size, servent** result),
        (port, protocol, entry, memory, size, result)) {
  const Service* service = find_service(ntohs(static_cast<std::uint16_t>(port)), protocol_or_any(protocol));
  return in_entry_of_caller(entry_of(service), entry, result);
}

SP_CALL(protoent*, getprotobyname, (const char* name), (name)) {
  const std::string_view wanted(name);
  return find_protocol([&](const Protocol& each) { return wanted == each.name || wanted == each.alias; });
}

SP_CALL(protoent*, getprotobynumber, (int number), (number)) {
  return find_protocol([&](const Protocol& each) { return number == each.number; });
}
