/**
 * Stands in for node:child_process in the bundled command. Commander loads it for commands that are programs of their
 * own, of which there are none, and Node takes a twentieth of a small inspection's time to load it.
 */
module.exports = {
  get spawn() {
    // biome-ignore lint/style/useNodejsImportProtocol: with the prefix it would be this file again.
    return require('child_process').spawn;
  },
};
