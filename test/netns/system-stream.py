"""Streams between a laptop and a device, both of which talk all the time.

serve PORT SECONDS                accepts TCP and UDP; pushes a line each 20 ms to whoever has spoken (UDP: for so long), echoes on
                                  PORT + 1, does what `download` and `upload` want on PORT + 2
hold SOURCE HOST PORT MARKER      opens TCP and UDP and sends MARKER each 5 ms on both; says what comes back first and how it ends.
                                  Standard input: `quiet`, or `say MARKER`: UDP from the same port, TCP anew
pingpong SOURCE HOST PORT SECONDS asks and waits for the answer each 10 ms; prints how many, and median and longest time in ms
download SOURCE HOST PORT BYTES   has that much sent to it; upload sends it. Prints how much arrived
"""
import socket, statistics, sys, threading, time


def tell(*words):
    # One write, for threads tell at the same time.
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def forever(interval, work):
    def run():
        while work():
            time.sleep(interval)

    threading.Thread(target=run, daemon=True).start()


def attempt(send):
    try:
        send()
        return True
    except OSError:
        return False


def accept(port, each):
    listener = socket.create_server(("", port))

    def run():
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=each, args=(sock,), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()


def push(sock):
    forever(0.02, lambda: attempt(lambda: sock.sendall(b"device\n")))
    while attempt(lambda: sock.recv(65536) or sock.close()):
        pass


def echo(sock):
    try:
        while data := sock.recv(65536):
            sock.sendall(data)
    except OSError:
        pass


def bulk(sock):
    # All is read by the reader: with the first line it takes whatever has arrived behind it.
    with sock, sock.makefile("rb") as reader:
        way, _, size = reader.readline().decode().partition(" ")
        if way == "download":
            return sock.sendall(b"x" * int(size))
        left = int(size)
        while left > 0 and (data := reader.read1(1 << 16)):
            left -= len(data)
        sock.sendall(b"done\n")


def serve(port, patience):
    accept(port, push)
    accept(port + 1, echo)
    accept(port + 2, bulk)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", port))
    heard = {}

    def answer():
        for peer, at in list(heard.items()):
            if time.monotonic() - at < patience:
                attempt(lambda: sock.sendto(b"device\n", peer))
        return True

    forever(0.02, answer)
    tell("ready")
    while True:
        heard[sock.recvfrom(65536)[1]] = time.monotonic()


def opened(kind, source, host, port):
    sock = socket.socket(socket.AF_INET, kind)
    sock.bind((source, 0))
    sock.settimeout(5)
    sock.connect((host, port))
    sock.settimeout(None)
    return sock


def converse(sock, name, words):
    """Sends the words each 5 ms and listens. Says when the first answer comes, and each way in which it fails, once."""
    said = set()

    def try_to(work):
        try:
            word = work()
        except OSError as error:
            # Only one of sending and receiving is told of a reset.
            word = f"ended {type(error).__name__} {error.errno}"
        if word and word not in said:
            said.add(word)
            tell(name, word)
        return word in (None, "up") or sock.type == socket.SOCK_DGRAM

    def speak():
        for word in list(words):
            sock.send(word.encode())

    forever(0.005, lambda: try_to(speak))
    forever(0, lambda: try_to(lambda: "up" if sock.recv(65536) else "closed"))


def hold(source, host, port, marker):
    words = [marker]
    converse(opened(socket.SOCK_DGRAM, source, host, port), "udp", words)

    def stream(marker):
        sock = opened(socket.SOCK_STREAM, source, host, port)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        converse(sock, f"tcp {marker}", [marker])

    stream(marker)
    for line in sys.stdin:
        verb, _, marker = line.strip().partition(" ")
        words[:] = [marker] if verb == "say" else []
        if verb == "say":
            stream(marker)
        tell("did", line.strip())


def pingpong(source, host, port, seconds):
    sock, times, until = opened(socket.SOCK_STREAM, source, host, port), [], time.monotonic() + seconds
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(20)
    while (began := time.monotonic()) < until:
        sock.sendall(b"ping")
        if sock.recv(64) != b"ping":
            return tell("lost")
        times.append((time.monotonic() - began) * 1000)
        time.sleep(0.01)
    tell(len(times), f"{statistics.median(times):.2f}", f"{max(times):.2f}")


def transfer(way, source, host, port, size):
    sock = opened(socket.SOCK_STREAM, source, host, port)
    sock.settimeout(15)
    sock.sendall(f"{way} {size}\n".encode())
    if way == "upload":
        sock.sendall(b"x" * size)
        return tell(size if sock.recv(64) == b"done\n" else 0)
    got = 0
    while data := sock.recv(1 << 16):
        got += len(data)
    tell(got)


mode, *rest = sys.argv[1:]
if mode == "serve":
    serve(int(rest[0]), float(rest[1]))
elif mode == "hold":
    hold(rest[0], rest[1], int(rest[2]), rest[3])
elif mode == "pingpong":
    pingpong(rest[0], rest[1], int(rest[2]) + 1, float(rest[3]))
else:
    transfer(mode, rest[0], rest[1], int(rest[2]) + 2, int(rest[3]))
