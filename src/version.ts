/** What the program calls itself; a test holds it to package.json. */
export const TOOL = { name: 'smmu-adopt', version: '0.1.0' } as const;
