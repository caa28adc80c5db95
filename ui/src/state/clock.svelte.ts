//! The time the window shows by. One tick a second for the few words that count seconds, one a minute for the rest. It
//! formats nothing.

let second = $state(Date.now());
let minute = $state(Date.now());

setInterval(() => {
  second = Date.now();
  if (second - minute >= 30_000 || second < minute) minute = second;
}, 1000);

/** Epoch milliseconds; reading makes the reader repaint when it moves. */
export const clock = {
  get second() {
    return second;
  },
  get minute() {
    return minute;
  },
};
