#include "tests/interpose/programs.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "sim-core/kernel/current.hpp"

namespace test {

using namespace stillpoint;

namespace {

void unsupported(kernel::Host& host, const char* call, const void*) {
  kernel::set_current_host(nullptr);
  std::fprintf(stderr, "host %s called %s\n", host.name().c_str(), call);
  _exit(1);
}

}  // namespace

Programs::Programs(std::uint64_t seed) : kernel(trace_.writer, seed, unsupported) {}

// Threads that stand still keep what they refer to.
Programs::~Programs() {
  static auto& graveyard = *new std::vector<std::unique_ptr<process::Program>>;
  for (const auto& entry : entries_) graveyard.push_back(std::move(entry->program));
}

void Programs::add(std::string name, process::Main main) {
  const auto number = static_cast<std::uint32_t>(entries_.size() + 1);
  kernel::Host& host = kernel.add_host({.name = name, .role = "test", .address = {0x0A000000 + number}});
  Entry& entry = *entries_.emplace_back(std::make_unique<Entry>());
  entry.name = name;
  const auto ended = [&entry](const ProgramEnd& end) {
    // As wait(2) gives it.
    entry.status = end.by_signal ? end.status : end.status << 8;
  };
  entry.program = std::make_unique<process::Program>(host, std::move(main), std::vector{std::move(name)}, ended);
  host.boot(*entry.program);
}

void Programs::run(Duration at_most) {
  const VirtualTime end = kernel.queue.now() + at_most;
  while (!all_ended() && !kernel.queue.empty() && kernel.queue.next_time() <= end) kernel.queue.pop().fire();
}

int Programs::status(const std::string& name) const {
  const auto found = std::ranges::find(entries_, name, [](const auto& entry) { return entry->name; });
  return (*found)->status;
}

stillpoint::test::Entry Programs::event(EventId id) const {
  EventId number = 0;
  for (const stillpoint::test::Entry& entry : trace_.records()) {
    if (entry.header.type == RecordType::event && ++number == id) return entry;
  }
  std::abort();
}

bool Programs::all_succeeded() const {
  return std::ranges::all_of(entries_, [](const auto& entry) { return entry->status == 0; });
}

bool Programs::all_ended() const {
  return std::ranges::all_of(entries_, [](const auto& entry) { return entry->status >= 0; });
}

std::uint64_t in_fresh_process(const std::function<std::uint64_t()>& run) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  std::fflush(nullptr);  // or the child writes it, too
  const pid_t child = fork();
  if (child == 0) {
    const std::uint64_t hash = run();
    _exit(write(ends[1], &hash, sizeof hash) == sizeof hash ? 0 : 1);
  }
  close(ends[1]);
  std::uint64_t hash = 0;
  if (read(ends[0], &hash, sizeof hash) != sizeof hash) hash = 0;
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return hash;
}

}  // namespace test
