#ifndef PROGRAMS_H
#define PROGRAMS_H

#include "../harness.h"

#define COMPUTE_PROGRAMS(each) \
  each(integer) each(sieve) each(sort) each(crc) each(memory) each(matrix) each(fft) each(sha256) each(aes) \
  each(aes_ni) each(compress) each(regex) each(bytecode) each(chase) each(calls) each(indirect) each(avx2) each(x87)

#define DECLARE(name) extern const struct program name##_program;
COMPUTE_PROGRAMS(DECLARE)
#undef DECLARE

#endif
