#include "system.h"

enum { STDIN = 0, STDOUT = 1, CLOCK_MONOTONIC = 1, LINE_SIZE = 256, DIGITS = 20 };

/* reboot(2) */
static const long REBOOT_MAGIC1 = (long)0xfee1dead, REBOOT_MAGIC2 = 0x28121969, REBOOT_POWER_OFF = 0x4321fedc;

struct time {
  long seconds;
  long nanoseconds;
};

#ifdef __x86_64__
long call6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

__asm__(
    ".globl _start\n"
    "_start: xor %ebp, %ebp\n"
    " mov (%rsp), %edi\n"
    " lea 8(%rsp), %rsi\n"
    " and $-16, %rsp\n"
    " call main\n");
#else
/* The sixth argument is in EBP, which gcc does not give away. */
__asm__(
    ".globl call6\n"
    "call6: push %ebx\n"
    " push %esi\n"
    " push %edi\n"
    " push %ebp\n"
    " mov 20(%esp), %eax\n"
    " mov 24(%esp), %ebx\n"
    " mov 28(%esp), %ecx\n"
    " mov 32(%esp), %edx\n"
    " mov 36(%esp), %esi\n"
    " mov 40(%esp), %edi\n"
    " mov 44(%esp), %ebp\n"
    " int $0x80\n"
    " pop %ebp\n"
    " pop %edi\n"
    " pop %esi\n"
    " pop %ebx\n"
    " ret\n");

__asm__(
    ".globl _start\n"
    "_start: xor %ebp, %ebp\n"
    " mov (%esp), %eax\n"
    " lea 4(%esp), %edx\n"
    " and $-16, %esp\n"
    " sub $8, %esp\n"
    " push %edx\n"
    " push %eax\n"
    " call main\n");
#endif

uint64_t now_ns(void) {
  struct time time;
  call3(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&time, 0);
  return (uint64_t)time.seconds * 1000000000 + (uint64_t)time.nanoseconds;
}

int same_text(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static char line[LINE_SIZE];
static unsigned length;

void put_word(const char *text) {
  if (length) line[length++] = ' ';
  while (*text && length < LINE_SIZE - 2) line[length++] = *text++;
}

void put_number(uint64_t number) {
  char digits[DIGITS + 1];
  int first = DIGITS;
  digits[first] = 0;
  do {
    digits[--first] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  put_word(digits + first);
}

void end_line(void) {
  line[length++] = '\n';
  call3(SYS_WRITE, STDOUT, (long)line, length);
  length = 0;
}

void await_line(void) {
  char byte = 0;
  while (byte != '\n' && call3(SYS_READ, STDIN, (long)&byte, 1) == 1) continue;
}

void finish(void) {
  if (call3(SYS_GETPID, 0, 0, 0) == 1) call3(SYS_REBOOT, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_POWER_OFF);
  for (;;) call3(SYS_EXIT, 0, 0, 0);
}

/* gcc calls these for initialisers and assignments of structures. */

void *memset(void *to, int value, unsigned long size) {
  void *start = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
  return start;
}

void *memcpy(void *to, const void *from, unsigned long size) {
  void *start = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
  return start;
}
