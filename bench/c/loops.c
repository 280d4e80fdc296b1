/*
 * First process of a guest, and a program of the host: runs two loops, several rounds each, and prints how long every
 * round took. Each loop is a function of its own, which has no other loop, so that its instructions can be counted in
 * the disassembly.
 */
#include "system.h"

typedef unsigned char byte;
typedef unsigned int word;
typedef unsigned long limb;

enum { ROUNDS = 7 };

/* A byte and a table load each iteration, each address dependent on the iteration before. */

enum { BUFFER_SIZE = 4 << 20, PASSES = 4 };
static const word POLYNOMIAL = 0xedb88320; /* of IEEE 802.3, bits reversed */

static byte buffer[BUFFER_SIZE];
static word table[256];

static void fill_table(void) {
  for (word i = 0; i < 256; i++) {
    word value = i;
    for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? POLYNOMIAL : 0);
    table[i] = value;
  }
}

__attribute__((noinline)) word crc32(word crc, const byte *at, const byte *end) {
  do crc = (crc >> 8) ^ table[(byte)(crc ^ *at++)];
  while (at != end);
  return crc;
}

static word run_crc32(void) {
  word crc = ~0u;
  for (int pass = 0; pass < PASSES; pass++) crc = crc32(crc, buffer, buffer + BUFFER_SIZE);
  return ~crc;
}

/* One row of a schoolbook multiplication, as in a kernel's big-number code: result += factor * number. */

enum { LIMBS = 64, MULTIPLICATIONS = 4096 };

static limb number[LIMBS];
static limb product[2 * LIMBS];

__attribute__((noinline)) limb multiply_add(limb *result, const limb *from, long count, limb factor) {
  limb carry = 0;
  long i = 0;
  do {
    unsigned __int128 wide = (unsigned __int128)from[i] * factor;
    limb low = (limb)wide + carry;
    carry = (limb)(wide >> 64) + (low < carry);
    limb sum = result[i] + low;
    carry += sum < low;
    result[i] = sum;
  } while (++i != count);
  return carry;
}

static limb run_multiply_add(void) {
  for (int n = 0; n < MULTIPLICATIONS; n++) {
    for (long row = 0; row < LIMBS; row++) {
      product[row + LIMBS] = multiply_add(product + row, number, LIMBS, number[row]);
    }
  }
  return product[LIMBS];
}

/* Keeps the compiler from leaving out what nobody looks at. */
static volatile limb sink;

static void print_result(const char *name, unsigned long iterations, unsigned long ns) {
  put_word("loop");
  put_word(name);
  put_number(iterations);
  put_number(ns);
  end_line();
}

int main(int argc, char **argv) {
  (void)argc, (void)argv;
  limb random = 1;
  fill_table();
  for (long i = 0; i < BUFFER_SIZE; i++) {
    random = random * 6364136223846793005 + 1442695040888963407;
    buffer[i] = (byte)(random >> 56);
  }
  for (int i = 0; i < LIMBS; i++) {
    random = random * 6364136223846793005 + 1442695040888963407;
    number[i] = random;
  }
  for (int round = 0; round < ROUNDS; round++) {
    unsigned long start = now_ns();
    sink = run_crc32();
    print_result("crc32", (unsigned long)PASSES * BUFFER_SIZE, now_ns() - start);
  }
  for (int round = 0; round < ROUNDS; round++) {
    unsigned long start = now_ns();
    sink = run_multiply_add();
    print_result("multiply_add", (unsigned long)MULTIPLICATIONS * LIMBS * LIMBS, now_ns() - start);
  }
  finish();
}
