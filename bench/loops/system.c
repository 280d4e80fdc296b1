#include "system.h"

/* Numbers of arch/x86/entry/syscalls/syscall_64.tbl. */
enum { SYS_WRITE = 1, SYS_GETPID = 39, SYS_EXIT = 60, SYS_REBOOT = 169, SYS_CLOCK_GETTIME = 228 };

enum { STDOUT = 1, CLOCK_MONOTONIC = 1, LINE_SIZE = 128 };

/* reboot(2) */
static const long REBOOT_MAGIC1 = 0xfee1dead, REBOOT_MAGIC2 = 0x28121969, REBOOT_POWER_OFF = 0x4321fedc;

struct time {
  long seconds;
  long nanoseconds;
};

static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

unsigned long now_ns(void) {
  struct time time;
  call(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&time, 0);
  return (unsigned long)time.seconds * 1000000000 + (unsigned long)time.nanoseconds;
}

static char *put_text(char *to, const char *text) {
  while (*text) *to++ = *text++;
  return to;
}

static char *put_number(char *to, unsigned long number) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  while (count) *to++ = digits[--count];
  return to;
}

void print_result(const char *name, unsigned long iterations, unsigned long ns) {
  char line[LINE_SIZE];
  char *end = put_text(line, "loop ");
  end = put_text(end, name);
  *end++ = ' ';
  end = put_number(end, iterations);
  *end++ = ' ';
  end = put_number(end, ns);
  *end++ = '\n';
  call(SYS_WRITE, STDOUT, (long)line, end - line);
}

void finish(void) {
  if (call(SYS_GETPID, 0, 0, 0) == 1) call(SYS_REBOOT, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_POWER_OFF);
  for (;;) call(SYS_EXIT, 0, 0, 0);
}
