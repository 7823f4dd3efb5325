// What faults of disks do: troubles of the device and of calls, and bytes that change by themselves.
#include "sim-core/disk/trouble.hpp"
#include "sim-core/faults/deed.hpp"

namespace stillpoint::faults {
namespace {

disk::Trouble trouble_of(const Circumstances& now) {
  const Fault& fault = now.fault;
  disk::Trouble trouble{.fault = now.event, .name = fault.name};
  const auto failing = [&](int& error) {
    error = error_number(fault.text("error"));
    trouble.times = static_cast<std::uint64_t>(fault.number("times"));
    trouble.path = fault.text("path");
  };
  switch (fault.kind) {
    case Kind::slow_disk:
      trouble.slower_min = fault.duration("min");
      trouble.slower_max = fault.duration("max");
      break;
    case Kind::stalled_disk:
      trouble.stalled_until = now.until;
      break;
    case Kind::read_error:
      failing(trouble.read_error);
      break;
    case Kind::write_error:
      failing(trouble.write_error);
      break;
    case Kind::sync_error:
      failing(trouble.sync_error);
      break;
    case Kind::disk_full:
      trouble.free_bytes = static_cast<std::uint64_t>(fault.number("free"));
      break;
    case Kind::misdirected_writes:
      trouble.misdirects = fault.ratio("share");
      break;
    default:
      trouble.fsync_lies = true;
      break;
  }
  return trouble;
}

class DiskTrouble final : public Deed {
 public:
  explicit DiskTrouble(Circumstances& now) : now_(now) {}
  std::optional<Duration> begin() override {
    for (const HostId host : now_.hosts) now_.kernel.host(host).storage().add_trouble(trouble_of(now_));
    return std::nullopt;
  }
  void end() override {
    for (const HostId host : now_.hosts) now_.kernel.host(host).storage().remove_trouble(now_.event);
  }

 private:
  Circumstances& now_;
};

class BitRot final : public Deed {
 public:
  explicit BitRot(Circumstances& now) : now_(now) {}
  std::optional<Duration> begin() override {
    for (const HostId host : now_.hosts) {
      now_.kernel.host(host).storage().rot(now_.event, now_.random, static_cast<unsigned>(now_.fault.number("sectors")),
                                           now_.fault.text("path"));
    }
    return std::nullopt;
  }

 private:
  Circumstances& now_;
};

class FailCall final : public Deed {
 public:
  explicit FailCall(Circumstances& now) : now_(now) {}
  std::optional<Duration> begin() override {
    for (const HostId host : now_.hosts) {
      now_.kernel.host(host).fail_call({.fault = now_.event,
                                        .call = now_.fault.text("call"),
                                        .nth = static_cast<std::uint64_t>(now_.fault.number("nth")),
                                        .error = error_number(now_.fault.text("error"))});
    }
    return std::nullopt;
  }
  void end() override {
    for (const HostId host : now_.hosts) now_.kernel.host(host).stop_failing_call(now_.event);
  }

 private:
  Circumstances& now_;
};

}  // namespace

std::unique_ptr<Deed> make_disk_deed(Circumstances& now) {
  switch (now.fault.kind) {
    case Kind::slow_disk:
    case Kind::stalled_disk:
    case Kind::read_error:
    case Kind::write_error:
    case Kind::sync_error:
    case Kind::disk_full:
    case Kind::misdirected_writes:
    case Kind::lying_fsync:
      return std::make_unique<DiskTrouble>(now);
    case Kind::bit_rot:
      return std::make_unique<BitRot>(now);
    case Kind::fail_call:
      return std::make_unique<FailCall>(now);
    default:
      return nullptr;
  }
}

}  // namespace stillpoint::faults
