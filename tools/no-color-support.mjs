/** Stands in for what chalk finds out of the terminal in the bundled command, which says itself whether there is colour. */
export default { stdout: false, stderr: false };
