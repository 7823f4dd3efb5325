// gethostbyname(3) and its kin: the older way to ask for names and addresses, with results in memory of the process, or
// of the caller.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim-core/interpose/names.hpp"

namespace {

using stillpoint::interpose::addresses_of;
using stillpoint::interpose::Call;
using stillpoint::interpose::name_of;
using stillpoint::interpose::parse_numeric;
using stillpoint::kernel::Host;
using stillpoint::net::Ip;
using stillpoint::net::NameAnswer;
using stillpoint::net::NameError;

int h_errno_of(NameError error) {
  switch (error) {
    case NameError::none:
      return NETDB_SUCCESS;
    case NameError::unknown:
      return HOST_NOT_FOUND;
    case NameError::no_data:
      return NO_DATA;
    case NameError::try_again:
      return TRY_AGAIN;
    case NameError::failed:
      return NO_RECOVERY;
  }
  return NO_RECOVERY;
}

// What a hostent tells.
struct HostRecord {
  NameError error = NameError::none;
  std::string name = {};
  int family = AF_INET;
  std::vector<Ip> addresses = {};
};

HostRecord record_by_name(Host& host, const Call& call, const char* name, int family) {
  const auto numeric = parse_numeric(name);
  if (numeric && numeric->error == 0) {
    if (numeric->family != family) return {.error = NameError::unknown};
    return {.name = name, .family = family, .addresses = {numeric->ip}};
  }
  NameAnswer answer = addresses_of(host, call, name);
  if (answer.error != NameError::none) return {.error = answer.error};
  HostRecord record{.name = std::move(answer.name), .family = family};
  for (const Ip ip : answer.addresses) {
    if (ip.is_v4() == (family == AF_INET)) record.addresses.push_back(ip);
  }
  if (record.addresses.empty()) record.error = NameError::no_data;
  return record;
}

HostRecord record_by_address(Host& host, const Call& call, const void* address, int family) {
  Ip ip;
  if (family == AF_INET) {
    in_addr in;
    std::memcpy(&in, address, sizeof in);
    ip = Ip(ntohl(in.s_addr));
  } else {
    in6_addr in6;
    std::memcpy(&in6, address, sizeof in6);
    ip = stillpoint::net::from_in6(in6);
  }
  NameAnswer answer = name_of(host, call, ip);
  if (answer.error != NameError::none) return {.error = answer.error};
  return {.name = std::move(answer.name), .family = family, .addresses = {ip}};
}

bool is_internet(int family) { return family == AF_INET || family == AF_INET6; }
std::size_t size_of_address(int family) { return family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr); }

// Memory for what a record takes: pointers first, then addresses, then the name.
std::size_t size_of(const HostRecord& record) {
  return alignof(char*) + (record.addresses.size() + 2) * sizeof(char*) +
         record.addresses.size() * size_of_address(record.family) + record.name.size() + 1;
}

// Requires size_of(record) bytes at `memory`.
void write_record(const HostRecord& record, hostent* result, char* memory) {
  const std::size_t size = size_of_address(record.family);
  void* aligned = memory;
  std::size_t room = size_of(record);
  std::align(alignof(char*), room - alignof(char*), aligned, room);
  auto** pointers = static_cast<char**>(aligned);
  char** const addresses = pointers;
  char* bytes = reinterpret_cast<char*>(pointers + record.addresses.size() + 2);
  for (const Ip ip : record.addresses) {
    const in_addr in{htonl(ip.v4())};
    const in6_addr in6 = stillpoint::net::to_in6(ip);
    std::memcpy(bytes, record.family == AF_INET ? static_cast<const void*>(&in) : &in6, size);
    *pointers++ = bytes;
    bytes += size;
  }
  *pointers++ = nullptr;
  *pointers = nullptr;
  std::memcpy(bytes, record.name.c_str(), record.name.size() + 1);
  result->h_name = bytes;
  result->h_aliases = pointers;
  result->h_addrtype = record.family;
  result->h_length = static_cast<int>(size);
  result->h_addr_list = addresses;
}

// The static result of gethostbyname(3): one of each process, so one of each host.
hostent* in_static_memory(Host& host, const HostRecord& record) {
  struct Static {
    hostent entry{};
    std::vector<char> memory;
  };
  // Never destroyed: a destructor would be one of the program that runs.
  static auto& results = *new std::map<stillpoint::HostId, Static>;
  if (record.error != NameError::none) {
    h_errno = h_errno_of(record.error);
    return nullptr;
  }
  Static& result = results[host.id()];
  result.memory.resize(size_of(record));
  write_record(record, &result.entry, result.memory.data());
  return &result.entry;
}

struct Buffer {
  hostent* entry;
  char* memory;
  std::size_t size;
  hostent** result;
  int* error;
};

// gethostbyname_r(3): ERANGE if the memory is too small. That there is no such name is no error of the call's.
int in_memory_of_caller(const HostRecord& record, const Buffer& buffer) {
  *buffer.result = nullptr;
  *buffer.error = h_errno_of(record.error);
  if (record.error == NameError::try_again) return EAGAIN;
  if (record.error != NameError::none) return 0;
  if (buffer.size < size_of(record)) {
    *buffer.error = NETDB_INTERNAL;
    return ERANGE;
  }
  write_record(record, buffer.entry, buffer.memory);
  *buffer.result = buffer.entry;
  return 0;
}

// A family that there is none of: as glibc leaves it.
hostent* no_such_family() {
  h_errno = NETDB_INTERNAL;
  errno = EAFNOSUPPORT;
  return nullptr;
}

}  // namespace

SP_CALL(hostent*, gethostbyname, (const char* name), (name)) {
  return in_static_memory(host, record_by_name(host, call, name, AF_INET));
}

SP_CALL(hostent*, gethostbyname2, (const char* name, int family), (name, family)) {
  if (!is_internet(family)) return no_such_family();
  return in_static_memory(host, record_by_name(host, call, name, family));
}

SP_CALL(int, gethostbyname_r,
        (const char* name, hostent* entry, char* memory, size_t size, hostent** result, int* error),
        (name, entry, memory, size, result, error)) {
  return in_memory_of_caller(record_by_name(host, call, name, AF_INET), {entry, memory, size, result, error});
}

SP_CALL(int, gethostbyname2_r,
        (const char* name, int family, hostent* entry, char* memory, size_t size, hostent** result, int* error),
        (name, family, entry, memory, size, result, error)) {
  if (!is_internet(family)) {
    *result = nullptr;
    *error = NETDB_INTERNAL;
    return EAFNOSUPPORT;
  }
  return in_memory_of_caller(record_by_name(host, call, name, family), {entry, memory, size, result, error});
}

SP_CALL(hostent*, gethostbyaddr, (const void* address, socklen_t length, int family), (address, length, family)) {
  if (!is_internet(family) || length != size_of_address(family)) return no_such_family();
  return in_static_memory(host, record_by_address(host, call, address, family));
}

SP_CALL(int, gethostbyaddr_r,
        (const void* address, socklen_t length, int family, hostent* entry, char* memory, size_t size, hostent** result,
         int* error),
        (address, length, family, entry, memory, size, result, error)) {
  if (!is_internet(family) || length != size_of_address(family)) {
    *result = nullptr;
    *error = NETDB_INTERNAL;
    return EAFNOSUPPORT;
  }
  return in_memory_of_caller(record_by_address(host, call, address, family), {entry, memory, size, result, error});
}
