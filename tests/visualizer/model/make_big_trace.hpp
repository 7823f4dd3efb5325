#pragma once
// A large trace that looks like a real one, in a few seconds: a service, a host that feeds it, hosts of users who
// connect and buy; slices, timers, messages with WebSocket frames, some of them lost; a violation with two witnesses
// near 60%.
#include <cstdint>
#include <filesystem>

namespace stillpoint::test {

// Replaces the file. About `events` events, the same ones each time.
void make_big_trace(const std::filesystem::path& path, std::uint64_t events);

}  // namespace stillpoint::test
