/**
 * The web app as a person uses it: a real browser, control in the lab, and a stock client on a laptop behind NAT that runs
 * the file which the browser saved. The steps build on each other.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSync } from 'otplib';
import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelError } from '../../src/kernel/run.ts';
import { openBrowser } from '../e2e/browser.ts';
import { type LabDriver, openLabDriver } from './lab-driver.ts';

const OPERATOR = 'operator@sunfield.test';
const ADMINISTRATOR = 'administrator@sunfield.test';
const GRUENAU = 'Solar park Grünau';
const MOOS = 'Solar park Moos';

let lab: LabDriver;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
/** All that the page asked for, with whatever it sent. */
const requests: string[] = [];
/** What the browser complained of; refusals that a page asks for on purpose apart. */
const complaints: string[] = [];

beforeAll(async () => {
  lab = await openLabDriver([ADMINISTRATOR]);
  browser = await openBrowser();
  page = await browser.context.newPage();
  page.on('request', (request) => requests.push(textOf(request)));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 40[14]/.test(message.text())) complaints.push(message.text());
  });
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await lab.down();
});

function textOf(request: Request): string {
  return `${request.method()} ${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`;
}

/** Saves what the dialog offers, closes it, and returns the file. */
async function save(name: string): Promise<{ file: string; text: string }> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the profile' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('parkway.conf');
  const file = join(lab.folder, name);
  await download.saveAs(file);
  await page.getByRole('checkbox', { name: 'I have saved the profile' }).check();
  await page.getByRole('button', { name: 'Close and forget' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  return { file, text: await readFile(file, 'utf8') };
}

/** Holds that the private key of a profile is nowhere but in the file: in no request, no storage, not on the page. */
async function expectKept(profile: string): Promise<void> {
  const key = /^PrivateKey = (\S+)$/m.exec(profile)?.[1] ?? '';
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  const hex = Buffer.from(key, 'base64').toString('hex');
  const forms = [key, hex, encodeURIComponent(key), Buffer.from(key, 'base64').toString('base64url')];
  const left = await page.evaluate<string>(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML])',
  );
  for (const form of forms) {
    expect(requests.filter((request) => request.includes(form))).toEqual([]);
    expect(left.includes(form)).toBe(false);
  }
}

/** Types six digits, the first into the field that has the focus; the sixth sends them. */
async function typeCode(code: string): Promise<void> {
  await page.getByLabel('Six-digit code').first().waitFor();
  await page.locator('.code-digit').first().click();
  await page.keyboard.type(code);
}

const onLaptop = (...argv: string[]) => lab.parkway(ADMINISTRATOR, 'lab', 'exec', 'laptop-1', '--', ...argv);

/** Which plant's web page answers at an address, for the laptop. */
async function pageAt(address: string): Promise<string> {
  const html = await onLaptop('curl', '-s', '-m', '2', `http://${address}/`).catch((error: unknown) => {
    if (error instanceof KernelError) return '';
    throw error;
  });
  return /Plant: ([^<]*)/.exec(html)?.[1] ?? 'nobody';
}

async function grant(plant: string): Promise<void> {
  const words = ['--organization', 'Sunfield', '--user', OPERATOR, '--plant', plant, '--role', 'operator', '--wait'];
  await lab.parkway(ADMINISTRATOR, 'grants', 'add', ...words);
}

describe('the web app', () => {
  it('signs in with address and password, by a cookie that no script reads (USR-1)', async () => {
    const password = lab.status.accounts.find(({ email }) => email === OPERATOR)?.password ?? '';
    await page.goto(lab.status.url);
    await page.getByLabel('Email address').fill(OPERATOR);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Where to?' }).waitFor();
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })')).not.toContain(password);
  });

  it('issues a certificate whose private key is in no request, and a stock client uses the file (VPN-2, VPN-3)', async () => {
    await page.getByRole('link', { name: 'Your VPN' }).first().click();
    await page.getByRole('button', { name: 'Issue certificate' }).click();
    const { file, text } = await save('first.conf');
    expect(requests.some((request) => request.includes('publicKey'))).toBe(true);
    await expectKept(text);
    await lab.parkway(ADMINISTRATOR, 'lab', 'connect', 'laptop-1', file);
    await expect.poll(() => pageAt('192.168.1.20'), { timeout: 20_000 }).toBe(GRUENAU);
    await page.getByText(GRUENAU).first().waitFor();
  });

  it('shows a granted plant, and takes it away again, without a reload (VPN-13, VPN-9)', async () => {
    await grant(MOOS);
    await page.getByRole('button', { name: new RegExp(`^Use this park: ${MOOS}`) }).waitFor();
    await page.getByRole('button', { name: new RegExp(`^Use this park: ${MOOS}`) }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Use this park' }).click();
    await expect.poll(() => pageAt('192.168.1.20'), { timeout: 10_000 }).toBe(MOOS);
    const list = await lab.parkway(ADMINISTRATOR, 'grants', 'list', '--organization', 'Sunfield', '--json');
    const { items }: { items: { id: string; user: { email: string }; plant: { name: string } | null }[] } =
      JSON.parse(list);
    const id = items.find((one) => one.user.email === OPERATOR && one.plant?.name === MOOS)?.id ?? '';
    await lab.parkway(ADMINISTRATOR, 'grants', 'remove', id, '--yes', '--wait');
    await page.getByText(MOOS).first().waitFor({ state: 'detached' });
    expect(await pageAt('192.168.1.20')).toBe(GRUENAU);
  });

  it('rotates: the new key is kept as well, the old file is dead (VPN-4)', async () => {
    await page.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    const { file, text } = await save('second.conf');
    await expectKept(text);
    await expect.poll(() => pageAt('192.168.1.20'), { timeout: 10_000 }).toBe('nobody');
    await lab.parkway(ADMINISTRATOR, 'lab', 'connect', 'laptop-1', file);
    await expect.poll(() => pageAt('192.168.1.20'), { timeout: 20_000 }).toBe(GRUENAU);
  });

  it('lets an invited person in by a link, sets up the second step, and asks for it from then on (USR-1)', async () => {
    const email = 'eve@sunfield.test';
    const words = [email, '--organization', 'Sunfield', '--name', 'Eve Example', '--role', 'member', '--json'];
    const answer: { invitationToken: string } = JSON.parse(
      await lab.parkway(ADMINISTRATOR, 'members', 'add', ...words),
    );
    const password = 'a sentence that is long enough';
    await page.goto(`${lab.status.url}/invitation#${answer.invitationToken}`);
    await page.getByLabel('Password').fill(password);
    expect(page.url()).not.toContain(answer.invitationToken);
    await page.getByRole('button', { name: 'Accept the invitation' }).click();

    await page.getByRole('button', { name: 'Set up the second step' }).click();
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    const secret = (
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^Copy / })
        .innerText()
    ).replaceAll(/\s/g, '');
    const now = Math.floor(Date.now() / 1000);
    await typeCode(generateSync({ secret, epoch: now }));
    await page.getByRole('heading', { name: 'Keep this recovery code' }).waitFor();
    await page.getByRole('checkbox', { name: 'I have saved it' }).check();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Turn off' }).waitFor();

    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
    // The first code is used up; the one of the next half minute is taken as well, for clocks that are ahead.
    await typeCode(generateSync({ secret, epoch: now + 30 }));
    await page.getByRole('heading', { name: 'Sessions' }).waitFor();
  });

  it('gave the browser no reason to complain: nothing broke the content security policy', () => {
    expect(complaints).toEqual([]);
  });
});
