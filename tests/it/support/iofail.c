// Preloaded, it makes the disk fail under one file: IOFAIL=write:12:28:1000 lets the 12th write to a path that contains
// IOFAIL_PATH fail with errno 28, and all that come in the 1000 ms after it. It counts from when the file IOFAIL_WHEN
// exists. The other kinds are fsync and open.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static atomic_long calls, until;
static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static int fails_at(const char *kind, int fd, const char *opened) {
  const char *e = getenv("IOFAIL"), *path = getenv("IOFAIL_PATH"), *when = getenv("IOFAIL_WHEN");
  char wanted[16], link[64], name[4096];
  long nth, ms;
  int number;
  if (!e || !path || !when || sscanf(e, "%15[^:]:%ld:%d:%ld", wanted, &nth, &number, &ms) != 4) return 0;
  if (strcmp(kind, wanted) || access(when, F_OK)) return 0;
  if (opened) {
    if (!strstr(opened, path)) return 0;
  } else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, sizeof name - 1);
    if (n < 0) return 0;
    name[n] = 0;
    if (!strstr(name, path)) return 0;
  }
  if (atomic_fetch_add(&calls, 1) + 1 == nth) {
    atomic_store(&until, now_ms() + ms);
    if (!ms) return errno = number, 1;
  }
  return now_ms() < atomic_load(&until) ? errno = number, 1 : 0;
}
static int fails(const char *kind, int fd) { return fails_at(kind, fd, NULL); }
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
int fsync(int fd) { return fails("fsync", fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails("fsync", fd) ? -1 : REAL(fdatasync)(fd); }
ssize_t write(int fd, const void *b, size_t n) { return fd > 2 && fails("write", fd) ? -1 : REAL(write)(fd, b, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { return fails("write", fd) ? -1 : REAL(pwrite)(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { return fails("write", fd) ? -1 : REAL(pwrite64)(fd, b, n, o); }
#define OPENS(name)                                                    \
  int name(const char *p, int flags, ...) {                            \
    va_list rest;                                                      \
    va_start(rest, flags);                                             \
    mode_t mode = va_arg(rest, mode_t);                                \
    va_end(rest);                                                      \
    return fails_at("open", -1, p) ? -1 : REAL(name)(p, flags, mode);  \
  }
OPENS(open)
OPENS(open64)
