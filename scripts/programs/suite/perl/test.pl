use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use Digest::SHA qw(sha512_hex);
use List::Util qw(sum shuffle);
use Math::BigFloat;
use Math::BigInt;
use POSIX qw(floor fmod strtod);
use Time::Local qw(timegm);

# Big numbers.
my $factorial = Math::BigInt->new(1);
$factorial->bmul($_) for 2 .. 300;
print "$factorial\n";
print Math::BigInt->new(3)->bmodpow(Math::BigInt->new('123456789012345678901234567890'), Math::BigInt->new(2)->bpow(127)->bdec), "\n";
print Math::BigInt->new('987654321987654321')->bgcd('123456789123456789'), "\n";
print Math::BigFloat->bpi(200), "\n";
print Math::BigFloat->new(2)->bsqrt(150), "\n";
print Math::BigFloat->new(1)->bexp(100), "\n";
print Math::BigFloat->new('1e30')->bdiv(7, 60), "\n";

# Numbers of the processor, with all their digits.
for my $x (map { $_ / 7 } -20 .. 20) {
    printf "%.17g %.17g %.17g %.17g %.17g %d %.3f\n", $x, sin $x, cos $x, exp $x, atan2($x, 3), $x, $x;
}
printf "%.17g %.17g %.17g\n", sqrt 2, log 10, 1e308 * 10;
printf "%s %s %s\n", 9**9**9, -9**9**9, 1 - 1e-17;
printf "%d %u %x %s\n", ~0 >> 1, ~0, 1 << 63, 18446744073709551615 + 1;
print floor(-1.5), ' ', fmod(10, 3.3), ' ', -17 % 5, ' ', 17 % -5, ' ', strtod('0x1.8p3'), "\n";
print join(' ', unpack('H*', pack 'd<f<q>Nn', 1.1, -2.5, -3, 4, 5)), "\n";

# Text, sorting, hashes.
my $text = join ' ', map { ($_ * 7919) % 10007 } 1 .. 20000;
print md5_hex($text), ' ', sha512_hex($text), "\n";
my %count;
$count{ length $_ }++ for $text =~ /(\d+)/g;
print join(',', map { "$_=$count{$_}" } sort keys %count), "\n";
(my $swapped = $text) =~ s/(\d)(\d)/$2$1/g;
print md5_hex($swapped), ' ', ($swapped =~ tr/1//), "\n";
my @numbers = split ' ', $text;
print md5_hex(join ' ', sort { $a <=> $b } @numbers), ' ', md5_hex(join ' ', sort @numbers), "\n";
print sum(@numbers), ' ', scalar(grep { /^(?:(\d)\1|9(?=7))/ } @numbers), "\n";
print scalar(gmtime(timegm(3, 2, 1, 29, 1, 2024))), "\n";
srand 42;
print join(' ', map { int rand 1e9 } 1 .. 10), "\n";

# Recursion, closures, evaluation.
sub ackermann { my ($m, $n) = @_; return $m == 0 ? $n + 1 : ackermann($m - 1, $n == 0 ? 1 : ackermann($m, $n - 1)) }
{ no warnings 'recursion'; print ackermann(2, 60), "\n"; }
my @makers = map { my $n = $_; sub { $n * shift } } 1 .. 5;
print join(' ', map { $_->(11) } @makers), ' ', eval('2 ** 10 . "x" x 3'), "\n";
eval { die { code => 7 } };
print "caught $@->{code}\n";
