/** Does something after something else. Rejects with the failure of either. */
export async function after(former: Promise<void>, work: () => Promise<void>): Promise<void> {
  await former;
  await work();
}
