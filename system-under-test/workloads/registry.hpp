// The workloads by name, each defined in the file of that workload. Only registry.cpp needs this header beside them:
// everyone else asks `all` or `find`.
#pragma once

#include "system-under-test/workloads/workload.hpp"

namespace workloads {

extern const Workload kPingPong;       // w1_ping_pong.cpp
extern const Workload kClients;        // w2_clients.cpp
extern const Workload kPendingTimers;  // w3_timers.cpp
extern const Workload kRearmedTimers;  // w3_timers.cpp
extern const Workload kFanOut;         // w4_fan_out.cpp
extern const Workload kInserts;        // sqlite_inserts.cpp

}  // namespace workloads
