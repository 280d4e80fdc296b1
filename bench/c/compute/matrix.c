/* A product of two matrices of doubles. */
#include "programs.h"

enum { SIZE = 80 };

static double left[SIZE][SIZE], right[SIZE][SIZE], product[SIZE][SIZE];

static void prepare(void) {
  uint64_t seed = 1;
  for (int row = 0; row < SIZE; row++) {
    for (int column = 0; column < SIZE; column++) {
      left[row][column] = (double)random_word(&seed) / 1e9;
      right[row][column] = (double)random_word(&seed) / 1e9;
    }
  }
}

static uint64_t unit(void) {
  uint64_t hash = MIX_START;
  for (int row = 0; row < SIZE; row++) {
    for (int column = 0; column < SIZE; column++) {
      double sum = 0;
      for (int i = 0; i < SIZE; i++) sum += left[row][i] * right[i][column];
      product[row][column] = sum;
    }
  }
  for (int i = 0; i < SIZE; i++) {
    union { double number; uint64_t bits; } value = {product[i][SIZE - 1 - i]};
    hash = mix(hash, value.bits);
  }
  return hash;
}

const struct program matrix_program = {"matrix", 0, prepare, unit};
