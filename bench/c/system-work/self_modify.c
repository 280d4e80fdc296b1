/* Functions that are written, called and written again, as a just-in-time compiler does. */
#include "programs.h"

enum { FUNCTIONS = 64, FUNCTION_SIZE = 64, ROUNDS = 4 };

static unsigned char *code;

static void prepare(void) {
  code = map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
}

/* lea NUMBER(%rdi), %eax; ret */
static void write_function(unsigned char *at, int number) {
  at[0] = 0x8d;
  at[1] = 0x87;
  __builtin_memcpy(at + 2, &number, sizeof number);
  at[6] = 0xc3;
}

static uint64_t unit(void) {
  int sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < FUNCTIONS; i++) write_function(code + i * FUNCTION_SIZE, round * FUNCTIONS + i);
    for (int call = 0; call < 8; call++) {
      for (int i = 0; i < FUNCTIONS; i++) sum = ((int (*)(int))(code + i * FUNCTION_SIZE))(sum);
    }
  }
  return (unsigned)sum;
}

const struct program self_modify_program = {"self_modify", 0, prepare, unit};
