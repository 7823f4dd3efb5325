// What faults of hosts do: they end what runs there and start it again, hold it up, or take from it.
#include <signal.h>

#include <algorithm>
#include <map>

#include "sim-core/faults/deed.hpp"

namespace stillpoint::faults {
namespace {

using kernel::Host;

// Of a fault that is on as long as some setter of the hosts is.
class Setting : public Deed {
 public:
  explicit Setting(Circumstances& now) : now_(now) {}
  std::optional<Duration> begin() override {
    for (const HostId host : now_.hosts) set(now_.kernel.host(host));
    return std::nullopt;
  }
  void end() override {
    for (const HostId host : now_.hosts) unset(now_.kernel.host(host));
  }

 protected:
  virtual void set(Host& host) = 0;
  virtual void unset(Host&) {}
  Circumstances& now_;
};

class Crash final : public Setting {
 public:
  using Setting::Setting;

 private:
  void set(Host& host) override {
    if (now_.fault.kind == Kind::lost_writes) host.storage().next_crash(disk::CrashKeeps::nothing);
    if (now_.fault.kind == Kind::torn_writes) host.storage().next_crash(disk::CrashKeeps::torn);
    const bool told = find_magnitude(info(now_.fault.kind), "peers") != nullptr && now_.fault.text("peers") == "reset";
    now_.machines.crash(host, now_.cause(), told ? kernel::Peers::reset : kernel::Peers::silence);
    if (now_.fault.kind == Kind::wiped_disk) host.storage().wipe(now_.event);
  }
  void unset(Host& host) override {
    if (host.down()) now_.machines.boot(host);
  }
};

class CrashMidWrite final : public Setting {
 public:
  using Setting::Setting;

 private:
  void set(Host& host) override {
    host.storage().crash_after(static_cast<std::uint64_t>(now_.fault.number("operations")), now_.cause());
  }
  void unset(Host& host) override {
    host.storage().do_not_crash(now_.event);
    if (host.down()) now_.machines.boot(host);
  }
};

class CrashLoop final : public Deed {
 public:
  explicit CrashLoop(Circumstances& now) : now_(now), host_(now.kernel.host(now.hosts.front())) {}
  std::optional<Duration> begin() override { return step(); }
  std::optional<Duration> step() override {
    const bool done = crashes_ >= now_.fault.number("times");
    if (host_.down()) {
      now_.machines.boot(host_);
      if (done) return std::nullopt;
      return now_.fault.duration("up");
    }
    if (done) return std::nullopt;  // somebody else has booted it
    // Somebody else may have ended it meanwhile.
    if (could_hit(Kind::crash, host_)) now_.machines.crash(host_, now_.cause(), kernel::Peers::silence);
    ++crashes_;
    return now_.fault.duration("down");
  }
  void end() override {
    if (host_.down()) now_.machines.boot(host_);
  }

 private:
  Circumstances& now_;
  Host& host_;
  std::int64_t crashes_ = 0;
};

class Kill final : public Setting {
 public:
  using Setting::Setting;

 private:
  void set(Host& host) override { now_.machines.kill(host, now_.cause()); }
  void unset(Host& host) override {
    if (!host.down() && !host.alive()) now_.machines.boot(host);
  }
};

// Asks a process to end, as an operator does before a restart. One without a handler for it is gone at once, and that
// is no crash of the service.
void ask_to_end(Circumstances& now, Host& host) {
  if (!host.alive()) return;
  if (host.signals.disposition(SIGTERM).handler == SIG_DFL) return now.machines.kill(host, now.cause());
  host.raise(SIGTERM, now.cause());
}

void make_end(Circumstances& now, Host& host) {
  if (!host.down() && host.alive()) now.machines.kill(host, now.cause());
}

class Terminate final : public Setting {
 public:
  using Setting::Setting;
  std::optional<Duration> begin() override {
    Setting::begin();
    return now_.fault.duration("grace");
  }
  std::optional<Duration> step() override {
    for (const HostId host : now_.hosts) {
      if (is_asked(now_.kernel.host(host))) make_end(now_, now_.kernel.host(host));
    }
    return std::nullopt;
  }

 private:
  void set(Host& host) override {
    asked_[host.id()] = host.boots();
    ask_to_end(now_, host);
  }
  void unset(Host& host) override {
    if (!is_asked(host)) return;
    make_end(now_, host);
    if (!host.down()) now_.machines.boot(host);
  }
  // Whether it still is in the life that was asked to end: another fault may have given it a new one.
  bool is_asked(const Host& host) const { return asked_.at(host.id()) == host.boots(); }
  std::map<HostId, Boot> asked_;
};

class RollingRestart final : public Deed {
 public:
  explicit RollingRestart(Circumstances& now) : now_(now) {}
  std::optional<Duration> begin() override { return step(); }
  std::optional<Duration> step() override {
    Host& host = now_.kernel.host(now_.hosts[host_]);
    switch (next_) {
      case Next::ask:
        next_ = Next::kill;
        asked_ = host.boots();
        if (could_hit(Kind::terminate, host)) ask_to_end(now_, host);
        return now_.fault.duration("grace");
      case Next::kill:
        next_ = Next::start;
        end_asked(host);
        return now_.fault.duration("down");
      case Next::start:
        break;
    }
    start(host);
    next_ = Next::ask;
    if (++host_ == now_.hosts.size()) return std::nullopt;
    return now_.fault.duration("gap");
  }
  void end() override {
    if (host_ == now_.hosts.size() || next_ == Next::ask) return;
    Host& host = now_.kernel.host(now_.hosts[host_]);
    end_asked(host);
    start(host);
  }

