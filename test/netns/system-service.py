"""Answers on TCP and UDP ports of every address of a machine, broadcasts included, and tells of each caller: service.py PORT..."""
import selectors, socket, sys

ready = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        sock = socket.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", port))
        except OSError:
            # The machine serves there itself.
            continue
        if kind == socket.SOCK_STREAM:
            sock.listen()
        ready.register(sock, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in ready.select():
        if key.fileobj.type == socket.SOCK_STREAM:
            peer, caller = key.fileobj.accept()
            peer.close()
        else:
            _, caller = key.fileobj.recvfrom(65536)
            key.fileobj.sendto(b"service", caller)
        print("called by", caller[0], "on", key.fileobj.getsockname()[1], flush=True)
