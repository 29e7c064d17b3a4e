// Makes the n-th call of one function of the C library fail, in a program that preloads this:
//   SKELETA_FAULT=FUNCTION:N:ERRNO   SKELETA_FAULT_FIRED=FILE   (made when it has failed)
// Each process counts its own calls; a fork begins where its parent was. And
//   SKELETA_CLOCK=jumps   the time of day is of another century at each call, and a machine that
//                         slept an hour seems to lie between every ten calls of the other clock.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static char function[32];
static long number = -1;
static int error = 0;
static atomic_long calls = 0;
static int clock_jumps = 0;
static atomic_long clock_calls = 0;

__attribute__((constructor)) static void configure(void) {
  const char* text = getenv("SKELETA_FAULT");
  clock_jumps = getenv("SKELETA_CLOCK") != NULL;
  if (text != NULL && sscanf(text, "%31[^:]:%ld:%d", function, &number, &error) != 3) _exit(99);
}

// By system calls alone: what is called here must not be counted.
static void tell(void) {
  const char* path = getenv("SKELETA_FAULT_FIRED");
  if (path == NULL) return;
  const long descriptor = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT, 0666);
  if (descriptor >= 0) syscall(SYS_close, descriptor);
}

static int fails(const char* name) {
  if (number < 0 || strcmp(name, function) != 0 || atomic_fetch_add(&calls, 1) != number) return 0;
  tell();
  errno = error;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int descriptor, const void* bytes, size_t count) {
  return fails("write") ? -1 : REAL(write)(descriptor, bytes, count);
}
int fsync(int descriptor) {
  return fails("fsync") ? -1 : REAL(fsync)(descriptor);
}
int rename(const char* from, const char* to) {
  return fails("rename") ? -1 : REAL(rename)(from, to);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  return fails("rename") ? -1 : REAL(renameat2)(from_folder, from, to_folder, to, flags);
}
int flock(int descriptor, int operation) {
  return fails("flock") ? -1 : (int)syscall(SYS_flock, descriptor, operation);
}
int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return (flags & O_CREAT) && fails("create") ? -1 : REAL(open)(path, flags, mode);
}
int pipe2(int descriptors[2], int flags) {
  return fails("pipe") ? -1 : REAL(pipe2)(descriptors, flags);
}
int pipe(int descriptors[2]) {
  return fails("pipe") ? -1 : (int)syscall(SYS_pipe2, descriptors, 0);
}
pid_t fork(void) {
  return fails("fork") ? -1 : REAL(fork)();
}

// dlsym itself allocates: glibc's own name for the function needs none.
extern void* __libc_malloc(size_t size);
void* malloc(size_t size) {
  return fails("malloc") ? NULL : __libc_malloc(size);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  static const long long jumps[] = {0, 4000000000, -1700000000, 300000000000, -3000000000};
  const long result = syscall(SYS_clock_gettime, clock, now);
  if (!clock_jumps) return (int)result;
  const long call = atomic_fetch_add(&clock_calls, 1);
  if (clock == CLOCK_REALTIME) now->tv_sec += jumps[call % 5];
  if (clock == CLOCK_MONOTONIC) now->tv_sec += 3600 * (call / 10);
  return (int)result;
}
time_t time(time_t* told) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (told != NULL) *told = now.tv_sec;
  return now.tv_sec;
}
