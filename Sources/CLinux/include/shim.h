// Swift's Glibc module lacks epoll, eventfd, signalfd and inotify, and does not import variadic functions.
// Nothing else is included here, and _GNU_SOURCE is not defined: headers that Glibc has too would clash with it.
#ifndef FLOTILLA_CLINUX_SHIM_H
#define FLOTILLA_CLINUX_SHIM_H

#include <fcntl.h>
#include <linux/stat.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int flotilla_fcntl(int fd, int command, int value) { return fcntl(fd, command, value); }
static inline int flotilla_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

// accept4 is declared under _GNU_SOURCE only.
extern int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length, int flags);
static inline int flotilla_accept(int fd, struct sockaddr *address, socklen_t *length) {
    return accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Swift 6 refuses to name stdout, which is a variable in C.
static inline void flotilla_lines_on_stdout(void) { setvbuf(stdout, 0, _IOLBF, 0); }

// Names the calling thread, for ps and perf; declared under _GNU_SOURCE only.
extern int pthread_setname_np(pthread_t thread, const char *name);
static inline void flotilla_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

// Open-file-description locks (F_OFD_SETLK 37, F_OFD_SETLKW 38) are defined under _GNU_SOURCE only.
// Locks one byte of a file for this description: type is F_WRLCK or F_UNLCK. Returns 0, or -1 with errno.
static inline int flotilla_lock_byte(int fd, off_t offset, short type, int wait) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1, .l_pid = 0};
    return fcntl(fd, wait ? 38 : 37, &lock);
}

// glibc declares statx under _GNU_SOURCE only. Returns 0 and when the file was made, in microseconds since 1970; or -1 where the
// file system does not remember it. 0x1000 is AT_EMPTY_PATH: the descriptor itself is meant.
static inline int flotilla_birth(int fd, long long *microseconds) {
    struct statx entry;
    if (syscall(SYS_statx, fd, "", 0x1000, STATX_BTIME, &entry) != 0 || !(entry.stx_mask & STATX_BTIME)) return -1;
    *microseconds = (long long)entry.stx_btime.tv_sec * 1000000 + entry.stx_btime.tv_nsec / 1000;
    return 0;
}
#endif
