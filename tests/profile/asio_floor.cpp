// What Asio alone costs: W1 and W4 of the bench on a kernel that does nothing (null_kernel.cpp). Nothing that runs on
// Asio is faster, so this bounds every ratio to loopback.
//
//   build/asio-floor W1 [W4]
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <string_view>

#include "system-under-test/workloads/registry.hpp"

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bool run(const workloads::Workload& workload) {
  const workloads::Parameters parameters = workload.defaults();
  // As a driven host is (sim-core/process/driven.cpp).
  boost::asio::io_context context(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
  const auto server = workload.make_server(context, parameters);
  const auto client = workload.make_client(context, parameters);
  server->start();
  client->start();
  const double begin = cpu_seconds();
  while (!client->done()) {
    if (context.poll_one() == 0) return false;
  }
  const double took = cpu_seconds() - begin;
  std::printf("%-3.*s %12.0f %.*s per CPU second\n", static_cast<int>(workload.name.size()), workload.name.data(),
              static_cast<double>(client->count()) / took, static_cast<int>(workload.unit.size()),
              workload.unit.data());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const workloads::Workload* workload = name == "W1"   ? &workloads::kPingPong
                                          : name == "W4" ? &workloads::kFanOut
                                                         : nullptr;
    if (workload == nullptr) {
      std::fprintf(stderr, "asio-floor: no workload '%s'; there are W1 and W4\n", argv[i]);
      return 2;
    }
    if (!run(*workload)) {
      std::fprintf(stderr, "asio-floor: %s stands still\n", argv[i]);
      return 1;
    }
  }
}
