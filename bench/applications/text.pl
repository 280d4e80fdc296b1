# Hashes, regular expressions and sorting.
my %sums;
my $total = 0;
for my $i (1 .. 300000) {
    my $key = "k" . ($i % 1000);
    $sums{$key} += $i;
    $total += $1 * $2 if $key =~ /^k(\d)(\d+)$/;
}
my $text = join ",", sort { $sums{$a} <=> $sums{$b} || $a cmp $b } keys %sums;
for (1 .. 100) {
    (my $other = $text) =~ s/k(\d+)/<$1>/g;
    $total += length $other;
}
print "$total\n";
