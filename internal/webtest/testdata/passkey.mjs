export default async ({ page, args, assert, passkeys }) => {
  const keys = await passkeys(page);
  await page.goto(args.site + '/');
  await page.evaluate(() => navigator.credentials.create({ publicKey: {
    rp: { name: 'Test' }, user: { id: new Uint8Array(8), name: 'a', displayName: 'A' },
    challenge: new Uint8Array(32), pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  } }).then((c) => c.id));
  assert.equal((await keys.list()).length, 1);
};
