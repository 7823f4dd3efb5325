#pragma once
// Records in words, straight from the stream: one line each. The view `events` of schema.sql says the same of recorded
// events, and a test holds them to each other.
#include <cstddef>
#include <span>
#include <string>

#include "sim-core/trace/record.hpp"

namespace stillpoint {

// What happened, without when, where and the kind's name: "17, cost 5 us". Text is cut after 200 characters; what would
// disturb a terminal is replaced by '?'.
std::string describe_event(const RecordHeader& event, std::span<const std::byte> payload);

// The whole line: "3.204118 s host 2 deliver 142 bytes of data on connection 17 from its client". Of any type of
// record.
std::string describe(const RecordHeader& record, std::span<const std::byte> payload);

// "10.0.0.1:8080", of address << 16 | port.
std::string endpoint_text(std::uint64_t endpoint);

}  // namespace stillpoint
