// Preloaded into a command (LD_PRELOAD): counts its calls that change files below $FAULT_DIR, those of
// native addons too, and does something at call number $FAULT_AT (from 1):
//
//   FAULT_DO=EIO|ENOSPC   the call fails; a close has closed nevertheless, as the kernel's has
//   FAULT_DO=short        half of a write is done, and every further write fails with ENOSPC
//   FAULT_DO=kill         the process is killed just before the call
//   FAULT_DO=kill-after   … just after it
//   FAULT_DO=tear         half of a write is done, then the process is killed
//
// Each call is appended to $FAULT_LOG: number, name, path.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char const *root, *action;
static size_t root_length;
static long at;
static int log_fd = -1;
static atomic_long calls;
static atomic_int full;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    root = getenv("FAULT_DIR");
    root_length = root ? strlen(root) : 0;
    action = getenv("FAULT_DO");
    at = getenv("FAULT_AT") ? atol(getenv("FAULT_AT")) : 0;
    char const *const log = getenv("FAULT_LOG");
    if (root && log) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static void kill_now(void) { syscall(SYS_kill, getpid(), SIGKILL); }

static int is_below(char const *path) {
    return root && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t const length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

enum Verdict { pass, fail, half };

// `bytes`: of a write that can be done in part.
static enum Verdict judge(char const *name, char const *path, size_t bytes) {
    long const number = atomic_fetch_add(&calls, 1) + 1;
    if (log_fd >= 0) {
        char line[PATH_MAX + 64];
        int const length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, path);
        syscall(SYS_write, log_fd, line, length);
    }
    if (!action) return pass;
    if (bytes && atomic_load(&full)) return errno = ENOSPC, fail;
    if (number != at) return pass;
    if (!strcmp(action, "kill")) kill_now();
    if (!strcmp(action, "EIO")) return errno = EIO, fail;
    if (!strcmp(action, "ENOSPC")) return errno = ENOSPC, fail;
    if (bytes > 1 && (!strcmp(action, "short") || !strcmp(action, "tear"))) {
        atomic_store(&full, 1);
        return half;
    }
    if (!strcmp(action, "short")) return errno = ENOSPC, fail;
    return pass;
}

static void after(long number) {
    if (action && number == at && (!strcmp(action, "kill-after") || !strcmp(action, "tear"))) kill_now();
}

#define WATCHED(below, name, path, bytes, fallback, partial, real)                                                     \
    if (!(below)) return real;                                                                                         \
    long const number = atomic_load(&calls) + 1;                                                                       \
    enum Verdict const verdict = judge(name, path, bytes);                                                             \
    if (verdict == fail) {                                                                                             \
        int const error = errno;                                                                                       \
        fallback;                                                                                                      \
        errno = error;                                                                                                 \
        return -1;                                                                                                     \
    }                                                                                                                  \
    __typeof__(real) const result = verdict == half ? (partial) : (real);                                              \
    after(number);                                                                                                     \
    return result

#define ON_FD(name, bytes, fallback, partial, real)                                                                    \
    char path[PATH_MAX];                                                                                               \
    WATCHED(path_of(fd, path), name, path, bytes, fallback, partial, real)

ssize_t write(int fd, void const *data, size_t size) {
    ON_FD("write", size, , REAL(write)(fd, data, size / 2), REAL(write)(fd, data, size));
}
ssize_t pwrite64(int fd, void const *data, size_t size, off64_t offset) {
    ON_FD("write", size, , REAL(pwrite64)(fd, data, size / 2, offset), REAL(pwrite64)(fd, data, size, offset));
}
ssize_t pwrite(int fd, void const *data, size_t size, off_t offset) {
    ON_FD("write", size, , REAL(pwrite)(fd, data, size / 2, offset), REAL(pwrite)(fd, data, size, offset));
}
ssize_t writev(int fd, struct iovec const *parts, int count) {
    ON_FD("write", parts[0].iov_len, , REAL(write)(fd, parts[0].iov_base, parts[0].iov_len / 2), REAL(writev)(fd, parts, count));
}
ssize_t pwritev64(int fd, struct iovec const *parts, int count, off64_t offset) {
    ON_FD("write", parts[0].iov_len, , REAL(pwrite64)(fd, parts[0].iov_base, parts[0].iov_len / 2, offset),
          REAL(pwritev64)(fd, parts, count, offset));
}
ssize_t pwritev(int fd, struct iovec const *parts, int count, off_t offset) {
    ON_FD("write", parts[0].iov_len, , REAL(pwrite)(fd, parts[0].iov_base, parts[0].iov_len / 2, offset),
          REAL(pwritev)(fd, parts, count, offset));
}
int fsync(int fd) { ON_FD("fsync", 0, , 0, REAL(fsync)(fd)); }
int fdatasync(int fd) { ON_FD("fdatasync", 0, , 0, REAL(fdatasync)(fd)); }
int ftruncate(int fd, off_t size) { ON_FD("ftruncate", 0, , 0, REAL(ftruncate)(fd, size)); }
int ftruncate64(int fd, off64_t size) { ON_FD("ftruncate", 0, , 0, REAL(ftruncate64)(fd, size)); }

// Of a file that was only read a close has nothing to tell.
static int is_written(int fd) {
    struct stat info;
    return (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY || (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode));
}
static int really_close(int fd) { return REAL(close)(fd); }
int close(int fd) {
    char path[PATH_MAX];
    WATCHED(path_of(fd, path) && is_written(fd), "close", path, 0, really_close(fd), 0, really_close(fd));
}
// libuv closes by number.
long syscall(long number_, ...) {
    va_list list;
    va_start(list, number_);
    long a[6];
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    if (number_ == SYS_close) return close((int)a[0]);
    static long (*real)(long, ...);
    if (!real) real = dlsym(RTLD_NEXT, "syscall");
    return real(number_, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int opened(char const *path, int flags, int (*real)(char const *, int, ...), mode_t mode) {
    WATCHED(is_below(path) && (flags & (O_CREAT | O_WRONLY | O_RDWR)), "open", path, 0, , 0, real(path, flags, mode));
}
#define MODE                                                                                                           \
    mode_t mode = 0;                                                                                                   \
    if (flags & O_CREAT) {                                                                                             \
        va_list list;                                                                                                  \
        va_start(list, flags);                                                                                         \
        mode = va_arg(list, mode_t);                                                                                   \
        va_end(list);                                                                                                  \
    }
int open(char const *path, int flags, ...) { MODE return opened(path, flags, REAL(open), mode); }
int open64(char const *path, int flags, ...) { MODE return opened(path, flags, REAL(open64), mode); }

int rename(char const *from, char const *to) { WATCHED(is_below(to), "rename", to, 0, , 0, REAL(rename)(from, to)); }
int unlink(char const *path) { WATCHED(is_below(path), "unlink", path, 0, , 0, REAL(unlink)(path)); }
int rmdir(char const *path) { WATCHED(is_below(path), "rmdir", path, 0, , 0, REAL(rmdir)(path)); }
int mkdir(char const *path, mode_t mode) { WATCHED(is_below(path), "mkdir", path, 0, , 0, REAL(mkdir)(path, mode)); }
