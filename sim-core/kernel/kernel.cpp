#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {

Kernel::Kernel(TraceWriter& trace_writer, std::uint64_t run_seed, UnsupportedHandler unsupported_handler)
    : trace(trace_writer),
      seed(run_seed),
      fabric(run_seed),
      tcp(queue, trace, fabric, run_seed),
      udp(queue, trace, fabric, tcp, run_seed),
      names(run_seed),
      unsupported(unsupported_handler),
      harness(*this, kHarness, {.name = "harness", .role = "harness", .address = {}}) {
  harness.observe(true);
  names.set_clock(queue);
}

void Kernel::set_policy(const SchedulerPolicy& policy) {
  using Kind = SchedulerPolicy::Kind;
  SP_ASSERT(turns == 0);
  scheduler = policy.kind == Kind::random ? nullptr : std::make_unique<Scheduler>(policy, seed);
  const bool by_chance = policy.kind == Kind::random || policy.kind == Kind::delay_host;
  queue.order_by(by_chance ? SimultaneousOrder::rank : SimultaneousOrder::scheduling);
  for (const auto& host : hosts_) host->influence_changed();
}

void Kernel::log_output(Host& host, unsigned stream, std::string_view text) {
  output_ += text.size();
  if (output_ > output_most && exceeded != nullptr) exceeded(host, Excess::output);
  trace.log(queue.now(), host.where(), stream, text);
}

Host& Kernel::add_host(HostOptions options) {
  const auto id = static_cast<HostId>(hosts_.size() + 1);
  fabric.add_host(id, options.address);
  names.add_host(options.name, options.address);
  using namespace std::string_literals;
  trace.host(id, options.name + "\0"s + options.role + "\0"s + net::to_string(options.address));
  hosts_.push_back(std::make_unique<Host>(*this, id, std::move(options)));
  return *hosts_.back();
}

}  // namespace stillpoint::kernel
