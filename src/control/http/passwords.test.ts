import { expect, test } from 'vitest';
import { codeOf, testControl } from '../../../test/control/app.ts';
import { smtpListener } from '../../../test/control/smtp.ts';
import { created, tenants } from '../../../test/control/tenants.ts';
import { hashPassword } from '../password.ts';
import { openMailer } from '../mail.ts';

const PASSWORD = 'correct horse battery';
const NEXT = 'a wholly different one';
const HOUR = 3_600_000;
const from = 'Parkway <parkway@x.test>';

/** The API with a mail server, and somebody with an account. */
async function world() {
  const smtp = await smtpListener();
  const mail = await openMailer({ url: smtp.url, urlFile: undefined, from });
  const control = await testControl('embedded', { mail });
  const person = await control.person('a@x.test', { passwordHash: await hashPassword(PASSWORD) });
  const post = (path: string, body: object, remoteAddress = '192.0.2.1') =>
    control.call(undefined, 'POST', path, body, { remoteAddress });
  return {
    smtp,
    control,
    person,
    ask: (email: string, source?: string) => post('/password-resets', { email }, source),
    accept: (token: string, password = NEXT) => post('/password-resets/accept', { token, password }),
    signIn: (password: string) => post('/sessions', { email: 'a@x.test', password }),
    token: async () => tokenIn(await smtp.next()),
    [Symbol.asyncDispose]: async () => {
      await control[Symbol.asyncDispose]();
      await smtp[Symbol.asyncDispose]();
    },
  };
}

function tokenIn(mail: string): string {
  return /https:\/\/parkway\.test\/(?:reset|invitation)#(\S+)/.exec(mail)?.[1] ?? '';
}

test('USR-1: changing the password takes the current one, and ends all other sessions', async () => {
  await using w = await world();
  const { control, person } = w;
  const other = await control.call<{ token: string }>(undefined, 'POST', '/sessions', {
    email: 'a@x.test',
    password: PASSWORD,
  });
  const change = (current: string, password = NEXT) =>
    control.call(person, 'POST', '/me/password', { current, password });
  expect(codeOf(await change('wrong'))).toBe('wrong-password');
  expect(codeOf(await change(PASSWORD, 'short'))).toBe('invalid-request');
  expect((await change(PASSWORD)).status).toBe(204);
  expect(codeOf(await control.call(other.json, 'GET', '/me'))).toBe('not-signed-in');
  expect((await control.call(person, 'GET', '/me')).status).toBe(200);
  expect(codeOf(await w.signIn(PASSWORD))).toBe('wrong-credentials');
  expect((await w.signIn(NEXT)).status).toBe(201);
  expect(await w.smtp.next()).toContain('Subject: Your password was changed');
});

test('USR-2: guessing the current password from a stolen session is throttled', async () => {
  await using w = await world();
  const guess = () => w.control.call(w.person, 'POST', '/me/password', { current: 'wrong', password: NEXT });
  for (let attempt = 0; attempt < 10; attempt += 1) expect(codeOf(await guess())).toBe('wrong-password');
  expect(codeOf(await guess())).toBe('too-many-attempts');
});

test('USR-1: a link to a new password works once, within an hour, ends all sessions, and is not in the database', async () => {
  await using w = await world();
  expect((await w.ask('A@X.test')).status).toBe(204);
  const token = await w.token();
  expect(token).toMatch(/^pwr_/);
  const rows = await w.control.deps.db.selectFrom('password_resets').selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(codeOf(await w.accept(token, 'short'))).toBe('invalid-request');
  expect((await w.accept(token)).status).toBe(204);
  expect(codeOf(await w.control.call(w.person, 'GET', '/me'))).toBe('not-signed-in');
  expect((await w.signIn(NEXT)).status).toBe(201);
  expect(codeOf(await w.accept(token))).toBe('reset-invalid');
  expect(codeOf(await w.accept('pwr_unknown'))).toBe('reset-invalid');
  expect(await w.smtp.next()).toContain('Your password was changed');
  await w.ask('a@x.test');
  const former = await w.token();
  await w.ask('a@x.test');
  const late = await w.token();
  expect(codeOf(await w.accept(former))).toBe('reset-invalid');
  w.control.advance(HOUR + 1);
  expect(codeOf(await w.accept(late))).toBe('reset-invalid');
});

test('USR-2: whoever asks for a link gets the same answer for every address, before anything is looked up', async () => {
  await using w = await world();
  await w.control.deps.db.insertInto('users').values({ email: 'invited@x.test', name: 'I' }).execute();
  const answers = [];
  for (const email of ['nobody@x.test', 'invited@x.test', 'no address', 'a@x.test']) answers.push(await w.ask(email));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  // Of those the last is the only one to get mail.
  expect(await w.smtp.next()).toContain('To: a@x.test');
  expect(w.smtp.mails).toHaveLength(1);
});

test('USR-2: one address gets three links an hour, and one source asks twenty times', async () => {
  await using w = await world();
  for (let attempt = 0; attempt < 20; attempt += 1) expect((await w.ask('a@x.test')).status).toBe(204);
  expect(codeOf(await w.ask('other@x.test'))).toBe('too-many-attempts');
  expect((await w.ask('a@x.test', '192.0.2.2')).status).toBe(204);
  for (let mail = 0; mail < 3; mail += 1) await w.smtp.next();
  const { count } = await w.control.deps.db
    .selectFrom('password_resets')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  expect([w.smtp.mails.length, count]).toEqual([3, 1]);
});

