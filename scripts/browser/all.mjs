// Runs all programs, two beside one another. What each prints comes when it has
// ended; what failed is named once more at the end.
import { spawn } from 'node:child_process';

const lanes = [
  [['test.mjs']],
  [['--test', '--test-reporter=spec', 'unit.test.mjs', 'case-unit.test.mjs', 'desk-unit.test.mjs'], ['lost.mjs'], ['case-live.mjs'], ['desk.mjs'], ['desk-real.mjs'], ['three.mjs']],
];

const failed = [];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

function run(args) {
  const began = Date.now();
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'pipe'] });
    const stop = () => child.kill();
    process.once('exit', stop);
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (b) => said.push(b));
    child.once('close', (code, signal) => {
      const text = Buffer.concat(said).toString();
      console.log(`== ${args.at(-1)}, ${Math.round((Date.now() - began) / 1000)} s\n${text}`);
      if (code !== 0) failed.push(`${args.at(-1)} ended with ${code ?? signal}`, ...text.split('\n').filter((line) => /^(FAIL|✖) /.test(line)).map((line) => `  ${line}`));
      process.off('exit', stop);
      done();
    });
  });
}

await Promise.all(lanes.map(async (lane) => { for (const args of lane) await run(args); }));
for (const line of failed) console.log(line);
process.exitCode = failed.length ? 1 : 0;
