gcc -g -O1 -no-pie test.c -o test
# No calls of the program's functions: this gdb cannot write the registers of a processor with AMX, which a host may have.
# Without random addresses, and without what depends on them or on the processor.
gdb -q -batch -nx -x test.gdb ./test 2>&1 | sed -E 's/\((LWP|process) [0-9]+\)//; s/process [0-9]+/process N/; s/Thread 0x[0-9a-f]+/Thread/'
