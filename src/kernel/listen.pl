# Prints what each nf_tables transaction changes in one table of family ip: `perl listen.pl <table> <receive buffer, bytes>`.
# One line per transaction, `<generation> <key added to the set generation, or -> <what> <sets whose elements changed, or -> .`
# with what = `gone` (the table or a set was removed), `frame` (table, chains, rules, sets) or `rest`. And `lost <generation> .`:
# what came up to that generation may not have been seen, at the start or because messages came faster than they were read.
# Only part of Debian's perl-base is used. Messages: linux/netfilter/nf_tables.h; one set may be millions of them.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR ENOBUFS);
use Socket qw(MSG_DONTWAIT SOCK_RAW SOL_SOCKET);

use constant { AF_NETLINK => 16, NETLINK_NETFILTER => 12, SOL_NETLINK => 270, ADD_MEMBERSHIP => 1, NFTABLES => 7 };
use constant { SO_RCVBUFFORCE => 33, NLM_F_REQUEST => 1, NFPROTO_IPV4 => 2, SUBSYSTEM => 10 << 8, HEADER => 20 };
use constant { DELTABLE => 2, DELSET => 11, NEWSETELEM => 12, DELSETELEM => 14, NEWGEN => 15, GETGEN => 16 };

my ($table, $bytes) = @ARGV;

sub open_socket {
    socket my $socket, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER or die "socket: $!\n";
    bind $socket, pack 'SSLL', AF_NETLINK, 0, 0, 0 or die "bind: $!\n";
    return $socket;
}

my $events = open_socket();
my $questions = open_socket();
setsockopt $events, SOL_SOCKET, SO_RCVBUFFORCE, pack 'l', $bytes or die "SO_RCVBUFFORCE: $!\n";
setsockopt $events, SOL_NETLINK, ADD_MEMBERSHIP, pack 'l', NFTABLES or die "NETLINK_ADD_MEMBERSHIP: $!\n";

# The generation is the first attribute.
sub generation_of { return unpack 'N', substr $_[0], HEADER + 4, 4 }

sub current_generation {
    send $questions, pack('LSSLLCCn', HEADER, SUBSYSTEM | GETGEN, NLM_F_REQUEST, 0, 0, 0, 0, 0), 0 or die "send: $!\n";
    defined recv $questions, my $answer, 65536, 0 or die "recv: $!\n";
    die "no generation\n" if length $answer < HEADER + 8 || unpack('x4S', $answer) != (SUBSYSTEM | NEWGEN);
    return generation_of($answer);
}

# The text of the attribute at an offset, and the offset of the next.
sub text_at {
    my ($message, $at) = @_;
    my $length = unpack 'S', substr $message, $at, 2;
    return (unpack('Z*', substr $message, $at + 4, $length - 4), $at + ($length + 3 & ~3));
}

# The transaction that is being read: its generation's lower half, as each of its messages has it, and what it changed.
my ($id, $stamp, $what, %sets);
sub begin { ($id, $stamp, $what, %sets) = ($_[0], '-', 'rest') }

# Transactions up to this generation were not seen whole.
my $unseen;

sub finish {
    my ($generation) = @_;
    if ($generation > $unseen) {
        my $names = join ',', map { s/[^\w.-]/?/gr } sort keys %sets;
        print "$generation $stamp $what ", $names eq '' ? '-' : $names, " .\n";
    }
    begin(-1);
}

# Takes a message. Returns an element's message from the family to the set's name when all that are alike there say the same.
sub take {
    my ($type, $message) = @_;
    if ($type == NEWGEN) {
        finish(generation_of($message));
        return '';
    }
    my ($family, $of) = unpack 'x16Cxn', $message;
    # The end of the one before was lost.
    begin($of) if $of != $id;
    my ($name, $at) = text_at($message, HEADER);
    my $is_ours = $family == NFPROTO_IPV4 && $name eq $table;
    if ($type != NEWSETELEM && $type != DELSETELEM) {
        $what = $type == DELTABLE || $type == DELSET || $what eq 'gone' ? 'gone' : 'frame' if $is_ours;
        return '';
    }
    my ($set, $end) = text_at($message, $at);
    return substr $message, 16, $end - 16 if !$is_ours;
    if ($set eq 'generation') {
        # Below the list, the element and its key, four bytes each, is the value.
        $stamp = unpack 'L', substr $message, $end + 16, 4 if $type == NEWSETELEM && length $message >= $end + 20;
        return '';
    }
    $sets{$set} = 1;
    return substr $message, 16, $end - 16;
}

sub take_all {
    my ($data) = @_;
    my $known = '';
    for (my ($at, $length, $type) = (0); $at < length $data; $at += $length + 3 & ~3) {
        ($length, $type) = unpack 'LS', substr $data, $at, 6;
        $type -= SUBSYSTEM;
        next if $known ne '' && ($type == NEWSETELEM || $type == DELSETELEM) && substr($data, $at + 16, length $known) eq $known;
        $known = take($type, substr $data, $at, $length);
    }
}

$| = 1;
begin(-1);
my $is_lost = 1;
my $data;
for (;;) {
    if (defined recv $events, $data, 65536, $is_lost ? MSG_DONTWAIT : 0) {
        # The gap comes somewhere in what is waiting to be read: nothing of it is to be trusted.
        take_all($data) if !$is_lost;
    } elsif ($! == ENOBUFS) {
        $is_lost = 1;
    } elsif ($! == EAGAIN) {
        # Empty, so the kernel queues again; and it says the generation first, then what belongs to it.
        $is_lost = 0;
        begin(-1);
        $unseen = current_generation();
        print "lost $unseen .\n";
    } elsif ($! != EINTR) {
        die "recv: $!\n";
    }
}
