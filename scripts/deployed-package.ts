type Json = Readonly<Record<string, unknown>>;

/** What is deployed of package.json: what `npm ci` and the function's runtime ask for, and nothing for developers. */
export function deployedPackage({
  name,
  version,
  license,
  type,
  engines,
  dependencies,
  allowScripts,
}: Json): Json {
  return {
    name,
    version,
    private: true,
    license,
    type,
    // Where the runtime looks for the function.
    main: 'dist/function.js',
    engines,
    // Empty: else the build in the cloud would run a script named build. https://cloud.google.com/run/docs/runtimes/nodejs
    scripts: { 'gcp-build': '' },
    dependencies,
    allowScripts,
  };
}

/** The lock file without what only developers install: `npm ci` refuses one that does not match its package.json. */
export function deployedLock(lock: Json): Json {
  const packages = Object.entries(lock['packages'] as Readonly<Record<string, Json>>);
  const deployed = packages.flatMap(([path, entry]): readonly (readonly [string, Json])[] => {
    if (path === '') {
      const { devDependencies: _, ...root } = entry;
      return [[path, root]];
    }
    return entry['dev'] === true ? [] : [[path, entry]];
  });
  return { ...lock, packages: Object.fromEntries(deployed) };
}
