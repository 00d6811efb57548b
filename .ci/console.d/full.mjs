// Looks closely at the console, as everyone there is: what is in the modules beside this one.
//
// Usage: node full.mjs URL DATA_DIR LOG   (of a ghostworks that nobody operates yet; playwright-core, axe-core and lighthouse must
// be installed beside it). SHOTS=DIRECTORY keeps pictures, ARTIFACTS is how many the overfull workspace has, STEPS=PATTERN takes
// some steps alone.
import { finish, problems } from './browser.mjs';
import { everyone, pictures } from './everyone.mjs';
import { firstStart } from './first.mjs';
import { foreignForms } from './foreign.mjs';
import { hostile } from './hostile.mjs';
import { jobs } from './jobs.mjs';
import { keyboard } from './keyboard.mjs';
import { letters } from './letters.mjs';
import { judged } from './lighthouse.mjs';
import { latencies, sizes } from './sizes.mjs';
import { endedSession, sentTwice, twoPeople } from './together.mjs';
import { worlds } from './worlds.mjs';

const artifacts = Number(process.env.ARTIFACTS ?? 100_000);
const wanted = new RegExp(process.env.STEPS ?? '');
const started = performance.now();

async function step(name, run) {
  const [before, known] = [performance.now(), problems.length];
  const result = await run();
  const found = problems.slice(known);
  console.log(`${found.length === 0 ? 'well ' : 'WRONG'} ${((performance.now() - before) / 1000).toFixed(0).padStart(4)} s  ${name}`);
  for (const problem of found) console.log(`      ${problem}`);
  return result;
}

const [, , , dataDir, log] = process.argv;
const operator = await step('the first start, up to the trace of a write', () => firstStart(dataDir));
const { empty, typical, overfull } = await step('three workspaces: empty, typical, overfull', () => worlds(operator, artifacts));
const steps = [];
for (const script of [true, false]) {
  const how = script ? 'with a script' : 'without a script';
  steps.push(
    [`every page as everyone, ${how}`, () => everyone(typical, script)],
    [`what mails lead to, ${how}`, () => letters(log, script)],
    [`two people who change one artifact, ${how}`, () => twoPeople(typical, script)],
    [`a session that ends while somebody writes, ${how}`, () => endedSession(typical, script)],
    [`what one can do, ${how}`, () => jobs(operator, script)],
  );
}
steps.push(
  ['what is sent twice', () => sentTwice(typical)],
  ['forms from elsewhere', () => foreignForms(typical)],
  ['by keyboard alone', () => keyboard()],
  ['hostile content in every field', () => hostile(operator)],
  ['sizes of what is empty', () => sizes('empty', empty, true)],
  ['sizes of what is typical', () => sizes('typical', typical, true)],
  ['sizes of what is overfull', () => sizes('overfull', overfull, false)],
  ['how long the server takes', () => latencies(overfull)],
  ['Lighthouse', () => judged(typical)],
  ['pictures of what is empty', () => pictures('empty', empty, false)],
  ['pictures of what is typical', () => pictures('typical', typical, true)],
  ['pictures of what is overfull', () => pictures('overfull', overfull, false)],
);
for (const [name, run] of steps.filter(([name]) => wanted.test(name))) await step(name, run);
await finish(`the console holds what it promises, after ${((performance.now() - started) / 1000).toFixed(0)} s,`);
