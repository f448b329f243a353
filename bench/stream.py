"""Datagrams to and fro, and how many are lost.

serve ADDRESS        echoes what comes to UDP 5000
ask TARGET EVERY     sends a numbered datagram every so many ms, and prints each second `ASKED ANSWERED PAUSE`: how many were sent
                     more than five seconds ago, how many of those were answered, and the longest time in ms that ended in the
                     last second and in which no answer came
"""
import socket, sys, threading, time

PORT = 5000
LATE = 5.0


def serve(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, PORT))
    while True:
        data, peer = s.recvfrom(100)
        s.sendto(data, peer)


def ask(target, every):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((target, PORT))
    sent, answered, pauses = [], [], []

    def hear():
        last = time.monotonic()
        while True:
            try:
                answered[int(s.recv(100))] = True
            except OSError:
                continue
            now = time.monotonic()
            pauses.append(now - last)
            last = now

    threading.Thread(target=hear, daemon=True).start()
    begin = told = time.monotonic()
    asked = heard = 0
    while True:
        now = time.monotonic()
        if now - told >= 1:
            while asked < len(sent) and sent[asked] < now - LATE:
                heard += answered[asked]
                asked += 1
            longest, pauses[:] = max(pauses, default=0), []
            print(asked, heard, round(longest * 1000), flush=True)
            told = now
        sent.append(now)
        answered.append(False)
        try:
            s.send(b"%d" % (len(sent) - 1))
        except OSError:
            pass
        time.sleep(max(0, begin + len(sent) * every / 1000 - time.monotonic()))


if sys.argv[1] == "serve":
    serve(sys.argv[2])
else:
    ask(sys.argv[2], float(sys.argv[3]))
