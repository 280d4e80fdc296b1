/* What the benchmarks need of Linux and of a C library, so that one executable is the first process of any guest. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdint.h>

/* Numbers of arch/x86/entry/syscalls/syscall_64.tbl, and syscall_32.tbl. */
#ifdef __x86_64__
enum { SYS_READ = 0, SYS_WRITE = 1, SYS_MADVISE = 28, SYS_GETPID = 39, SYS_EXIT = 60, SYS_REBOOT = 169, SYS_CLOCK_GETTIME = 228 };
#else
enum { SYS_EXIT = 1, SYS_READ = 3, SYS_WRITE = 4, SYS_GETPID = 20, SYS_REBOOT = 88, SYS_MADVISE = 219, SYS_CLOCK_GETTIME = 265 };
#endif

/* A system call of up to six arguments; a negative result is an error number. */
long call6(long number, long a, long b, long c, long d, long e, long f);

static inline long call3(long number, long a, long b, long c) {
  return call6(number, a, b, c, 0, 0, 0);
}

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t now_ns(void);

int same_text(const char *a, const char *b);

/* A line of standard output: words and numbers with spaces between them, then end_line. */
void put_word(const char *text);
void put_number(uint64_t number);
void end_line(void);

/* Returns when a line of standard input, or its end, has come. */
void await_line(void);

/* Ends the process; powers the machine off if this is its first. */
void finish(void) __attribute__((noreturn));

/* Every program's own; _start calls it. */
int main(int argc, char **argv);

#endif
