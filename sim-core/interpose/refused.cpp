// Calls that Linux serves and the virtual kernel does not yet: made by a simulated host, each stops the run by its
// name. So nothing a service does reaches the real machine unseen through these symbols. (Calls inside libc and direct
// system calls do not come through symbols.)
#include <dirent.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "sim-core/interpose/call.hpp"

// Files.
SP_REFUSED(int, creat, (const char* path, mode_t mode), (path, mode))
SP_REFUSED(FILE*, fopen, (const char* path, const char* mode), (path, mode))
SP_REFUSED(FILE*, fopen64, (const char* path, const char* mode), (path, mode))
SP_REFUSED(DIR*, opendir, (const char* path), (path))
SP_REFUSED(int, unlink, (const char* path), (path))
SP_REFUSED(int, rename, (const char* from, const char* to), (from, to))
SP_REFUSED(int, mkdir, (const char* path, mode_t mode), (path, mode))
SP_REFUSED(int, rmdir, (const char* path), (path))
SP_REFUSED(int, access, (const char* path, int mode), (path, mode))
SP_REFUSED(int, stat, (const char* path, struct stat* result), (path, result))
SP_REFUSED(int, lstat, (const char* path, struct stat* result), (path, result))
SP_REFUSED(ssize_t, pread, (int fd, void* data, size_t size, off_t offset), (fd, data, size, offset))
SP_REFUSED(ssize_t, pwrite, (int fd, const void* data, size_t size, off_t offset), (fd, data, size, offset))
SP_REFUSED(ssize_t, pread64, (int fd, void* data, size_t size, off64_t offset), (fd, data, size, offset))
SP_REFUSED(ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t offset), (fd, data, size, offset))
SP_REFUSED(ssize_t, preadv, (int fd, const iovec* parts, int count, off_t offset), (fd, parts, count, offset))
SP_REFUSED(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t offset), (fd, parts, count, offset))
SP_REFUSED(ssize_t, preadv64, (int fd, const iovec* parts, int count, off64_t offset), (fd, parts, count, offset))
SP_REFUSED(ssize_t, pwritev64, (int fd, const iovec* parts, int count, off64_t offset), (fd, parts, count, offset))
SP_REFUSED(ssize_t, preadv2, (int fd, const iovec* parts, int count, off_t offset, int flags),
           (fd, parts, count, offset, flags))
SP_REFUSED(ssize_t, pwritev2, (int fd, const iovec* parts, int count, off_t offset, int flags),
           (fd, parts, count, offset, flags))
SP_REFUSED(int, statx, (int directory, const char* path, int flags, unsigned mask, void* result),
           (directory, path, flags, mask, result))
SP_REFUSED(FILE*, fdopen, (int fd, const char* mode), (fd, mode))
SP_REFUSED(int, fsync, (int fd), (fd))
SP_REFUSED(int, fdatasync, (int fd), (fd))
SP_REFUSED(int, ftruncate, (int fd, off_t length), (fd, length))

// Descriptors.
SP_REFUSED(int, socketpair, (int domain, int type, int protocol, int* fds), (domain, type, protocol, fds))
SP_REFUSED(int, recvmmsg, (int fd, void* messages, unsigned count, int flags, timespec* timeout),
           (fd, messages, count, flags, timeout))
SP_REFUSED(int, sendmmsg, (int fd, void* messages, unsigned count, int flags), (fd, messages, count, flags))
SP_REFUSED(ssize_t, sendfile, (int to, int from, off_t* offset, size_t size), (to, from, offset, size))
SP_REFUSED(ssize_t, splice, (int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size, unsigned flags),
           (from, from_offset, to, to_offset, size, flags))
SP_REFUSED(ssize_t, tee, (int from, int to, size_t size, unsigned flags), (from, to, size, flags))
SP_REFUSED(int, inotify_init, (), ())
SP_REFUSED(int, inotify_init1, (int flags), (flags))
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

// Names.
SP_REFUSED(int, getaddrinfo, (const char* node, const char* service, const addrinfo* hints, addrinfo** result),
           (node, service, hints, result))
SP_REFUSED(int, getnameinfo,
           (const sockaddr* address, socklen_t size, char* host_name, socklen_t host_size, char* service,
            socklen_t service_size, int flags),
           (address, size, host_name, host_size, service, service_size, flags))
SP_REFUSED(hostent*, gethostbyname, (const char* name), (name))
SP_REFUSED(int, gethostname, (char* name, size_t size), (name, size))

// Processes and threads.
SP_REFUSED(pid_t, fork, (), ())
SP_REFUSED(int, execve, (const char* path, char* const* arguments, char* const* environment),
           (path, arguments, environment))
SP_REFUSED(int, posix_spawn,
           (pid_t * pid, const char* path, const void* actions, const void* attributes, char* const* arguments,
            char* const* environment),
           (pid, path, actions, attributes, arguments, environment))
SP_REFUSED(int, system, (const char* command), (command))
SP_REFUSED(FILE*, popen, (const char* command, const char* type), (command, type))
