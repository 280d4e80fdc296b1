#ifndef PROGRAMS_H
#define PROGRAMS_H

#include "../harness.h"

#define MICRO_PROGRAMS(each) each(tlb_hit) each(tlb_miss) each(region_entry)

#define DECLARE(name) extern const struct program name##_program;
MICRO_PROGRAMS(DECLARE)
#undef DECLARE

#endif
