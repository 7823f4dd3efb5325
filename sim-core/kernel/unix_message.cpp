#include "sim-core/kernel/unix_message.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/identity.hpp"
#include "sim-core/kernel/unix_endpoint.hpp"

namespace stillpoint::kernel {

// ---- files ----

PassedFiles::~PassedFiles() {
  for (File* file : files_) file->drop_reference();
}

void PassedFiles::add(File& file) {
  file.add_reference();
  files_.push_back(&file);
}

PassedFiles PassedFiles::copy() const {
  PassedFiles copied;
  for (File* file : files_) copied.add(*file);
  return copied;
}

// ---- messages ----

UnixMessage::UnixMessage(std::string its_bytes, std::shared_ptr<UnixEndpoint> sender, std::size_t its_charge,
                         UnixAncillary its_ancillary)
    : bytes(std::move(its_bytes)), from(std::move(sender)), charge(its_charge), ancillary(std::move(its_ancillary)) {
  from->charged += charge;
}

UnixMessage::~UnixMessage() { from->uncharge(charge); }

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kBookkeeping = 320;  // struct skb_shared_info
constexpr std::size_t kHeader = 256;       // struct sk_buff

constexpr std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

// __alloc_skb() in Linux's net/core/skbuff.c: a block from the allocator, of a power of two bytes.
std::size_t block(std::size_t bytes) { return std::bit_ceil(round_up(bytes, 64) + kBookkeeping) + kHeader; }

std::size_t charge_of(std::size_t bytes, std::size_t in_block, std::size_t most_pages) {
  const std::size_t beyond = bytes > in_block ? std::min(bytes - in_block, most_pages * kPage) : 0;
  const std::size_t in_pages = round_up(beyond, kPage);
  return block(bytes - std::min(in_pages, bytes)) + in_pages;
}

}  // namespace

std::size_t stream_charge(std::size_t bytes) { return charge_of(bytes, kPage - kBookkeeping, SIZE_MAX / kPage); }

std::size_t datagram_charge(std::size_t bytes) {
  constexpr std::size_t kMostFragments = 17;  // MAX_SKB_FRAGS
  return charge_of(bytes, 4 * kPage - kBookkeeping, kMostFragments);
}

// ---- control messages ----

ucred own_credentials(const Host& host) { return {host.pid(), kUserId, kGroupId}; }

namespace {

constexpr std::size_t kMostFiles = 253;  // SCM_MAX_FD

// scm_fp_copy() in Linux's net/core/scm.c.
Status read_files(Host& host, std::span<const std::byte> data, PassedFiles& files) {
  const std::size_t count = data.size() / sizeof(int);
  if (files.size() + count > kMostFiles) return Failure{EINVAL};
  for (std::size_t i = 0; i < count; ++i) {
    int fd = -1;
    std::memcpy(&fd, data.data() + i * sizeof fd, sizeof fd);
    File* file = host.descriptors.find(fd);
    if (file == nullptr) return Failure{EBADF};
    files.add(*file);
  }
  return Done{};
}

Status read_credentials(const Host& host, std::span<const std::byte> data, std::optional<ucred>& credentials) {
  ucred given{};
  if (data.size() != sizeof given) return Failure{EINVAL};
  std::memcpy(&given, data.data(), sizeof given);
  if (given.pid != host.pid()) return Failure{kNotServed};
  credentials = given;
  return Done{};
}

// What is left of the caller's room for control messages.
class ControlWriter {
 public:
  explicit ControlWriter(InMessage& message) : message_(message) {}
  // put_cmsg() in Linux's net/core/scm.c: what does not fit is cut off.
  void put(int type, const void* data, std::size_t size) {
    const std::size_t room = left();
    if (room < sizeof(cmsghdr)) {
      message_.result_flags |= MSG_CTRUNC;
      return;
    }
    if (room < CMSG_LEN(size)) message_.result_flags |= MSG_CTRUNC;
    const std::size_t length = std::min(room, CMSG_LEN(size));
    if (!is_writable_bytes(at(), length)) return;  // as put_cmsg() does: nobody is told
    write_header(type, length);
    std::memcpy(at() + sizeof(cmsghdr), data, length - sizeof(cmsghdr));
    message_.control_size += std::min(room, CMSG_SPACE(size));
  }
  // scm_detach_fds(): as many descriptors as fit, also into the padding, and as the process may have.
  void put_files(Host& host, const PassedFiles& files) {
    const std::size_t room = left() <= sizeof(cmsghdr) ? 0 : (left() - sizeof(cmsghdr)) / sizeof(int);
    const OnExec on_exec = (message_.flags & MSG_CMSG_CLOEXEC) != 0 ? OnExec::close : OnExec::keep;
    std::size_t done = 0;
    for (; done < std::min(room, files.size()); ++done) {
      if (!is_writable_bytes(at(), CMSG_LEN((done + 1) * sizeof(int)))) break;
      const Result<int> fd = host.descriptors.add_existing(*files.all()[done], on_exec);
      if (!fd) break;
      const int number = fd.value();
      std::memcpy(at() + sizeof(cmsghdr) + done * sizeof number, &number, sizeof number);
    }
    if (done < files.size()) message_.result_flags |= MSG_CTRUNC;
    if (done == 0) return;
    const std::size_t size = done * sizeof(int);
    write_header(SCM_RIGHTS, CMSG_LEN(size));
    message_.control_size += std::min(left(), CMSG_SPACE(size));
  }

 private:
  std::size_t left() const { return message_.control.size() - message_.control_size; }
  std::byte* at() const { return message_.control.data() + message_.control_size; }
  void write_header(int type, std::size_t length) {
    cmsghdr header{};
    header.cmsg_len = length;
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = type;
    std::memcpy(at(), &header, sizeof header);
  }
  InMessage& message_;
};

}  // namespace

// __scm_send() in Linux's net/core/scm.c.
Status read_control(Host& host, std::span<const std::byte> control, UnixAncillary& ancillary) {
  while (control.size() >= sizeof(cmsghdr)) {
    cmsghdr header{};
    std::memcpy(&header, control.data(), sizeof header);
    if (header.cmsg_len < sizeof header || header.cmsg_len > control.size()) return Failure{EINVAL};
    const auto data = control.subspan(sizeof header, header.cmsg_len - sizeof header);
    if (header.cmsg_level == SOL_SOCKET) {
      Status read = Failure{EINVAL};
      if (header.cmsg_type == SCM_RIGHTS) read = read_files(host, data, ancillary.files);
      if (header.cmsg_type == SCM_CREDENTIALS) read = read_credentials(host, data, ancillary.credentials);
      if (!read) return read;
    }
    control = control.subspan(std::min(control.size(), CMSG_ALIGN(header.cmsg_len)));
  }
  return Done{};
}

// __scm_recv_common().
void write_control(Host& host, InMessage& message, const PassedFiles& files, std::optional<ucred> credentials) {
  if (message.control.data() == nullptr) {
    if (credentials || !files.empty()) message.result_flags |= MSG_CTRUNC;
    return;
  }
  ControlWriter writer(message);
  if (credentials) writer.put(SCM_CREDENTIALS, &*credentials, sizeof *credentials);
  if (!files.empty()) writer.put_files(host, files);
}

}  // namespace stillpoint::kernel
