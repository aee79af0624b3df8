#!/usr/bin/env node
// Plain JavaScript that every Node can read, so that one which is too old for the rest can say so.
const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  console.error(
    `exo-bridge needs Node ${NEEDED} or newer; this is ${process.version}, ${process.execPath}\n` +
      `What to do: install Node ${NEEDED} (https://nodejs.org/en/download), or run "npm ci", which brings it along, and then "npx exo-bridge"`,
  );
  process.exit(1);
}

void import('../src/cli/main.ts');
