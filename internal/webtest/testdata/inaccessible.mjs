export default async ({ page, args, axe }) => {
  await page.goto(args.site + '/nolabel');
  await axe();
};
