for flags in -O0 -O1 -O2 '-O3 -march=x86-64-v3' '-Os -mfpmath=387' '-O2 -static'; do
  gcc $flags -S test.c -o test.s && gcc $flags test.s -o test -lm -pthread && md5sum test.s test && ./test
done
