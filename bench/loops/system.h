/* The Linux system calls the benchmark needs, without a C library. */
#ifndef SYSTEM_H
#define SYSTEM_H

/* Nanoseconds of CLOCK_MONOTONIC. */
unsigned long now_ns(void);

/* Prints "loop NAME ITERATIONS NANOSECONDS" on standard output. */
void print_result(const char *name, unsigned long iterations, unsigned long ns);

/* Powers the machine off if this is its first process; in any case does not return. */
void finish(void) __attribute__((noreturn));

#endif
