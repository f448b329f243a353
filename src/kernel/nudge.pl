# Sends one TCP acknowledgement per line of standard input: `source port destination port`. Its sequence number is not
# one that the receiver expects, so a live connection answers with an acknowledgement of its own (RFC 9293 section
# 3.10.7.4) and nothing else happens to it. The argument is the packet mark, which routes it. Part of Debian's perl-base;
# Node cannot open a raw socket.
use strict;
use warnings;
use Socket;

use constant { IP_HDRINCL => 3, SO_MARK => 36, TCP => 6, ACK => 0x10, TTL => 64 };

sub checksum {
    my ($bytes) = @_;
    my $sum = unpack '%32n*', length($bytes) % 2 ? "$bytes\0" : $bytes;
    $sum = ($sum >> 16) + ($sum & 0xffff) while $sum >> 16;
    return ~$sum & 0xffff;
}

socket my $socket, PF_INET, SOCK_RAW, 255 or die "socket: $!\n";
setsockopt $socket, 0, IP_HDRINCL, 1 or die "IP_HDRINCL: $!\n";
setsockopt $socket, SOL_SOCKET, SO_MARK, pack 'l', $ARGV[0] or die "SO_MARK: $!\n";

while (my $line = <STDIN>) {
    my ($from, $sport, $to, $dport) = split ' ', $line;
    my ($source, $destination) = (inet_aton($from), inet_aton($to));
    my @tcp = ($sport, $dport, int rand 2**32, 0, 5 << 12 | ACK, 0, 0, 0);
    my $pseudo = $source . $destination . pack 'nn', TCP, 20;
    $tcp[6] = checksum($pseudo . pack 'nnNNnnnn', @tcp);
    # The kernel fills in the identification and the checksum of the header (raw(7)).
    my $header = pack 'nnnnnna4a4', 0x4500, 40, 0, 0, TTL << 8 | TCP, 0, $source, $destination;
    # One that cannot be sent is one that nobody waits for.
    send $socket, $header . pack('nnNNnnnn', @tcp), 0, pack_sockaddr_in(0, $destination);
}