test('USR-1: an invitation is mailed, repeated and withdrawn', async () => {
  await using smtp = await smtpListener();
  const mail = await openMailer({ url: smtp.url, urlFile: undefined, from });
  await using w = await tenants('embedded', { mail });
  const { control, staff, sunfield } = w;
  const path = `/organizations/${sunfield}/members`;
  const body = { email: 'new@x.test', name: 'New', role: 'member' };
  const sent = created(await control.call<{ userId: string }>(staff.administrator, 'POST', path, body));
  expect(sent).toEqual({ userId: sent.userId, mailed: true });
  const first = tokenIn(await smtp.next());
  const invitation = `${path}/${sent.userId}/invitation`;
  expect(created(await control.call(staff.moderator, 'POST', invitation))).toEqual(sent);
  const second = tokenIn(await smtp.next());
  const accept = (token: string) =>
    control.call(undefined, 'POST', '/invitations/accept', { token, password: PASSWORD });
  expect(codeOf(await accept(first))).toBe('invitation-invalid');
  expect(codeOf(await control.call(staff.guest, 'DELETE', invitation))).toBe('not-allowed');
  expect((await control.call(staff.administrator, 'DELETE', invitation)).status).toBe(204);
  expect(codeOf(await accept(second))).toBe('invitation-invalid');
  const known = `${path}/${staff.guest.id}/invitation`;
  for (const method of ['POST', 'DELETE'] as const) {
    expect(codeOf(await control.call(staff.administrator, method, known))).toBe('already-exists');
  }
});

test('USR-1: without a mail server an Administrator makes a link for a member of this organization alone', async () => {
  await using w = await tenants();
  const { control, staff, sunfield, holders, elsewhere, stranger } = w;
  const make = (id: string, by = staff.administrator) =>
    control.call<{ resetToken: string }>(by, 'POST', `/organizations/${sunfield}/members/${id}/password-reset`);
  expect(codeOf(await make(staff.administrator.id))).toBe('not-allowed');
  expect(codeOf(await make(staff.guest.id, staff.moderator))).toBe('not-allowed');
  const { resetToken: token } = created(await make(holders.viewer.id));
  const reset = { token, password: NEXT };
  expect((await control.call(undefined, 'POST', '/password-resets/accept', reset)).status).toBe(204);
  expect(
    (await control.call(undefined, 'POST', '/sessions', { email: holders.viewer.email, password: NEXT })).status,
  ).toBe(201);
  // Whoever was made a member elsewhere too: neither side gets at what the other gave.
  const body = { email: holders.operator.email, name: 'O', role: 'guest' };
  created(await control.call(stranger, 'POST', `/organizations/${elsewhere}/members`, body));
  expect(codeOf(await make(holders.operator.id))).toBe('not-allowed');
});

test('USR-4: an Administrator resets a member’s second factor: recorded, both are told, the member’s sessions end', async () => {
  await using smtp = await smtpListener();
  const mail = await openMailer({ url: smtp.url, urlFile: undefined, from });
  await using w = await tenants('embedded', { mail });
  const { control, staff, sunfield, holders, technician, root, helios } = w;
  const { db } = control.deps;
  const factor = { user_id: holders.viewer.id, sealed_secret: 'x', last_step: 0, recovery_hash: Buffer.from('x') };
  await db.insertInto('second_factors').values(factor).execute();
  const reset = (id: string, by = staff.administrator, organization = sunfield) =>
    control.call(by, 'DELETE', `/organizations/${organization}/members/${id}/second-factor`);
  expect(codeOf(await reset(holders.viewer.id, staff.moderator))).toBe('not-allowed');
  expect(codeOf(await reset(staff.administrator.id))).toBe('not-allowed');
  expect(codeOf(await reset(technician.id))).toBe('not-found');
  expect(codeOf(await reset(technician.id, staff.administrator, helios))).toBe('not-found');
  expect((await reset(holders.viewer.id)).status).toBe(204);
  expect(await db.selectFrom('second_factors').selectAll().execute()).toEqual([]);
  expect(codeOf(await control.call(holders.viewer, 'GET', '/me'))).toBe('not-signed-in');
  expect((await control.call(staff.administrator, 'GET', '/me')).status).toBe(200);
  const [event] = await db.selectFrom('account_events').selectAll().execute();
  expect(event).toMatchObject({
    kind: 'second-factor-reset',
    user_id: holders.viewer.id,
    actor_id: staff.administrator.id,
    organization_id: sunfield,
  });
  const told = [await smtp.next(), await smtp.next()].map((one) => /^To: (.*)$/m.exec(one)?.[1]);
  expect(new Set(told)).toEqual(new Set([holders.viewer.email, staff.administrator.email]));
  expect((await control.call(root, 'DELETE', `/platform/users/${technician.id}/second-factor`)).status).toBe(204);
  expect(codeOf(await control.call(root, 'DELETE', `/platform/users/${root.id}/second-factor`))).toBe('not-allowed');
});

test('USR-1: a link to a new password does not go round the second factor', async () => {
  await using w = await world();
  const factor = { user_id: w.person.id, sealed_secret: 'x', last_step: 0, recovery_hash: Buffer.from('x') };
  await w.control.deps.db.insertInto('second_factors').values(factor).execute();
  await w.ask('a@x.test');
  expect((await w.accept(await w.token())).status).toBe(204);
  expect((await w.signIn(NEXT)).status).toBe(202);
});
