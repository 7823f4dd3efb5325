// Calls that Linux serves and the virtual kernel does not yet: made by a simulated host, each stops the run by its
// name. So nothing a service does reaches the real machine unseen through these symbols. (Calls inside libc and direct
// system calls come to trap.cpp.)
#include <dirent.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "sim-core/interpose/call.hpp"

// Files that are none of the disk.
SP_REFUSED(int, ttyname_r, (int fd, char* name, size_t size), (fd, name, size))
SP_REFUSED(int, mkfifo, (const char* path, mode_t mode), (path, mode))
SP_REFUSED(int, mknod, (const char* path, mode_t mode, dev_t device), (path, mode, device))
SP_REFUSED(int, setxattr, (const char* path, const char* name, const void* value, size_t size, int flags),
           (path, name, value, size, flags))
SP_REFUSED(int, lsetxattr, (const char* path, const char* name, const void* value, size_t size, int flags),
           (path, name, value, size, flags))
SP_REFUSED(int, fsetxattr, (int fd, const char* name, const void* value, size_t size, int flags),
           (fd, name, value, size, flags))
SP_REFUSED(ssize_t, getxattr, (const char* path, const char* name, void* value, size_t size), (path, name, value, size))
SP_REFUSED(ssize_t, lgetxattr, (const char* path, const char* name, void* value, size_t size),
           (path, name, value, size))
SP_REFUSED(ssize_t, fgetxattr, (int fd, const char* name, void* value, size_t size), (fd, name, value, size))
SP_REFUSED(ssize_t, listxattr, (const char* path, char* list, size_t size), (path, list, size))
SP_REFUSED(ssize_t, llistxattr, (const char* path, char* list, size_t size), (path, list, size))
SP_REFUSED(ssize_t, flistxattr, (int fd, char* list, size_t size), (fd, list, size))
SP_REFUSED(int, removexattr, (const char* path, const char* name), (path, name))
SP_REFUSED(int, lremovexattr, (const char* path, const char* name), (path, name))
SP_REFUSED(int, fremovexattr, (int fd, const char* name), (fd, name))
SP_REFUSED(int, name_to_handle_at, (int fd, const char* path, void* handle, int* mount, int flags),
           (fd, path, handle, mount, flags))
SP_REFUSED(int, open_by_handle_at, (int mount, void* handle, int flags), (mount, handle, flags))
SP_REFUSED(int, chroot, (const char* path), (path))
SP_REFUSED(int, mount,
           (const char* source, const char* target, const char* type, unsigned long flags, const void* data),
           (source, target, type, flags, data))
SP_REFUSED(int, umount, (const char* target), (target))
SP_REFUSED(int, umount2, (const char* target, int flags), (target, flags))
SP_REFUSED(int, acct, (const char* path), (path))

// Memory and messages between processes (System V and POSIX).
SP_REFUSED(int, shmget, (key_t key, size_t size, int flags), (key, size, flags))
SP_REFUSED(void*, shmat, (int id, const void* address, int flags), (id, address, flags))
SP_REFUSED(int, shmdt, (const void* address), (address))
SP_REFUSED(int, shmctl, (int id, int command, void* buffer), (id, command, buffer))
SP_REFUSED(int, semget, (key_t key, int count, int flags), (key, count, flags))
SP_REFUSED(int, semop, (int id, void* operations, size_t count), (id, operations, count))
SP_REFUSED(int, semtimedop, (int id, void* operations, size_t count, const timespec* limit),
           (id, operations, count, limit))
SP_REFUSED(int, msgget, (key_t key, int flags), (key, flags))
SP_REFUSED(int, msgsnd, (int id, const void* message, size_t size, int flags), (id, message, size, flags))
SP_REFUSED(ssize_t, msgrcv, (int id, void* message, size_t size, long type, int flags),
           (id, message, size, type, flags))
SP_REFUSED(int, msgctl, (int id, int command, void* buffer), (id, command, buffer))
SP_REFUSED(int, mq_open, (const char* name, int flags, mode_t mode, void* attributes), (name, flags, mode, attributes))
SP_REFUSED(int, mq_unlink, (const char* name), (name))

// Descriptors.
SP_REFUSED(ssize_t, splice, (int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size, unsigned flags),
           (from, from_offset, to, to_offset, size, flags))
SP_REFUSED(ssize_t, tee, (int from, int to, size_t size, unsigned flags), (from, to, size, flags))
SP_REFUSED(int, inotify_init, (), ())
SP_REFUSED(int, inotify_init1, (int flags), (flags))
SP_REFUSED(int, inotify_add_watch, (int fd, const char* path, unsigned mask), (fd, path, mask))
SP_REFUSED(int, inotify_rm_watch, (int fd, int watch), (fd, watch))
SP_REFUSED(int, memfd_create, (const char* name, unsigned flags), (name, flags))

// Signals, in forms that have long been deprecated.
SP_REFUSED(int, sigblock, (int mask), (mask))
SP_REFUSED(int, sigsetmask, (int mask), (mask))
SP_REFUSED(int, siggetmask, (), ())
SP_REFUSED(int, sigpause, (int mask), (mask))
SP_REFUSED(sighandler_t, sigset, (int signal, sighandler_t handler), (signal, handler))

// Clocks.
SP_REFUSED(int, adjtime, (const timeval* delta, timeval* old), (delta, old))
SP_REFUSED(int, adjtimex, (void* parameters), (parameters))
SP_REFUSED(int, clock_adjtime, (clockid_t clock, void* parameters), (clock, parameters))

