#pragma once
// What travels between Unix-domain sockets: bytes, and what control messages put beside them (unix(7): SCM_RIGHTS,
// SCM_CREDENTIALS).
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim-core/kernel/socket.hpp"

namespace stillpoint::kernel {

struct UnixEndpoint;

// Files on their way in a message. They are open as long as it is there. Files that go round in a circle (a socket that
// waits in itself) are never collected.
class PassedFiles {
 public:
  PassedFiles() = default;
  PassedFiles(PassedFiles&& other) noexcept : files_(std::exchange(other.files_, {})) {}
  PassedFiles& operator=(PassedFiles&& other) noexcept {
    std::swap(files_, other.files_);
    return *this;
  }
  ~PassedFiles();
  void add(File& file);
  bool empty() const { return files_.empty(); }
  std::size_t size() const { return files_.size(); }
  PassedFiles copy() const;
  const std::vector<File*>& all() const { return files_; }

 private:
  std::vector<File*> files_;
};

// What the sender put beside the bytes.
struct UnixAncillary {
  PassedFiles files = {};
  std::optional<ucred> credentials = {};
};

struct UnixMessage {
  UnixMessage(std::string its_bytes, std::shared_ptr<UnixEndpoint> sender, std::size_t its_charge,
              UnixAncillary its_ancillary);
  UnixMessage(const UnixMessage&) = delete;
  UnixMessage& operator=(const UnixMessage&) = delete;
  ~UnixMessage();  // gives the sender room again

  std::size_t size() const { return bytes.size() - consumed; }
  std::string bytes;
  std::size_t consumed = 0;
  std::shared_ptr<UnixEndpoint> from;
  std::size_t charge;  // of the sender's buffer
  UnixAncillary ancillary;
};

// What a message of so many bytes takes of the sender's buffer on Linux (skb->truesize). A stream cuts its bytes into
// messages so that most of them lies in whole pages; a datagram is one block, if it can be.
std::size_t stream_charge(std::size_t bytes);
std::size_t datagram_charge(std::size_t bytes);

// Reads the control messages of sendmsg(2). EINVAL, EBADF; kNotServed for another process's credentials.
Status read_control(Host& host, std::span<const std::byte> control, UnixAncillary& ancillary);
// Gives the receiver what came beside the bytes, as far as it fits: descriptors are made for the files. `credentials`
// are what SO_PASSCRED asked for.
void write_control(Host& host, InMessage& message, const PassedFiles& files, std::optional<ucred> credentials);
// The credentials of this host's process.
ucred own_credentials(const Host& host);

}  // namespace stillpoint::kernel
