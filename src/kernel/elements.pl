# Writes elements of sets and maps of tables of family ip, without the 5 to 8 ms that a process of `nft` takes to read the list of
# all sets. A line of standard input is one transaction, done as a whole or not at all: the table, then words: `!<set>`
# empties a set, `+<set>` or `-<set>` says where the elements that follow are added or deleted, `<key>` or `<key>:<data>` is
# one, hexadecimal as the kernel holds it. The answer is `done`, or `refused` and why. When it ends without one, the transaction may have been
# done or not. Ends with its input. Part of Debian's perl-base. Messages: linux/netfilter/{nfnetlink,nf_tables}.h.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Socket qw(MSG_DONTWAIT SOCK_RAW);

use constant { AF_NETLINK => 16, NETLINK_NETFILTER => 12, SOL_NETLINK => 270, CAP_ACK => 10, NFPROTO_IPV4 => 2 };
use constant { BATCH_BEGIN => 16, BATCH_END => 17, NFTABLES => 10, NEWSETELEM => 10 << 8 | 12, DELSETELEM => 10 << 8 | 14 };
use constant { REQUEST => 1, ACK => 4, CREATE => 0x400, NESTED => 0x8000, HEADER => 20, ERROR => 2 };
# The length of the list, an attribute, has 16 bits, and an element here takes up to 36 bytes.
use constant ELEMENTS_PER_MESSAGE => 1000;

# The socket stays open: its end would wait for what the kernel still has to free after a deletion.
socket my $kernel, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER or die "socket: $!\n";
bind $kernel, pack 'SSLL', AF_NETLINK, 0, 0, 0 or die "bind: $!\n";
# Without it an error brings the whole message back.
setsockopt $kernel, SOL_NETLINK, CAP_ACK, pack 'l', 1 or die "NETLINK_CAP_ACK: $!\n";

sub attribute { return pack 'SSa*x!4', length($_[1]) + 4, $_[0], $_[1] }

sub message {
    my ($type, $flags, $number, $family, $resource, $body) = @_;
    return pack 'LSSLLCCna*', HEADER + length $body, $type, REQUEST | $flags, $number, 0, $family, 0, $resource, $body;
}

sub element {
    my ($key, $data) = map { attribute(NESTED | 1, attribute(1, pack 'H*', $_)) } split /:/, $_[0];
    # Of an element the key is attribute 1, what it leads to attribute 2.
    substr $data, 2, 2, pack 'S', NESTED | 2 if defined $data;
    return attribute(NESTED | 1, $key . ($data // ''));
}

# Where a message applies.
sub place { return attribute(1, "$_[0]\0") . attribute(2, "$_[1]\0") }

# A transaction's messages: type, place, and elements; without any of them a deletion empties the set.
sub changes {
    my ($table, @words) = @_;
    my @changes;
    my ($type, $set, $count);
    for my $word (@words) {
        if ($word =~ /^([+-])(.+)/) {
            ($type, $set, $count) = ($1 eq '+' ? NEWSETELEM : DELSETELEM, $2, 0);
            next;
        }
        if ($word =~ /^!(.+)/) {
            push @changes, [DELSETELEM, place($table, $1), ''];
            next;
        }
        push @changes, [$type, place($table, $set), ''] if $count++ % ELEMENTS_PER_MESSAGE == 0;
        $changes[-1][2] .= element($word);
    }
    return @changes;
}

# The last message of a transaction asks for an answer; errors are told without that.
sub batch {
    my (@changes) = @_;
    my $number = 0;
    my @messages = map {
        my ($type, $where, $elements) = @$_;
        my $flags = ($type == NEWSETELEM ? CREATE : 0) | (++$number == @changes ? ACK : 0);
        my $body = $where . ($elements eq '' ? '' : attribute(NESTED | 3, $elements));
        message($type, $flags, $number, NFPROTO_IPV4, 0, $body);
    } @changes;
    return join '', message(BATCH_BEGIN, 0, 0, 0, NFTABLES, ''), @messages, message(BATCH_END, 0, 0, 0, NFTABLES, '');
}

# Why the kernel refused, or undef. It has answered when `send` returns; a commit that failed is told beside the answer that
# was asked for.
sub refusal {
    my ($last) = @_;
    my ($answered, $refusal, $data);
    for (;;) {
        if (!defined recv $kernel, $data, 65536, MSG_DONTWAIT) {
            next if $! == EINTR;
            last if $! == EAGAIN;
            die "recv: $!\n";
        }
        for (my ($at, $length, $type, $number, $error) = (0); $at < length $data; $at += $length + 3 & ~3) {
            ($length, $type, $number, $error) = unpack 'LSx2Lx4l', substr $data, $at;
            next if $type != ERROR;
            $answered = 1 if $number == $last;
            next if $error == 0;
            $! = -$error;
            $refusal //= "$!";
        }
    }
    return $refusal // ($answered ? undef : 'without an answer');
}

$| = 1;
while (my $line = <STDIN>) {
    chomp $line;
    my @changes = changes(split / /, $line);
    my $refusal = defined send($kernel, batch(@changes), 0) ? refusal(scalar @changes) : "$!";
    print defined $refusal ? "refused $refusal\n" : "done\n";
}
