#pragma once
// Whom the processes of simulated hosts run as: root, as services in containers mostly do.
#include <sys/types.h>

namespace stillpoint::kernel {

constexpr uid_t kUserId = 0;
constexpr gid_t kGroupId = 0;

}  // namespace stillpoint::kernel
