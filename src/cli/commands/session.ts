import { Command } from 'commander';
import {
  type ChallengeJson,
  type NewSessionJson,
  challengeSchema,
  meSchema,
  newSessionSchema,
} from '../../wire/rest/sessions.ts';
import { type Answer, type Api, api, connect } from '../client.ts';
import { type Common, show, verbless } from '../command.ts';
import type { Context } from '../context.ts';
import {
  type Credentials,
  credentialsFile,
  endpoint,
  forgetCredentials,
  loadCredentials,
  saveCredentials,
} from '../credentials.ts';
import { Refused, wrongUsage } from '../failures.ts';
import { NONE, formatThing } from '../table.ts';

interface SignIn extends Common {
  readonly url?: string;
  readonly email?: string;
  readonly name?: string;
  readonly passwordStdin?: true;
  readonly codeStdin?: true;
  readonly stdin?: true;
}

/** What of `/me` is shown. */
const whoSchema = meSchema.pick({ user: true, platformAdministrator: true, memberships: true });

/** `parkway login`: opens a session and remembers it. */
export function loginCommand(context: Context): Command {
  return toServer(
    single(
      'login',
      'Sign in, and stay signed in on this machine.',
      'login --url https://parkway.example --email a@b.c',
    ),
  )
    .option('--email <address>', 'your address; asked for when it is not given')
    .option('--password-stdin', 'read the password from standard input')
    .option('--code-stdin', 'read the password and the code of the second factor from standard input, a line each')
    .action(async (options: SignIn) => {
      const url = await serverOf(context, options);
      const email = options.email ?? (await asked(context, 'Email: ', '--email'));
      const { password, code } = await secretsOf(context, options);
      const server = api(url, undefined);
      const answer = await server.send('POST', '/sessions', { email, password }, newSessionSchema.or(challengeSchema));
      await remember(context, options, url, isSession(answer) ? answer : await passed(context, server, answer, code));
    });
}

async function secretsOf(context: Context, options: SignIn): Promise<{ password: string; code?: string }> {
  if (options.codeStdin) {
    const [password = '', code = ''] = (await context.terminal.readInput()).split(/\r?\n/);
    return { password, code };
  }
  if (options.passwordStdin) return { password: (await context.terminal.readInput()).replace(/\r?\n$/, '') };
  return { password: await asked(context, 'Password: ', '--password-stdin', 'hidden') };
}

/** Finishes signing in with the code that was given, or asks for it. */
async function passed(
  context: Context,
  server: Api,
  { value }: Answer<NewSessionJson | ChallengeJson>,
  given: string | undefined,
): Promise<Answer<NewSessionJson>> {
  const code = given ?? (await asked(context, 'Code, or recovery code: ', '--code-stdin'));
  const challenge = 'challenge' in value ? value.challenge : '';
  return server.send('POST', '/sessions/challenge', { challenge, code }, newSessionSchema);
}

function isSession(answer: Answer<NewSessionJson | ChallengeJson>): answer is Answer<NewSessionJson> {
  return 'token' in answer.value;
}

/** `parkway join`: accepts an invitation, which makes the account's password and signs in. */
export function joinCommand(context: Context): Command {
  return toServer(
    single('join', 'Accept an invitation: choose a password and sign in.', 'join --url https://parkway.example'),
  )
    .option('--name <name>', 'how you want to be called')
    .option('--stdin', 'read the invitation token and the password from standard input, a line each')
    .action(async (options: SignIn) => {
      const url = await serverOf(context, options);
      const [token = '', password = ''] = options.stdin
        ? (await context.terminal.readInput()).split(/\r?\n/)
        : [
            await asked(context, 'Invitation token: ', '--stdin', 'hidden'),
            await asked(context, 'New password: ', '--stdin', 'hidden'),
          ];
      const name = options.name === undefined ? {} : { name: options.name };
      const body = { token: token.trim(), password, ...name };
      await remember(
        context,
        options,
        url,
        await api(url, undefined).send('POST', '/invitations/accept', body, newSessionSchema),
      );
    });
}

/** `parkway logout`: ends the remembered session on the server, then forgets it. */
export function logoutCommand(context: Context): Command {
  return single('logout', 'End the session, on the server too.', 'logout').action(async (options: Common) => {
    const remembered = await loadCredentials(context);
    if (remembered === undefined) throw wrongUsage("You are not signed in on this machine with 'parkway login'.");
    try {
      const answer = await api(remembered.url, remembered.token).remove('/sessions/current');
      show(context, options, answer, () => `Signed out of ${remembered.url}.\n`);
    } catch (error) {
      // A session that has ended by itself is as good as ended.
      if (!(error instanceof Refused) || error.problem.code !== 'not-signed-in') throw error;
      context.terminal.err('The session had ended already.\n');
    }
    await forgetCredentials(context);
  });
}

/** `parkway whoami`: the account, its organizations and the server. */
export function whoamiCommand(context: Context): Command {
  return single('whoami', 'Show who you are signed in as.', 'whoami').action(async (options: Common) => {
    const connected = await connect(context);
    show(context, options, await connected.get('/me', whoSchema), (me) =>
      formatThing([
        ['Account', `${me.user.name} <${me.user.email}>`],
        ['Server', connected.url],
        [
          'Organizations',
          me.memberships.map(({ organizationName, role }) => `${organizationName} (${role})`).join(', ') || NONE,
        ],
        ...(me.platformAdministrator ? [['Platform', 'administrator'] as const] : []),
      ]),
    );
  });
}

function single(name: string, description: string, example: string): Command {
  return verbless(new Command(name).description(description), example);
}

function toServer(command: Command): Command {
  return command.option('--url <address>', 'the server; otherwise PARKWAY_URL, or the one of the last login');
}

async function serverOf(context: Context, options: SignIn): Promise<string> {
  const url = options.url ?? (await endpoint(context)).url;
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw wrongUsage(`“${url}” is not the address of a server, such as https://parkway.example.`);
  return url;
}

async function asked({ terminal }: Context, question: string, option: string, hidden?: 'hidden'): Promise<string> {
  if (!terminal.interactive) throw wrongUsage(`Nobody is there to answer “${question.trim()}”. Use ${option}.`);
  return terminal.ask(question, hidden);
}

async function remember(context: Context, options: Common, url: string, answer: Answer<NewSessionJson>): Promise<void> {
  const { token, expiresAt, user } = answer.value;
  const credentials: Credentials = { url, token, expiresAt, email: user.email };
  await saveCredentials(context, credentials);
  show(context, options, answer, () => `Signed in to ${url} as ${user.email}, until ${expiresAt}.\n`);
  context.terminal.err(`The session is in ${credentialsFile(context)}.\n`);
}
