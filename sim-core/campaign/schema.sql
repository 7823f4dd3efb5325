-- A Stillpoint campaign: many seeds of one or more scenarios, and what came of each. An SQLite database, committed seed by seed, so
-- whatever ends the process, what was found is here. It may be read while the campaign runs.
--
--   SELECT * FROM failures;
--   SELECT verdict, count(*), avg(cpu_ns) / 1e6 AS cpu_ms FROM run GROUP BY verdict;
--
-- Seeds, hashes and settings are stored as in a trace (sim-core/record/schema.sql).

PRAGMA application_id = 0x53744c63;  -- "StLc": what a campaign is known by
PRAGMA user_version = 2;             -- the version of this schema

-- What the campaign is. One row.
CREATE TABLE campaign (
  base_seed  TEXT NOT NULL,     -- where its seeds begin
  budget_ns  INTEGER,           -- of real time; NULL: until its seeds are through
  spent_ns   INTEGER NOT NULL,  -- of real time, in all its sessions, up to the last seed that ended
  revision   TEXT NOT NULL,     -- the git revision of the executable
  build_id   TEXT NOT NULL,     -- the linker's build id of the executable, then ' + hash path' of each program that the scenarios name
  complete   INTEGER NOT NULL   -- 1: there is nothing more to do
);

-- Seeds in a row of one scenario with the same settings.
CREATE TABLE series (
  id             INTEGER PRIMARY KEY,
  purpose        TEXT NOT NULL,  -- fuzz (look for failures), regression (a known case), canary (a planted bug that must be found)
  scenario       TEXT NOT NULL,  -- the scenario's name
  shown          TEXT NOT NULL,  -- as the command line named it
  scenario_path  TEXT NOT NULL,  -- where it was read from
  scenario_text  TEXT NOT NULL,  -- the whole file
  overrides      TEXT NOT NULL,  -- settings from the command line: a JSON array of "key=value"
  bug            TEXT NOT NULL,  -- the planted bug that is switched on; '' for none
  first_seed     TEXT NOT NULL,
  seeds          INTEGER,        -- at most; NULL: as many as there is time for
  expected       TEXT NOT NULL,  -- of a regression case: "pass", or the signature that it must show
  why            TEXT NOT NULL   -- of a regression case: what it is about
);

-- Seeds that ended.
CREATE TABLE run (
  series      INTEGER NOT NULL,  -- a series
  number      INTEGER NOT NULL,  -- which seed of it: from 0
  seed        TEXT NOT NULL,
  verdict     TEXT NOT NULL,     -- in a word: pass, safety, liveness, crash, ...
  exit_code   INTEGER NOT NULL,  -- the one that belongs to the verdict
  hash        TEXT NOT NULL,
  events      INTEGER NOT NULL,
  virtual_ns  INTEGER NOT NULL,
  cpu_ns      INTEGER NOT NULL,
  rss_kib     INTEGER NOT NULL,  -- memory of its process, at most
  backstop    INTEGER NOT NULL,  -- 1: ended from outside, by a clock of the real world; events and hash may differ next time
  failure     INTEGER,           -- the failure that it shows; NULL if it passed
  message     TEXT,              -- what it had to say; NULL if it passed
  PRIMARY KEY (series, number)
) WITHOUT ROWID;
CREATE INDEX run_failure ON run(failure, events, number) WHERE failure IS NOT NULL;

-- Ways to fail: seeds with the same signature show the same failure.
CREATE TABLE failure (
  id         INTEGER PRIMARY KEY,
  series     INTEGER NOT NULL,  -- a series
  signature  TEXT NOT NULL,     -- "safety: capacity conserved (first purchase: apply, second purchase: apply)"
  traced     INTEGER,           -- the number of the run whose trace was kept; NULL: none yet
  trace      TEXT,              -- the trace's file, in the campaign's folder
  UNIQUE (series, signature)
);

-- What happened how often, in all runs of a series: faults by their kind, annotations of the service by their name.
CREATE TABLE tally (
  series  INTEGER NOT NULL,  -- a series
  sort    TEXT NOT NULL,     -- fault, sometimes, reachable, buggify
  name    TEXT NOT NULL,     -- "partition"
  times   INTEGER NOT NULL,  -- in all runs together
  runs    INTEGER NOT NULL,  -- in which it happened at all
  PRIMARY KEY (series, sort, name)
) WITHOUT ROWID;

-- For people: each failure with its smallest seed.
CREATE VIEW failures AS
SELECT
  failure.signature,
  series.purpose,
  series.scenario,
  count(*) AS seeds,
  smallest.seed AS smallest_seed,
  smallest.events,
  failure.trace,
  smallest.message
FROM failure
JOIN series ON series.id = failure.series
JOIN run ON run.failure = failure.id
JOIN run AS smallest ON smallest.series = failure.series AND smallest.number =
  (SELECT number FROM run WHERE run.failure = failure.id ORDER BY run.events, run.number LIMIT 1)
GROUP BY failure.id;
