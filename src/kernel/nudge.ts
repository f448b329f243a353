import { fileURLToPath } from 'node:url';
import type { Runner } from './run.ts';

/** A TCP connection as its opener sees it. */
export interface TcpConnection {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Where it leads after translation: the address that answers. */
  readonly target: string;
  readonly mark: number;
}

const SCRIPT = fileURLToPath(new URL('nudge.pl', import.meta.url));

/**
 * States in which the opener may still wait for something. CLOSE is one of them: the tracker goes there when a packet of
 * the other side is answered with a reset, of which the opener hears nothing.
 */
const CONNECTION =
  /^tcp +6 \d+ (?:ESTABLISHED|FIN_WAIT|CLOSE_WAIT|LAST_ACK|CLOSE) src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) .*?src=(\S+) .*mark=(\d+)/;

/** The open TCP connections that the connection tracker knows, by the original direction. */
export async function listTcp(runner: Runner): Promise<TcpConnection[]> {
  return parseConntrack(await runner.run(['conntrack', '-L', '-f', 'ipv4', '-p', 'tcp']));
}

/** Parses the output of `conntrack -L`; what is no open TCP connection is left out. */
export function parseConntrack(text: string): TcpConnection[] {
  return text.split('\n').flatMap((line) => {
    const [, source, destination, sourcePort, destinationPort, target, mark] = CONNECTION.exec(line) ?? [];
    if (source === undefined || destination === undefined || target === undefined) return [];
    return [
      {
        source,
        sourcePort: Number(sourcePort),
        destination,
        destinationPort: Number(destinationPort),
        target,
        mark: Number(mark),
      },
    ];
  });
}

/**
 * Makes the openers of connections say something: each gets one acknowledgement that looks as if the other side had sent it.
 * A permitted connection does not notice. One that the rules refuse now sends its answer into the refusal, and learns that it is
 * dead, also when it only ever listened. `mark` routes the packets.
 */
export async function nudge(runner: Runner, connections: readonly TcpConnection[], mark: number): Promise<void> {
  if (connections.length === 0) return;
  const lines = connections.map((c) => `${c.destination} ${c.destinationPort} ${c.source} ${c.sourcePort}\n`);
  await runner.run(['perl', SCRIPT, String(mark)], { input: lines.join('') });
}