 private:
  enum class Next : std::uint8_t { ask, kill, start };
  // Unless another fault has given it a new life.
  void end_asked(Host& host) {
    if (host.boots() == asked_) make_end(now_, host);
  }
  void start(Host& host) {
    if (!host.down() && !host.alive()) now_.machines.boot(host);
  }
  Circumstances& now_;
  std::size_t host_ = 0;
  Boot asked_ = 0;  // in which life it was asked to end
  Next next_ = Next::ask;
};

class Stop final : public Setting {
 public:
  using Setting::Setting;

 private:
  void set(Host& host) override { host.stop(now_.event); }
  void unset(Host& host) override { host.go_on(now_.event); }
};

class Suspend final : public Setting {
 public:
  explicit Suspend(Circumstances& now) : Setting(now), isolation_(make_isolation(now)) {}

 private:
  std::optional<Duration> begin() override {
    isolation_->begin();
    return Setting::begin();
  }
  void end() override {
    isolation_->end();
    Setting::end();
  }
  void set(Host& host) override { host.suspend(now_.event); }
  void unset(Host& host) override { host.wake_up(now_.event); }
  std::unique_ptr<Deed> isolation_;
};

class SlowCpu final : public Setting {
 public:
  using Setting::Setting;

 private:
  void set(Host& host) override {
    host.slow_down(now_.event, static_cast<std::uint32_t>(now_.fault.number("percent")), now_.fault.duration("extra"));
  }
  void unset(Host& host) override { host.speed_up(now_.event); }
};

class Clock final : public Setting {
 public:
  using Setting::Setting;

 private:
  void set(Host& host) override {
    if (now_.fault.kind == Kind::clock_drift) return host.drift(now_.event, static_cast<int>(now_.fault.number("ppm")));
    host.step_wall(now_.fault.duration("by"));
  }
  void unset(Host& host) override {
    if (now_.fault.kind == Kind::clock_drift) host.end_drift(now_.event);
    if (now_.fault.kind == Kind::clock_offset) host.step_wall(-now_.fault.duration("by"));
  }
};

class Limit final : public Setting {
 public:
  using Setting::Setting;

 private:
  void set(Host& host) override {
    if (!host.alive()) return;
    if (now_.fault.kind == Kind::descriptor_limit) {
      host.limit_descriptors(now_.event, static_cast<int>(now_.fault.number("most")));
    } else {
      host.limit_memory(now_.event, static_cast<std::uint64_t>(now_.fault.number("bytes")));
    }
  }
  void unset(Host& host) override {
    if (now_.fault.kind == Kind::descriptor_limit) {
      host.lift_descriptor_limit(now_.event);
    } else {
      host.lift_memory_limit(now_.event);
    }
  }
};

}  // namespace

std::unique_ptr<Deed> make_host_deed(Circumstances& now) {
  switch (now.fault.kind) {
    case Kind::crash:
    case Kind::lost_writes:
    case Kind::torn_writes:
    case Kind::power_loss:
    case Kind::wiped_disk:
      return std::make_unique<Crash>(now);
    case Kind::crash_mid_write:
      return std::make_unique<CrashMidWrite>(now);
    case Kind::crash_loop:
      return std::make_unique<CrashLoop>(now);
    case Kind::kill:
      return std::make_unique<Kill>(now);
    case Kind::terminate:
      return std::make_unique<Terminate>(now);
    case Kind::rolling_restart:
      return std::make_unique<RollingRestart>(now);
    case Kind::stop:
      return std::make_unique<Stop>(now);
    case Kind::suspend:
      return std::make_unique<Suspend>(now);
    case Kind::slow_cpu:
      return std::make_unique<SlowCpu>(now);
    case Kind::clock_offset:
    case Kind::clock_step:
    case Kind::clock_drift:
      return std::make_unique<Clock>(now);
    case Kind::descriptor_limit:
    case Kind::memory_limit:
      return std::make_unique<Limit>(now);
    default:
      return nullptr;
  }
}

bool could_hit(Kind kind, const Host& host) {
  switch (kind) {
    case Kind::crash:
    case Kind::lost_writes:
    case Kind::torn_writes:
    case Kind::crash_mid_write:
    case Kind::crash_loop:
    case Kind::power_loss:
    case Kind::wiped_disk:
      return !host.down() && !host.ending();
    case Kind::kill:
    case Kind::terminate:
    case Kind::descriptor_limit:
    case Kind::memory_limit:
    case Kind::fail_call:
      return !host.down() && host.alive() && !host.ending();
    default:
      return true;
  }
}

}  // namespace stillpoint::faults
