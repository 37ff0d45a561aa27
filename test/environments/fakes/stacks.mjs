// A program that makes stacks itself, of text or of objects.
const makers = {
  text: (error, sites) => [error, ...sites].join('\n  > '),
  objects: (_, sites) => sites,
};
Error.prepareStackTrace = makers[process.env.STACKS];
