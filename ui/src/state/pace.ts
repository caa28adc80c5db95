//! A pace: what comes in bursts is done at once when it is first due, and then now and then. It knows nothing of what is done.

/** Returns what says that something is due. `act` is called at most every `ms` and answers whether there was anything to do. */
export function paced(ms: number, act: () => boolean): () => void {
  let resting = false;
  const turn = () => {
    resting = true; // what is due because of the act waits, too
    resting = act();
    if (resting) setTimeout(turn, ms);
  };
  return () => {
    if (!resting) turn();
  };
}
