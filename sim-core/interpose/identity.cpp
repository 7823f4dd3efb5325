// Whose a process is: getuid(2) and its kin.
#include <unistd.h>

#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/identity.hpp"

SP_CALL(uid_t, getuid, (), ()) { return stillpoint::kernel::kUserId; }
SP_CALL(uid_t, geteuid, (), ()) { return stillpoint::kernel::kUserId; }
SP_CALL(gid_t, getgid, (), ()) { return stillpoint::kernel::kGroupId; }
SP_CALL(gid_t, getegid, (), ()) { return stillpoint::kernel::kGroupId; }
