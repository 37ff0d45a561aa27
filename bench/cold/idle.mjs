// Waits for a message that never comes.
process.on('message', () => {});
