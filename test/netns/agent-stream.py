"""Both ends of a stream on which both sides send a numbered line every 50 ms.

server tcp|udp PORT NAME, or client tcp|udp SOURCE ADDRESS PORT. Each line that arrives is printed with the time."""
import select, socket, sys, time

def talk(sock, send, name):
    n, due, rest = 0, time.monotonic(), b""
    while True:
        wait = due - time.monotonic()
        if wait > 0:
            ready, _, _ = select.select([sock], [], [], wait)
            if ready:
                data = sock.recv(65536)
                if not data:
                    print("closed", flush=True)
                    return
                # TCP hands over several lines at once, and parts of lines, when this process had to wait.
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    print(f"{time.time():.3f} {line.decode(errors='replace')}", flush=True)
            continue
        n, due = n + 1, due + 0.05
        try:
            send(f"{name} {n}\n".encode())
        except OSError as error:
            print("error", error, flush=True)
            if sock.type == socket.SOCK_STREAM:
                return

def serve(proto, port, name):
    if proto == "udp":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("0.0.0.0", port))
        _, peer = sock.recvfrom(65536)
        print("peer", peer[0], flush=True)
        return talk(sock, lambda data: sock.sendto(data, peer), name)
    listener = socket.create_server(("0.0.0.0", port))
    sock, peer = listener.accept()
    print("peer", peer[0], flush=True)
    talk(sock, sock.sendall, name)

def connect(proto, source, address, port):
    kind = socket.SOCK_DGRAM if proto == "udp" else socket.SOCK_STREAM
    sock = socket.socket(socket.AF_INET, kind)
    sock.bind((source, 0))
    sock.settimeout(5)
    sock.connect((address, port))
    print("connected", flush=True)
    talk(sock, sock.send, "user")

mode, proto, *rest = sys.argv[1:]
try:
    serve(proto, int(rest[0]), rest[1]) if mode == "server" else connect(proto, rest[0], rest[1], int(rest[2]))
except OSError as error:
    print("error", error, flush=True)