// Names: lists of all there are, and questions to a name server past the zone.
SP_REFUSED(hostent*, gethostent, (), ())
SP_REFUSED(servent*, getservent, (), ())
SP_REFUSED(protoent*, getprotoent, (), ())
SP_REFUSED(netent*, getnetbyname, (const char* name), (name))
SP_REFUSED(netent*, getnetbyaddr, (std::uint32_t network, int family), (network, family))
SP_REFUSED(int, getaddrinfo_a, (int mode, void** list, int count, void* event), (mode, list, count, event))
SP_REFUSED(int, res_query, (const char* name, int network, int type, unsigned char* answer, int size),
           (name, network, type, answer, size))
SP_REFUSED(int, res_search, (const char* name, int network, int type, unsigned char* answer, int size),
           (name, network, type, answer, size))

// Users, as /etc/passwd and /etc/group have them.
SP_REFUSED(passwd*, getpwnam, (const char* name), (name))
SP_REFUSED(passwd*, getpwuid, (uid_t user), (user))
SP_REFUSED(int, getpwnam_r, (const char* name, passwd* entry, char* memory, size_t size, passwd** result),
           (name, entry, memory, size, result))
SP_REFUSED(int, getpwuid_r, (uid_t user, passwd* entry, char* memory, size_t size, passwd** result),
           (user, entry, memory, size, result))
SP_REFUSED(group*, getgrnam, (const char* name), (name))
SP_REFUSED(group*, getgrgid, (gid_t id), (id))
SP_REFUSED(int, getgrnam_r, (const char* name, group* entry, char* memory, size_t size, group** result),
           (name, entry, memory, size, result))
SP_REFUSED(int, getgrgid_r, (gid_t id, group* entry, char* memory, size_t size, group** result),
           (id, entry, memory, size, result))
SP_REFUSED(passwd*, getpwent, (), ())
SP_REFUSED(group*, getgrent, (), ())
SP_REFUSED(int, getgrouplist, (const char* user, gid_t id, gid_t* groups, int* count), (user, id, groups, count))
SP_REFUSED(char*, getlogin, (), ())
SP_REFUSED(int, setpgid, (pid_t pid, pid_t group), (pid, group))

// Processes and threads.
SP_REFUSED(int, pthread_cancel, (pthread_t thread), (thread))
SP_REFUSED(int, pthread_mutexattr_setrobust, (pthread_mutexattr_t * attributes, int robust), (attributes, robust))
SP_REFUSED(sem_t*, sem_open, (const char* name, int flags, mode_t mode, unsigned value), (name, flags, mode, value))
SP_REFUSED(int, thrd_create, (thrd_t * thread, thrd_start_t start, void* argument), (thread, start, argument))
SP_REFUSED(int, mtx_lock, (mtx_t * mutex), (mutex))
SP_REFUSED(int, mtx_timedlock, (mtx_t * mutex, const timespec* time), (mutex, time))
SP_REFUSED(int, cnd_wait, (cnd_t * condition, mtx_t* mutex), (condition, mutex))
SP_REFUSED(int, cnd_timedwait, (cnd_t * condition, mtx_t* mutex, const timespec* time), (condition, mutex, time))
SP_REFUSED(int, thrd_sleep, (const timespec* time, timespec* left), (time, left))
SP_REFUSED(pid_t, fork, (), ())
SP_REFUSED(int, daemon, (int keep_folder, int keep_streams), (keep_folder, keep_streams))
SP_REFUSED(int, forkpty, (int* terminal, char* name, const void* settings, const void* size),
           (terminal, name, settings, size))
SP_REFUSED(int, posix_spawnp,
           (pid_t * pid, const char* file, const void* actions, const void* attributes, char* const* arguments,
            char* const* environment),
           (pid, file, actions, attributes, arguments, environment))
SP_REFUSED(pid_t, wait3, (int* status, int options, void* usage), (status, options, usage))
SP_REFUSED(int, on_exit, (void (*function)(int, void*), void* argument), (function, argument))
SP_REFUSED(int, execve, (const char* path, char* const* arguments, char* const* environment),
           (path, arguments, environment))
SP_REFUSED(int, posix_spawn,
           (pid_t * pid, const char* path, const void* actions, const void* attributes, char* const* arguments,
            char* const* environment),
           (pid, path, actions, attributes, arguments, environment))
SP_REFUSED(int, system, (const char* command), (command))
SP_REFUSED(FILE*, popen, (const char* command, const char* type), (command, type))
SP_REFUSED(int, execv, (const char* path, char* const* arguments), (path, arguments))
SP_REFUSED(int, execvp, (const char* file, char* const* arguments), (file, arguments))
SP_REFUSED(pid_t, wait, (int* status), (status))
SP_REFUSED(pid_t, waitpid, (pid_t pid, int* status, int options), (pid, status, options))
SP_REFUSED(pid_t, wait4, (pid_t pid, int* status, int options, void* usage), (pid, status, options, usage))
SP_REFUSED(int, waitid, (int kind, id_t id, siginfo_t* info, int options), (kind, id, info, options))
SP_REFUSED(int, getpriority, (int kind, id_t who), (kind, who))
SP_REFUSED(int, setpriority, (int kind, id_t who, int priority), (kind, who, priority))
SP_REFUSED(int, unshare, (int flags), (flags))
SP_REFUSED(int, personality, (unsigned long persona), (persona))
SP_REFUSED(int, prctl, (int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d),
           (option, a, b, c, d))

// There is one environment, which all hosts read: none may change it for the others.
SP_REFUSED(int, setenv, (const char* name, const char* value, int overwrite), (name, value, overwrite))
SP_REFUSED(int, unsetenv, (const char* name), (name))
SP_REFUSED(int, putenv, (char* text), (text))
SP_REFUSED(int, clearenv, (), ())
