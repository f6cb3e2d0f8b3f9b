/** What the program calls itself; a test holds it to package.json. */
export const TOOL = { name: 'smmu-adopt', version: '0.1.0' } as const;

/** Of every JSON document: within a version keys may be added, and none is renamed, retyped or removed. */
export const SCHEMA_VERSION = 1;
