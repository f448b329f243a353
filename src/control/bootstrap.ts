import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { insertFirstUser } from '../store/users.ts';
import { emailSchema, nameSchema, passwordSchema } from '../wire/rest/common.ts';
import type { Deps } from './deps.ts';
import { hashPassword } from './password.ts';

const administratorSchema = z.object({ email: emailSchema, name: nameSchema, password: passwordSchema });

/**
 * Makes the first platform administrator from a file `{email, name, password}` when nobody has an account yet; later the
 * file is not looked at. Throws a sentence without the file's content when it is needed and wrong.
 */
export async function bootstrap({ db, log }: Pick<Deps, 'db' | 'log'>, file: string): Promise<void> {
  if ((await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined) return;
  const { email, name, password } = await readAdministrator(file);
  if (await insertFirstUser(db, { email, name, passwordHash: await hashPassword(password) })) {
    log.info({ email }, 'made the first platform administrator; the bootstrap file can be deleted');
  }
}

async function readAdministrator(file: string): Promise<z.output<typeof administratorSchema>> {
  try {
    return administratorSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : 'it cannot be read as JSON';
    throw new Error(`PARKWAY_BOOTSTRAP_FILE must be JSON {"email", "name", "password"}: ${reason}`, { cause: error });
  }
}
