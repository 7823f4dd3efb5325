// pipe(2).
#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/pipe.hpp"

namespace {

using stillpoint::interpose::add_pair;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::on_exec;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::Host;
using stillpoint::kernel::Pipe;
using stillpoint::kernel::PipeReader;
using stillpoint::kernel::PipeWriter;

int open_pipe(Host& host, const Call& call, int* ends, int flags) {
  constexpr int kNotificationPipe = O_EXCL;  // O_NOTIFICATION_PIPE
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT | kNotificationPipe)) != 0) return fail(host, call, EINVAL);
  if ((flags & O_DIRECT) != 0) unsupported(host, call, "O_DIRECT");
  if ((flags & kNotificationPipe) != 0) unsupported(host, call, "O_NOTIFICATION_PIPE");
  const auto pipe = std::make_shared<Pipe>();
  auto reader = std::make_unique<PipeReader>(host, pipe);
  auto writer = std::make_unique<PipeWriter>(host, pipe);
  reader->nonblocking = writer->nonblocking = (flags & O_NONBLOCK) != 0;
  return finish(host, call, add_pair(host, std::move(reader), std::move(writer), on_exec(flags), ends));
}

}  // namespace

SP_CALL(int, pipe, (int* ends), (ends)) { return open_pipe(host, call, ends, 0); }
SP_CALL(int, pipe2, (int* ends, int flags), (ends, flags)) { return open_pipe(host, call, ends, flags); }
