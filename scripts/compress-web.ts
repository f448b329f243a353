/** Writes what control sends to browsers that take it compressed: for each text file of a folder, one in brotli and one in gzip. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

const TEXT = /\.(js|css|svg|json|webmanifest|map)$/;
const folder = process.argv[2] ?? 'dist/web/assets';

for (const name of (await readdir(folder)).filter((one) => TEXT.test(one))) {
  const content = await readFile(join(folder, name));
  await writeFile(join(folder, `${name}.br`), await promisify(brotliCompress)(content));
  await writeFile(join(folder, `${name}.gz`), await promisify(gzip)(content, { level: 9 }));
}
