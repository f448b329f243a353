# Starts programs for a process that is itself too large to be copied for each. A line of standard input is one: an id, the
# process's descriptors that become the program's input (`-`: none), output and errors, then its arguments, percent-encoded.
# The answers are `<id> <process id>` when it runs and `<id> ended <wait status>` when it has ended. Ends with its input; what
# runs goes on. Part of Debian's perl-base.
use strict;
use warnings;

my $owner = getppid;
# Who waits for a program is not waited for.
$SIG{CHLD} = 'IGNORE';

sub run {
    my ($in, $out, $err, @argv) = @_;
    open STDERR, '>', "/proc/$owner/fd/$err" or exit 126;
    open STDIN, '<', $in eq '-' ? '/dev/null' : "/proc/$owner/fd/$in" or die "input: $!\n";
    open STDOUT, '>', "/proc/$owner/fd/$out" or die "output: $!\n";
    no warnings 'exec';
    exec { $argv[0] } @argv or die "$!\n";
}

# Read by another name than the one that is opened anew for each program: Perl would move the new file to where it has read to
# in the old one, when lines that are not taken yet wait in its buffer.
open my $requests, '<&', \*STDIN or die "requests: $!\n";

while (my $line = <$requests>) {
    chomp $line;
    my ($id, @words) = map { s/%(..)/chr hex $1/ger } split / /, $line, -1;
    my $waiter = fork;
    die "fork: $!\n" if !defined $waiter;
    next if $waiter;
    $SIG{CHLD} = 'DEFAULT';
    my $program = fork;
    run(@words) if defined $program && $program == 0;
    syswrite STDOUT, "$id $program\n" if defined $program;
    waitpid $program, 0 if defined $program;
    syswrite STDOUT, "$id ended " . (defined $program ? $? : 127 << 8) . "\n";
    exit;
}
