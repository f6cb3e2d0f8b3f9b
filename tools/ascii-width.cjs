/**
 * Stands in for string-width in the bundled command. cli-table3 asks it for the width of every cell; the original
 * compiles a large emoji expression for that, which is a tenth of the time a small inspection takes. Our cells hold
 * nothing wider than one column, and colour codes.
 */
const { stripVTControlCharacters } = require('node:util');

module.exports = (text) => stripVTControlCharacters(text).length;
