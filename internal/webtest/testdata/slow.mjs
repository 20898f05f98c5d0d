export default async () => new Promise(() => setInterval(() => {}, 1000));
