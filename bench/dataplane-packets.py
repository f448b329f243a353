"""Sends datagrams along several lanes in turn, each from one namespace into another, and prints what each took.

One thread does all of it: it sends, and since every cable is a veth, the kernel forwards the packet to its receiver within that
call. So nothing is scheduled in between, and what else the machine does shows in few of the batches. A JSON object on standard
input:

  {"lanes": [{"user": pid, "plant": pid, "gateway": pid, "flows": [[source, target, answers], ...]}, ...],
   "rounds": R, "batch": B, "fresh": false}

Each round does a batch on every lane, in an order that changes. A batch is B round trips of 64 bytes of payload, over its flows in
turn; when fresh, each is the first of a new source port, and the gateway's connections are forgotten before. Prints a list per lane:
nanoseconds per round trip, round by round.
"""
import ctypes, gc, json, os, resource, socket, struct, sys, time

PORT = 5000
DATA = b"x" * 64
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def within(pid, work):
    """Does something in the network namespace of a process."""
    with open("/proc/self/ns/net") as own, open(f"/proc/{pid}/ns/net") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            return work()
        finally:
            libc.setns(own.fileno(), CLONE_NEWNET)


def udp(address, port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.bind((address, port))
    return s


def asking(source, target):
    s = udp(source)
    s.connect((target, PORT))
    return s


class Lane:
    def __init__(self, lane):
        self.user, self.flows = lane["user"], lane["flows"]
        answering = {answers for _, _, answers in self.flows}
        self.servers = within(lane["plant"], lambda: {answers: udp(answers, PORT) for answers in answering})
        self.clients = within(self.user, lambda: [asking(source, target) for source, target, _ in self.flows])
        self.netlink = within(lane["gateway"], lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12))
        self.at = 0

    def server(self, flow):
        return self.servers[self.flows[flow][2]]

    def next_flows(self, count):
        picked = [(self.at + n) % len(self.flows) for n in range(count)]
        self.at = (self.at + count) % len(self.flows)
        return picked

    def forget(self):
        """IPCTNL_MSG_CT_DELETE for everything."""
        self.netlink.send(struct.pack("=LHHLLBBH", 20, (1 << 8) | 2, 1 | 4, 1, 0, 0, 0, 0))
        self.netlink.recv(4096)

    def established(self, count):
        picked = self.next_flows(count)
        return timed([(self.clients[n], self.server(n)) for n in picked])

    def fresh(self, count):
        self.forget()
        picked = self.next_flows(count)
        clients = within(self.user, lambda: [asking(*self.flows[n][:2]) for n in picked])
        took = timed([(client, self.server(n)) for client, n in zip(clients, picked)])
        for client in clients:
            client.close()
        return took


def timed(pairs):
    begin = time.perf_counter_ns()
    for client, server in pairs:
        client.send(DATA)
        data, peer = server.recvfrom(100)
        server.sendto(data, peer)
        client.recv(100)
    return (time.perf_counter_ns() - begin) / len(pairs)


asked = json.load(sys.stdin)
# Of two, the one that interrupts of the machine's devices rather leave alone.
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
lanes = [Lane(lane) for lane in asked["lanes"]]
took = [[] for _ in lanes]
gc.disable()
for number in range(asked["rounds"]):
    turn = number % len(lanes)
    order = [(turn + n) % len(lanes) for n in range(len(lanes))]
    for n in order if number // len(lanes) % 2 == 0 else order[::-1]:
        lane = lanes[n]
        took[n].append(lane.fresh(asked["batch"]) if asked["fresh"] else lane.established(asked["batch"]))
json.dump(took, sys.stdout)
