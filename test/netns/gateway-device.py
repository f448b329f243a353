"""What answers at a plant, and what a laptop holds open towards it.

serve NAME INFRA DEVICE...        TCP 80 says NAME; TCP 5000 and UDP 5000 echo lines with NAME; TCP 5001 talks and never listens; UDP 51999 on INFRA echoes probes
hold tcp|udp HOST PORT SOURCE     sends a numbered line each 20 ms, prints what comes back, or how it ended
listen HOST SOURCE COUNT          opens so many connections to TCP 5001, says nothing, prints `N heard` once for each, and how it ended
"""
import asyncio, socket, sys, threading, time


def echo_udp(address, port, prefix):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    while True:
        data, peer = s.recvfrom(4096)
        try:
            s.sendto(prefix + data, peer)
        except OSError:
            pass


async def serve(name, infra, *devices):
    async def greet(reader, writer):
        writer.write((name + " " + writer.get_extra_info("peername")[0] + "\n").encode())
        await writer.drain()
        writer.close()

    async def echo(reader, writer):
        try:
            while line := await reader.readline():
                writer.write(name.encode() + b" " + line)
                await writer.drain()
        except OSError:
            pass

    async def talk(reader, writer):
        # Without waiting: one whose packets are dropped does not hold up the next line.
        try:
            for n in range(100_000):
                writer.write(b"%d\n" % n)
                await asyncio.sleep(0.01)
        except OSError:
            pass

    for address in devices:
        threading.Thread(target=echo_udp, args=(address, 5000, name.encode() + b" "), daemon=True).start()
    threading.Thread(target=echo_udp, args=(infra, 51999, b""), daemon=True).start()
    await asyncio.start_server(greet, "", 80)
    await asyncio.start_server(echo, "", 5000)
    await asyncio.start_server(talk, "", 5001)
    await asyncio.Event().wait()


def hold(proto, host, port, source):
    kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
    s = socket.socket(socket.AF_INET, kind)
    s.bind((source, 0))
    s.settimeout(5)
    s.connect((host, int(port)))
    s.settimeout(1)

    def read():
        while True:
            try:
                data = s.recv(4096)
            except socket.timeout:
                continue
            except OSError as e:
                print("ended", type(e).__name__, e.errno, flush=True)
                if proto == "tcp":
                    return
                time.sleep(0.05)
                continue
            if data == b"":
                print("closed", flush=True)
                return
            # What arrives ends where it ends: only the sender's own ends of lines are printed.
            print(data.decode(), end="", flush=True)

    threading.Thread(target=read, daemon=True).start()
    n = 0
    while True:
        n += 1
        try:
            s.send(f"{n}\n".encode())
        except OSError as e:
            print("ended", type(e).__name__, e.errno, flush=True)
            if proto == "tcp":
                break
        time.sleep(0.02)
    time.sleep(1)


def listen(host, source, count):
    def one(n):
        s = socket.create_connection((host, 5001), 5, (source, 0))
        s.settimeout(None)
        heard = False
        try:
            while s.recv(4096):
                # Each segment is acknowledged at once: nothing is on its way when the way ends.
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                if not heard:
                    say(f"{n} heard")
                heard = True
            say(f"{n} closed")
        except OSError as e:
            say(f"{n} ended {type(e).__name__}")

    # One write for a line: threads do not mix theirs.
    def say(line):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    for n in range(int(count)):
        threading.Thread(target=one, args=(n,)).start()


if sys.argv[1] == "serve":
    asyncio.run(serve(*sys.argv[2:]))
elif sys.argv[1] == "listen":
    listen(*sys.argv[2:5])
else:
    hold(*sys.argv[2:6])
