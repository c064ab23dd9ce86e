// Preloaded, it moves the wall clock by as many seconds as the file LEAP says; while there is none the clock is right. The
// uptime stays as it is.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *t) {
  int done = syscall(SYS_clock_gettime, id, t);
  const char *path = getenv("LEAP");
  FILE *file = id == CLOCK_REALTIME && path ? fopen(path, "r") : NULL;
  long seconds = 0;
  if (file && fscanf(file, "%ld", &seconds) == 1) t->tv_sec += seconds;
  if (file) fclose(file);
  return done;
}
