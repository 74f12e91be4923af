// What npm's `semver` says about random ranges and versions: `node generate.js > ranges.tsv`.
// Run `npm install semver@7.7.2` beside it first. Seeded, so that every run writes the same.
const semver = require("semver");
let state = 14n;
const below = (bound) => {
  state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
  return Number((state >> 33n) % BigInt(bound));
};
const pick = (list) => list[below(list.length)];
const number = () => pick([0, 0, 1, 1, 2, 2, 3]);
const pre = () => pick(["", "", "", "", "-alpha.1", "-alpha.2", "-beta.1", "-rc.1", "-rc.2"]);
const version = () => `${number()}.${number()}.${number()}${pre()}`;
const partial = () =>
  pick([
    () => `${number()}`,
    () => `${number()}.${number()}`,
    () => `${number()}.x`,
    () => `${number()}.${number()}.x`,
    () => "*",
    version,
    version,
    version,
  ])();
const comparator = () => pick(["", "^", "~", ">", ">=", "<", "<=", "="]) + partial();
const alternative = () =>
  below(4) === 0
    ? `${partial()} - ${partial()}`
    : Array.from({ length: 1 + below(3) }, comparator).join(" ");
const range = () => Array.from({ length: pick([1, 1, 1, 2]) }, alternative).join(" || ");
const lines = ["# range, then the versions that it has and those that it has not: semver " + require("semver/package.json").version];
const near = ["2.0.0-alpha.1", "2.0.0-alpha.2", "2.0.0", "1.9.9", "1.2.3-alpha.2", "1.2.3"];
for (const known of ["2.x - 2.0.0-alpha.2", "1.2.3-alpha.1 - 2.x", "1 - 2.0.0-alpha.1"]) write(known, near);
while (lines.length < 5001) write(range());
function write(text, known) {
  if (semver.validRange(text) === null) return;
  const versions = known ?? [...new Set(Array.from({ length: 3 }, version))];
  const [has, not] = [true, false].map((wanted) =>
    versions.filter((v) => semver.satisfies(v, text) === wanted).join(" "),
  );
  lines.push(`${text}\t${has}\t${not}`);
}
console.log(lines.join("\n"));
