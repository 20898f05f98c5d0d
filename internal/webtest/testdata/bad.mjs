export default async ({ page, args }) => {
  await page.goto(args.site + args.path);
  await page.waitForLoadState('networkidle');
};
