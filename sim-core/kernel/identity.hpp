#pragma once
// Whom the processes of simulated hosts run as: an ordinary user, who may all the same bind any port
// (net.ipv4.ip_unprivileged_port_start is 0, as in containers).
#include <sys/types.h>

namespace stillpoint::kernel {

constexpr uid_t kUserId = 1000;
constexpr gid_t kGroupId = 1000;

}  // namespace stillpoint::kernel
