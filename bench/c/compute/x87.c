/* Numbers of 80 bits, which only the x87 unit has: Mandelbrot's set, and the roots of a sum. */
#include "programs.h"

enum { WIDTH = 40, HEIGHT = 24, LIMIT = 80 };

static uint64_t unit(void) {
  uint64_t hash = MIX_START;
  for (int row = 0; row < HEIGHT; row++) {
    for (int column = 0; column < WIDTH; column++) {
      long double a = -2.0L + 3.0L * column / WIDTH, b = -1.2L + 2.4L * row / HEIGHT, x = 0, y = 0;
      uint64_t steps = 0;
      for (; steps < LIMIT && x * x + y * y <= 4; steps++) {
        long double next = x * x - y * y + a;
        y = 2 * x * y + b;
        x = next;
      }
      hash = mix(hash, steps);
    }
  }
  long double sum = 0;
  for (int i = 1; i < 2000; i++) {
    long double root;
    __asm__("fsqrt" : "=t"(root) : "0"((long double)i));
    sum += root / (i + 1);
  }
  union { long double number; uint64_t bits[2]; } value = {0};
  value.number = sum;
  return mix(mix(hash, value.bits[0]), value.bits[1] & 0xffff);
}

const struct program x87_program = {"x87", 0, 0, unit};
