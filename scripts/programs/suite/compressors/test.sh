# Text, machine code, numbers, zeros, and bytes that nothing can make smaller. Compressed files are the same everywhere.
cd /tmp
{
  head -c 1500000 /usr/bin/perl
  head -c 300000 /usr/share/perl/*/unicore/Name.pl
  seq 1 60000
  head -c 500000 /dev/zero
  perl -e 'srand 1; print pack "N*", map { int rand 2 ** 32 } 1 .. 50000'
} >data
stat -c %s data
md5sum data
for tool in 'gzip -n -1' 'gzip -n -9' 'bzip2 -1' 'bzip2 -9' 'xz -0' 'xz -6' 'xz -3 --x86 --lzma2' 'xz -2 --format=lzma' \
  'zstd -q -1' 'zstd -q -9' 'zstd -q -17 --long' 'zstd -q -T2 -5'; do
  $tool -c data >packed
  echo "$tool: $(stat -c %s packed) $(md5sum <packed)"
  ${tool%% *} -dc packed | cmp - data && echo "$tool returns"
  ${tool%% *} -t packed 2>/dev/null && echo "$tool is whole"
done
