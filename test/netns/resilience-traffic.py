"""Traffic with numbers on it. Times are seconds of the machine's clock, which all hosts of a lab share.

  send PORT                a device: to whoever connects, 1 kB every 5 ms
  transfer ADDRESS PORT    a laptop: receives that, and beside it sends 50 datagrams to the echo port and 20 pings a
                           second, until standard input ends; then prints one JSON object about what came back
  ask MILLISECONDS [fresh:]ADDRESS...  a laptop: a datagram to each address's echo port so often, from one socket or from a fresh one
                           each time; prints `address asked answered` for each answer
"""
import json, os, select, socket, struct, sys, time

ECHO_PORT = 7
# What is on its way when it ends.
SETTLE = 1.5


def send(port):
    listener = socket.create_server(("0.0.0.0", port))
    while True:
        sock, _ = listener.accept()
        due = time.monotonic()
        try:
            while True:
                sock.sendall(b"x" * 1000)
                due = max(due + 0.005, time.monotonic() - 0.5)
                time.sleep(max(0, due - time.monotonic()))
        except OSError:
            sock.close()


class Series:
    """Numbered questions and which of them were answered."""

    def __init__(self, every):
        self.every, self.due, self.asked, self.answered = every, time.monotonic(), [], set()

    def ask(self, question):
        if time.monotonic() < self.due:
            return
        self.due = max(self.due + self.every, time.monotonic() - 1)
        self.asked.append(time.time())
        try:
            question(len(self.asked) - 1)
        except OSError:
            pass

    def report(self):
        lost = [at for number, at in enumerate(self.asked) if number not in self.answered]
        return {"sent": len(self.asked), "lost": lost}


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def echo_request(number):
    ident = os.getpid() & 0xFFFF
    body = struct.pack("!BBHHHI", 8, 0, 0, ident, number & 0xFFFF, number)
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def transfer(address, port):
    tcp = socket.create_connection((address, port), 5)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((address, ECHO_PORT))
    icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    icmp.connect((address, 0))
    began = last = time.time()
    received, end, gaps = 0, None, []
    datagrams, pings = Series(0.02), Series(0.05)
    until = None
    sys.stdout.write("started\n")
    sys.stdout.flush()
    while until is None or time.time() < until:
        if until is None:
            datagrams.ask(lambda number: udp.send(struct.pack("!I", number)))
            pings.ask(lambda number: icmp.send(echo_request(number)))
        watched = [udp, icmp] + ([tcp] if end is None else []) + ([sys.stdin] if until is None else [])
        ready, _, _ = select.select(watched, [], [], 0.005)
        now = time.time()
        for one in ready:
            if one is sys.stdin:
                until = now + SETTLE
                continue
            try:
                data = one.recv(65536)
            except OSError as error:
                if one is tcp:
                    end = str(error)
                continue
            if one is udp and len(data) == 4:
                datagrams.answered.add(struct.unpack("!I", data)[0])
            if one is icmp and data[20] == 0 and data[24:26] == struct.pack("!H", os.getpid() & 0xFFFF):
                pings.answered.add(struct.unpack("!I", data[28:32])[0])
            if one is tcp:
                if not data:
                    end = "closed"
                received += len(data)
                gaps.append((round(now - last, 3), last))
                last = now
    gaps.append((round(time.time() - last, 3), last))
    stalls = [{"at": at, "seconds": gap} for gap, at in sorted(gaps, reverse=True)[:5]]
    tcp_report = {"bytes": received, "end": end, "stalls": stalls}
    print(json.dumps({"seconds": time.time() - began, "tcp": tcp_report, "udp": datagrams.report(), "icmp": pings.report()}))


def ask(every, targets):
    sockets = {}
    patience = 2
    steady = {}
    while True:
        began = time.time()
        for target in targets:
            fresh, _, address = target.rpartition(":")
            try:
                sock = steady.get(target) if not fresh else None
                if sock is None:
                    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    sock.connect((address, ECHO_PORT))
                    if not fresh:
                        steady[target] = sock
                    sockets[sock] = (target, address, began + patience if fresh else float("inf"))
                sock.send(struct.pack("!d", time.time()))
            except OSError:
                pass
        while (left := began + every - time.time()) > 0:
            for sock in select.select(list(sockets), [], [], left)[0]:
                target, address, _ = sockets[sock]
                try:
                    data = sock.recv(100)
                except OSError:
                    continue
                print(address, struct.unpack("!d", data)[0], time.time(), flush=True)
        now = time.time()
        for sock in [sock for sock, (_, _, until) in sockets.items() if until < now]:
            del sockets[sock]
            sock.close()


mode, *rest = sys.argv[1:]
if mode == "send":
    send(int(rest[0]))
elif mode == "transfer":
    transfer(rest[0], int(rest[1]))
else:
    ask(int(rest[0]) / 1000, rest[1:])
