#pragma once
// signalfd(2): signals that are pending, taken by reading them. They must be blocked, or their handlers take them.
//
// As on Linux, what can be read is what is pending for the task that asks, and for its process.
#include "sim-core/kernel/file.hpp"
#include "sim-core/kernel/signals.hpp"

namespace stillpoint::kernel {

class SignalFd final : public File {
 public:
  SignalFd(Host& host, SignalSet mask);
  SignalFd* as_signalfd() override { return this; }

  std::uint32_t poll() override;
  // As many signalfd_siginfo as fit and are pending. EINVAL if not even one fits; EAGAIN.
  Result<std::size_t> read(std::span<const iovec> parts) override;
  bool can_write() const override { return false; }
  void on_close() override;

  void set_mask(SignalSet mask);
  void signal_came(int signal, EventId event);

 private:
  Task& reader() const;

  SignalSet mask_;
};

}  // namespace stillpoint::kernel
