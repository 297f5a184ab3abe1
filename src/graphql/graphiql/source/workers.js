// Monaco would otherwise start its workers from blob: URLs, which
// `worker-src 'self'` refuses.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = label === 'graphql' || label === 'json' ? label : 'editor';
    return new Worker(new URL(`./${name}.worker.js`, import.meta.url), {
      type: 'module',
    });
  },
};
