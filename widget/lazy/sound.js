// The sound of a new message: two soft notes, made by the browser, so that there is no file to fetch.

const NOTES = [
  { hertz: 660, after: 0 },
  { hertz: 880, after: 0.11 },
];
const LOUDNESS = 0.06;
const LENGTH = 0.45;

let audio;

/** Plays it. A browser that has not seen the visitor do anything yet stays silent. */
export async function run() {
  audio ??= new AudioContext();
  await audio.resume();
  for (const { hertz, after } of NOTES) {
    const start = audio.currentTime + after;
    const tone = new OscillatorNode(audio, { frequency: hertz });
    const volume = new GainNode(audio, { gain: 0 });
    // From nothing and back to nothing: a tone that is cut clicks.
    volume.gain.linearRampToValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
    volume.gain.linearRampToValueAtTime(0, start + LENGTH);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + LENGTH);
  }
}
