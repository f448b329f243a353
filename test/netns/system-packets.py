"""Raw IPv4 packets out of an interface, and what comes back: packets.py DEVICE SECONDS RATE

Each line of standard input is a packet, of which RATE are sent in a second: PROTOCOL SOURCE DESTINATION [SOURCE_PORT DESTINATION_PORT], the protocol being
tcp (a SYN), ack (TCP in mid-stream), udp, ping or pong. Prints each packet that arrives within the seconds after the
last was sent: what it is, from where and to where. The device carries bare IP packets, as a WireGuard interface does;
`any` leaves the way to the machine's routes and listens everywhere.
"""
import socket, struct, sys, time

ETH_P_IP = 0x0800
KINDS = {0: "pong", 3: "unreachable", 8: "ping", 11: "exceeded"}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport(kind, source, destination, sport, dport):
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    if kind in ("ping", "pong"):
        body = struct.pack("!BBHHH", 8 if kind == "ping" else 0, 0, 0, sport, 1) + b"crafted!"
        return 1, body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    if kind == "udp":
        body = struct.pack("!HHHH", sport, dport, 15, 0) + b"crafted"
        return 17, body[:6] + struct.pack("!H", checksum(addresses + struct.pack("!HH", 17, 15) + body)) + body[8:]
    flags, data = (2, b"") if kind == "tcp" else (0x18, b"crafted")
    body = struct.pack("!HHIIBBHHH", sport, dport, 1000, 0 if kind == "tcp" else 1, 0x50, flags, 8192, 0, 0) + data
    return 6, body[:16] + struct.pack("!H", checksum(addresses + struct.pack("!HH", 6, len(body)) + body)) + body[18:]


def packet(kind, source, destination, sport="4000", dport="80"):
    number, body = transport(kind, source, destination, int(sport), int(dport))
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 7, 0, 64, number, 0)
    head += socket.inet_aton(source) + socket.inet_aton(destination)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def describe(data):
    head, number = (data[0] & 15) * 4, data[9]
    source, destination = socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20])
    if number == 1:
        return f"{KINDS.get(data[head], 'icmp')} {source} {destination}"
    sport, dport = struct.unpack("!HH", data[head : head + 4])
    kind = "udp" if number == 17 else "reset" if data[head + 13] & 4 else "accepted" if data[head + 13] & 2 else "ack"
    return f"{kind} {source}:{sport} {destination}:{dport}"


device, seconds, rate = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
link = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
if device != "any":
    link.bind((device, ETH_P_IP))
routed = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
began = time.monotonic()
for count, line in enumerate(sys.stdin.read().splitlines()):
    data = packet(*line.split())
    try:
        if device == "any":
            routed.sendto(data, (line.split()[2], 0))
        else:
            link.sendto(data, (device, ETH_P_IP))
    except OSError as error:
        print("not sent:", error)
    # The queue of a tunnel is short.
    if (ahead := began + count / rate - time.monotonic()) > 0:
        time.sleep(ahead)
until = time.monotonic() + seconds
while (left := until - time.monotonic()) > 0:
    link.settimeout(left)
    try:
        data, (_, _, direction, *_) = link.recvfrom(65536)
    except TimeoutError:
        break
    if direction != socket.PACKET_OUTGOING:
        print(describe(data), flush=True)
