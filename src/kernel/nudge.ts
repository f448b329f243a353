import { fileURLToPath } from 'node:url';
import type { Runner } from './run.ts';

/** A TCP connection as its opener sees it. */
export interface TcpConnection {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

const SCRIPT = fileURLToPath(new URL('nudge.pl', import.meta.url));

const CONNECTION = /^tcp +6 \d+ ESTABLISHED src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) /;

/** The established TCP connections that the connection tracker knows, by the original direction. */
export async function listTcp(runner: Runner): Promise<TcpConnection[]> {
  return parseConntrack(await runner.run(['conntrack', '-L', '-p', 'tcp', '--state', 'ESTABLISHED']));
}

/** Parses the output of `conntrack -L`; what is no established TCP connection is left out. */
export function parseConntrack(text: string): TcpConnection[] {
  return text.split('\n').flatMap((line) => {
    const [, source, destination, sourcePort, destinationPort] = CONNECTION.exec(line) ?? [];
    if (source === undefined || destination === undefined) return [];
    return [{ source, sourcePort: Number(sourcePort), destination, destinationPort: Number(destinationPort) }];
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
