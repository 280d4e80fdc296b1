/* CRC-32 of IEEE 802.3 with one table: each address depends on the load before. */
#include "programs.h"

enum { SIZE = 256 << 10, POLYNOMIAL = (int)0xedb88320 };

static unsigned char buffer[SIZE];
static unsigned table[256];

static void prepare(void) {
  uint64_t seed = 1;
  for (unsigned i = 0; i < 256; i++) {
    unsigned value = i;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? (unsigned)POLYNOMIAL : 0);
    table[i] = value;
  }
  for (int i = 0; i < SIZE; i++) buffer[i] = (unsigned char)random_word(&seed);
}

static uint64_t unit(void) {
  unsigned crc = ~0u;
  for (int i = 0; i < SIZE; i++) crc = crc >> 8 ^ table[(unsigned char)(crc ^ buffer[i])];
  return ~crc;
}

const struct program crc_program = {"crc", 0, prepare, unit};
