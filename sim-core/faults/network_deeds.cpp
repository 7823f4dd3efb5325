// What faults of the network do: troubles of links and of the name service, and resets.
#include <algorithm>

#include "sim-core/faults/deed.hpp"
#include "sim-core/net/trouble.hpp"

namespace stillpoint::faults {
namespace {

std::uint32_t as_u32(std::int64_t number) { return static_cast<std::uint32_t>(number); }

net::Refusal refusal_of(const std::string& answer) {
  if (answer == "unreachable") return net::Refusal::host_unreachable;
  if (answer == "filtered") return net::Refusal::filtered;
  return net::Refusal::silence;
}

net::NameError name_error_of(const std::string& error) {
  if (error == "unknown") return net::NameError::unknown;
  if (error == "failed") return net::NameError::failed;
  return net::NameError::try_again;
}

LatencyShape shape_of(const std::string& shape) {
  if (shape == "normal") return LatencyShape::normal;
  if (shape == "long-tail") return LatencyShape::long_tail;
  return LatencyShape::uniform;
}

net::Trouble trouble_of(const Circumstances& now) {
  const Fault& fault = now.fault;
  net::Trouble trouble{.fault = now.event, .name = fault.name};
  switch (fault.kind) {
    case Kind::latency:
      trouble.delay_min = fault.duration("min");
      trouble.delay_max = fault.duration("max");
      trouble.delay_shape = shape_of(fault.text("shape"));
      break;
    case Kind::loss:
      trouble.loss = fault.ratio("share");
      break;
    case Kind::duplicate:
      trouble.duplicate = fault.ratio("share");
      break;
    case Kind::reorder:
      trouble.reorder = fault.ratio("share");
      trouble.reorder_most = fault.duration("by");
      break;
    case Kind::bandwidth:
      trouble.bandwidth = static_cast<std::uint64_t>(fault.number("bytes_per_second"));
      trouble.queue_most = static_cast<std::uint64_t>(fault.number("queue"));
      break;
    case Kind::clog:
      trouble.clogged_until = now.until;
      break;
    case Kind::partition:
      trouble.cut = true;
      trouble.refusal = refusal_of(fault.text("answer"));
      break;
    case Kind::half_open:
      trouble.forgets = true;
      break;
    case Kind::mtu_black_hole:
      trouble.mtu = as_u32(fault.number("bytes"));
      break;
    case Kind::segments:
      trouble.segment_most = as_u32(fault.number("bytes"));
      break;
    default:  // flaps, and hosts that are isolated or asleep
      trouble.cut = true;
      break;
  }
  return trouble;
}

class LinkTrouble final : public Deed {
 public:
  explicit LinkTrouble(Circumstances& now) : now_(now) {}
  std::optional<Duration> begin() override {
    for (const Direction& link : now_.links) now_.kernel.fabric.add_trouble(link.from, link.to, trouble_of(now_));
    return std::nullopt;
  }
  void end() override {
    for (const Direction& link : now_.links) now_.kernel.fabric.remove_trouble(link.from, link.to, now_.event);
  }

 private:
  Circumstances& now_;
};

class Flap final : public Deed {
 public:
  explicit Flap(Circumstances& now) : now_(now), cut_(now) {}
  std::optional<Duration> begin() override { return step(); }
  std::optional<Duration> step() override {
    down_ = !down_;
    if (down_) {
      cut_.begin();
    } else {
      cut_.end();
    }
    // Half as long to one and a half times as long.
    const Duration usual = now_.fault.duration(down_ ? "down" : "up");
    const Duration half = std::chrono::floor<std::chrono::microseconds>(usual / 2);
    return now_.random.between(usual - half, usual + half);
  }
  void end() override {
    if (down_) cut_.end();
  }

 private:
  Circumstances& now_;
  LinkTrouble cut_;
  bool down_ = false;
};

class Reset final : public Deed {
 public:
  explicit Reset(Circumstances& now) : now_(now) {}
  std::optional<Duration> begin() override {
    std::vector<std::pair<HostId, HostId>> done;
    for (const Direction& link : now_.links) {
      const std::pair ends = std::minmax(link.from, link.to);
      if (std::ranges::find(done, std::pair<HostId, HostId>(ends)) != done.end()) continue;
      done.emplace_back(ends);
      now_.kernel.tcp.reset_between(ends.first, ends.second, now_.fault.ratio("share"), now_.event, now_.random);
    }
    return std::nullopt;
  }

 private:
  Circumstances& now_;
};

class NameService final : public Deed {
 public:
  explicit NameService(Circumstances& now) : now_(now) {}
  std::optional<Duration> begin() override {
    const Fault& fault = now_.fault;
    for (const HostId host : now_.hosts) {
      net::NameTrouble trouble{.fault = now_.event, .name = fault.name, .asker = now_.kernel.host(host).name()};
      if (fault.kind == Kind::slow_names) {
        trouble.slower_min = fault.duration("min");
        trouble.slower_max = fault.duration("max");
      } else {
        const std::string error = fault.text("error");
        trouble.about = fault.text("about");
        trouble.failure =
            error == "timeout" ? net::NameFault::timeout() : net::NameFault{.error = name_error_of(error)};
      }
      trouble.ends = now_.until;
      now_.kernel.names.add_trouble(trouble);
    }
    return std::nullopt;
  }
  void end() override { now_.kernel.names.remove_trouble(now_.event); }

 private:
  Circumstances& now_;
};

// Between a host and everybody else.
void cut_off(Circumstances& now) {
  const std::string direction = now.fault.kind == Kind::isolate ? now.fault.text("direction") : "both";
  for (const HostId host : now.hosts) {
    for (HostId other = 1; other <= now.kernel.host_count(); ++other) {
      if (other == host) continue;
      if (direction != "in") now.links.push_back({host, other});
      if (direction != "out") now.links.push_back({other, host});
    }
  }
}

}  // namespace

std::unique_ptr<Deed> make_network_deed(Circumstances& now) {
  switch (now.fault.kind) {
    case Kind::latency:
    case Kind::loss:
    case Kind::duplicate:
    case Kind::reorder:
    case Kind::bandwidth:
    case Kind::clog:
    case Kind::partition:
    case Kind::half_open:
    case Kind::mtu_black_hole:
    case Kind::segments:
      return std::make_unique<LinkTrouble>(now);
    case Kind::isolate:
      cut_off(now);
      return std::make_unique<LinkTrouble>(now);
    case Kind::flap:
      return std::make_unique<Flap>(now);
    case Kind::reset:
      return std::make_unique<Reset>(now);
    case Kind::slow_names:
    case Kind::failing_names:
      return std::make_unique<NameService>(now);
    default:
      return nullptr;
  }
}

std::unique_ptr<Deed> make_isolation(Circumstances& now) {
  cut_off(now);
  return std::make_unique<LinkTrouble>(now);
}

}  // namespace stillpoint::faults
