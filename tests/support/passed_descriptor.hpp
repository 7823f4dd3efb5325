#pragma once
// A message of one byte that carries a descriptor over a Unix-domain socket (SCM_RIGHTS), for sendmsg(2) and
// recvmsg(2).
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>

namespace test {

class PassedDescriptor {
 public:
  // With room for one that is to come.
  PassedDescriptor() { restart(); }
  // With one that goes.
  explicit PassedDescriptor(int fd) {
    restart();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  PassedDescriptor(const PassedDescriptor&) = delete;
  PassedDescriptor& operator=(const PassedDescriptor&) = delete;

  // What has come; -1: nothing.
  int fd() const {
    int fd = -1;
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_type == SCM_RIGHTS) std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
  }

  msghdr message{};

 private:
  void restart() {
    message.msg_iov = &part_;
    message.msg_iovlen = 1;
    message.msg_control = control_;
    message.msg_controllen = sizeof control_;
  }

  char byte_ = 'p';
  iovec part_{&byte_, 1};
  alignas(cmsghdr) char control_[CMSG_SPACE(sizeof(int))] = {};
};

}  // namespace test
