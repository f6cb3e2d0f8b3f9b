// Loaded before the command: reports the largest resident size, in KiB, as the last line on stderr.
process.on('exit', () => require('node:fs').writeSync(2, `\n${process.resourceUsage().maxRSS}\n`));
