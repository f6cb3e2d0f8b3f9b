#!/usr/bin/env node
// CommonJS, because Node starts a CommonJS file faster than an ES module.
require('../dist/cli.cjs');
