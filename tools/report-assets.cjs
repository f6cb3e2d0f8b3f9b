/** What the HTML report runs in the browser, bundled into one script and one style sheet, as text. */

const { buildSync } = require('esbuild');

exports.bundleReportAssets = () => {
  const browser = `${__dirname}/../src/report/html/browser`;
  const { outputFiles } = buildSync({
    entryPoints: { script: `${browser}/main.ts`, style: `${browser}/style/report.css` },
    outdir: '/report',
    write: false,
    bundle: true,
    minify: true,
    charset: 'ascii',
    format: 'iife',
    target: ['chrome111', 'firefox115', 'safari16.4'],
    legalComments: 'none',
    logLevel: 'warning',
  });
  const [script, style] = ['script.js', 'style.css'].map((name) => outputFiles.find(({ path }) => path.endsWith(name)));
  return { script: script.text, style: style.text };
};

/** For the bundles of the program: the two texts instead of the module that makes them. */
exports.reportAssets = {
  name: 'report-assets',
  setup(build) {
    build.onLoad({ filter: /[\\/]report[\\/]html[\\/]bundled\.ts$/ }, () => ({
      contents: `export const bundledAssets = () => (${JSON.stringify(exports.bundleReportAssets())});`,
      loader: 'js',
    }));
  },
};
