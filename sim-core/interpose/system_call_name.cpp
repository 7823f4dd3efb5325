#include "sim-core/interpose/system_call_name.hpp"

#include <sys/syscall.h>

#include <cstdio>

namespace stillpoint::interpose {

const char* name_of_system_call(long number) {
  switch (number) {
#define SP_NAME(name) \
  case SYS_##name:    \
    return #name;
    // clang-format off
  SP_NAME(read) SP_NAME(write) SP_NAME(open) SP_NAME(close) SP_NAME(stat) SP_NAME(fstat) SP_NAME(lstat)
  SP_NAME(poll) SP_NAME(lseek) SP_NAME(mmap) SP_NAME(mprotect) SP_NAME(munmap) SP_NAME(brk) SP_NAME(rt_sigaction)
  SP_NAME(rt_sigprocmask) SP_NAME(ioctl) SP_NAME(pread64) SP_NAME(pwrite64) SP_NAME(readv) SP_NAME(writev)
  SP_NAME(access) SP_NAME(pipe) SP_NAME(select) SP_NAME(sched_yield) SP_NAME(mremap) SP_NAME(msync) SP_NAME(mincore)
  SP_NAME(madvise) SP_NAME(shmget) SP_NAME(shmat) SP_NAME(shmctl) SP_NAME(dup) SP_NAME(dup2) SP_NAME(pause)
  SP_NAME(nanosleep) SP_NAME(getitimer) SP_NAME(alarm) SP_NAME(setitimer) SP_NAME(getpid) SP_NAME(sendfile)
  SP_NAME(socket) SP_NAME(connect) SP_NAME(accept) SP_NAME(sendto) SP_NAME(recvfrom) SP_NAME(sendmsg)
  SP_NAME(recvmsg) SP_NAME(shutdown) SP_NAME(bind) SP_NAME(listen) SP_NAME(getsockname) SP_NAME(getpeername)
  SP_NAME(socketpair) SP_NAME(setsockopt) SP_NAME(getsockopt) SP_NAME(clone) SP_NAME(fork) SP_NAME(vfork)
  SP_NAME(execve) SP_NAME(exit) SP_NAME(wait4) SP_NAME(kill) SP_NAME(uname) SP_NAME(fcntl) SP_NAME(flock)
  SP_NAME(fsync) SP_NAME(fdatasync) SP_NAME(truncate) SP_NAME(ftruncate) SP_NAME(getdents) SP_NAME(getcwd)
  SP_NAME(chdir) SP_NAME(fchdir) SP_NAME(rename) SP_NAME(mkdir) SP_NAME(rmdir) SP_NAME(creat) SP_NAME(link)
  SP_NAME(unlink) SP_NAME(symlink) SP_NAME(readlink) SP_NAME(chmod) SP_NAME(fchmod) SP_NAME(chown) SP_NAME(fchown)
  SP_NAME(lchown) SP_NAME(umask) SP_NAME(gettimeofday) SP_NAME(getrlimit) SP_NAME(getrusage) SP_NAME(sysinfo)
  SP_NAME(times) SP_NAME(getuid) SP_NAME(getgid) SP_NAME(setuid) SP_NAME(setgid) SP_NAME(geteuid) SP_NAME(getegid)
  SP_NAME(setpgid) SP_NAME(getppid) SP_NAME(getpgrp) SP_NAME(setsid) SP_NAME(getgroups) SP_NAME(getpgid)
  SP_NAME(getsid) SP_NAME(rt_sigpending) SP_NAME(rt_sigtimedwait) SP_NAME(rt_sigqueueinfo) SP_NAME(rt_sigsuspend)
  SP_NAME(sigaltstack) SP_NAME(utime) SP_NAME(mknod) SP_NAME(statfs) SP_NAME(fstatfs) SP_NAME(getpriority)
  SP_NAME(setpriority) SP_NAME(sched_setparam) SP_NAME(sched_getparam) SP_NAME(sched_setscheduler)
  SP_NAME(sched_getscheduler) SP_NAME(mlock) SP_NAME(munlock) SP_NAME(prctl) SP_NAME(setrlimit) SP_NAME(sync)
  SP_NAME(gettid) SP_NAME(readahead) SP_NAME(tkill) SP_NAME(time) SP_NAME(futex) SP_NAME(sched_setaffinity)
  SP_NAME(sched_getaffinity) SP_NAME(epoll_create) SP_NAME(getdents64) SP_NAME(set_tid_address) SP_NAME(fadvise64)
  SP_NAME(timer_create) SP_NAME(timer_settime) SP_NAME(timer_gettime) SP_NAME(timer_getoverrun)
  SP_NAME(timer_delete) SP_NAME(clock_settime) SP_NAME(clock_gettime) SP_NAME(clock_getres) SP_NAME(clock_nanosleep)
  SP_NAME(exit_group) SP_NAME(epoll_wait) SP_NAME(epoll_ctl) SP_NAME(tgkill) SP_NAME(utimes) SP_NAME(mq_open)
  SP_NAME(inotify_init) SP_NAME(inotify_add_watch) SP_NAME(inotify_rm_watch) SP_NAME(openat) SP_NAME(mkdirat)
  SP_NAME(mknodat) SP_NAME(fchownat) SP_NAME(futimesat) SP_NAME(newfstatat) SP_NAME(unlinkat) SP_NAME(renameat)
  SP_NAME(linkat) SP_NAME(symlinkat) SP_NAME(readlinkat) SP_NAME(fchmodat) SP_NAME(faccessat) SP_NAME(pselect6)
  SP_NAME(ppoll) SP_NAME(set_robust_list) SP_NAME(splice) SP_NAME(tee) SP_NAME(sync_file_range) SP_NAME(vmsplice)
  SP_NAME(utimensat) SP_NAME(epoll_pwait) SP_NAME(signalfd) SP_NAME(timerfd_create) SP_NAME(eventfd)
  SP_NAME(fallocate) SP_NAME(timerfd_settime) SP_NAME(timerfd_gettime) SP_NAME(accept4) SP_NAME(signalfd4)
  SP_NAME(eventfd2) SP_NAME(epoll_create1) SP_NAME(dup3) SP_NAME(pipe2) SP_NAME(inotify_init1) SP_NAME(preadv)
  SP_NAME(pwritev) SP_NAME(recvmmsg) SP_NAME(prlimit64) SP_NAME(syncfs) SP_NAME(sendmmsg) SP_NAME(getcpu)
  SP_NAME(process_vm_readv) SP_NAME(sched_setattr) SP_NAME(renameat2) SP_NAME(seccomp) SP_NAME(getrandom)
  SP_NAME(memfd_create) SP_NAME(bpf) SP_NAME(execveat) SP_NAME(userfaultfd) SP_NAME(membarrier) SP_NAME(mlock2)
  SP_NAME(copy_file_range) SP_NAME(preadv2) SP_NAME(pwritev2) SP_NAME(statx) SP_NAME(rseq) SP_NAME(io_uring_setup)
  SP_NAME(io_uring_enter) SP_NAME(io_uring_register) SP_NAME(pidfd_open) SP_NAME(clone3) SP_NAME(close_range)
  SP_NAME(openat2) SP_NAME(faccessat2) SP_NAME(epoll_pwait2) SP_NAME(pidfd_send_signal)
  SP_NAME(rt_sigreturn) SP_NAME(semget) SP_NAME(semop) SP_NAME(semctl) SP_NAME(shmdt) SP_NAME(msgget) SP_NAME(msgsnd)
  SP_NAME(msgrcv) SP_NAME(msgctl) SP_NAME(ptrace) SP_NAME(syslog) SP_NAME(setreuid) SP_NAME(setregid)
  SP_NAME(setgroups) SP_NAME(setresuid) SP_NAME(getresuid) SP_NAME(setresgid) SP_NAME(getresgid) SP_NAME(setfsuid)
  SP_NAME(setfsgid) SP_NAME(capget) SP_NAME(capset) SP_NAME(uselib) SP_NAME(personality) SP_NAME(ustat) SP_NAME(sysfs)
  SP_NAME(sched_get_priority_max) SP_NAME(sched_get_priority_min) SP_NAME(sched_rr_get_interval) SP_NAME(mlockall)
  SP_NAME(munlockall) SP_NAME(vhangup) SP_NAME(modify_ldt) SP_NAME(pivot_root) SP_NAME(_sysctl) SP_NAME(arch_prctl)
  SP_NAME(adjtimex) SP_NAME(chroot) SP_NAME(acct) SP_NAME(settimeofday) SP_NAME(mount) SP_NAME(umount2)
  SP_NAME(swapon) SP_NAME(swapoff) SP_NAME(reboot) SP_NAME(sethostname) SP_NAME(setdomainname) SP_NAME(iopl)
  SP_NAME(ioperm) SP_NAME(create_module) SP_NAME(init_module) SP_NAME(delete_module) SP_NAME(get_kernel_syms)
  SP_NAME(query_module) SP_NAME(quotactl) SP_NAME(nfsservctl) SP_NAME(getpmsg) SP_NAME(putpmsg) SP_NAME(afs_syscall)
  SP_NAME(tuxcall) SP_NAME(security) SP_NAME(setxattr) SP_NAME(lsetxattr) SP_NAME(fsetxattr) SP_NAME(getxattr)
  SP_NAME(lgetxattr) SP_NAME(fgetxattr) SP_NAME(listxattr) SP_NAME(llistxattr) SP_NAME(flistxattr)
  SP_NAME(removexattr) SP_NAME(lremovexattr) SP_NAME(fremovexattr) SP_NAME(set_thread_area) SP_NAME(io_setup)
  SP_NAME(io_destroy) SP_NAME(io_getevents) SP_NAME(io_submit) SP_NAME(io_cancel) SP_NAME(get_thread_area)
  SP_NAME(lookup_dcookie) SP_NAME(epoll_ctl_old) SP_NAME(epoll_wait_old) SP_NAME(remap_file_pages)
  SP_NAME(restart_syscall) SP_NAME(semtimedop) SP_NAME(vserver) SP_NAME(mbind) SP_NAME(set_mempolicy)
  SP_NAME(get_mempolicy) SP_NAME(mq_unlink) SP_NAME(mq_timedsend) SP_NAME(mq_timedreceive) SP_NAME(mq_notify)
  SP_NAME(mq_getsetattr) SP_NAME(kexec_load) SP_NAME(waitid) SP_NAME(add_key) SP_NAME(request_key) SP_NAME(keyctl)
  SP_NAME(ioprio_set) SP_NAME(ioprio_get) SP_NAME(migrate_pages) SP_NAME(unshare) SP_NAME(get_robust_list)
  SP_NAME(move_pages) SP_NAME(rt_tgsigqueueinfo) SP_NAME(perf_event_open) SP_NAME(fanotify_init)
  SP_NAME(fanotify_mark) SP_NAME(name_to_handle_at) SP_NAME(open_by_handle_at) SP_NAME(clock_adjtime) SP_NAME(setns)
  SP_NAME(process_vm_writev) SP_NAME(kcmp) SP_NAME(finit_module) SP_NAME(sched_getattr) SP_NAME(kexec_file_load)
  SP_NAME(pkey_mprotect) SP_NAME(pkey_alloc) SP_NAME(pkey_free) SP_NAME(io_pgetevents) SP_NAME(open_tree)
  SP_NAME(move_mount) SP_NAME(fsopen) SP_NAME(fsconfig) SP_NAME(fsmount) SP_NAME(fspick) SP_NAME(pidfd_getfd)
  SP_NAME(process_madvise)
    default:
      break;
  }
#undef SP_NAME
  // clang-format on
  static char text[32];
  std::snprintf(text, sizeof text, "system call %ld", number);
  return text;
}

}  // namespace stillpoint::interpose
