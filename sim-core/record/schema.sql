-- A Stillpoint trace: one run of a simulation, as an SQLite database.
--
-- Tables have singular names and hold integers, because a recording must keep up with a simulation that makes millions of events a
-- second. The views have plural names and are meant for people:
--
--   SELECT id, at_s, host, kind, detail FROM events WHERE at_s BETWEEN 3.2 AND 3.3;
--   SELECT user, function, arguments, outcome, answer, duration_ms FROM operations WHERE outcome <> 'ok';
--   WITH RECURSIVE why(id) AS (SELECT event FROM witness
--                              UNION SELECT event.cause FROM why JOIN event USING (id) WHERE event.cause IS NOT NULL
--                              UNION SELECT edge.cause FROM why JOIN edge ON edge.event = why.id)
--     SELECT events.* FROM why JOIN events USING (id) ORDER BY id;
--
-- Units are the last part of a column's name: at_ns is virtual time in nanoseconds since the run began, at_s the same in seconds.
-- Unsigned 64-bit numbers are stored as the signed number with the same bits, except where a column is said to be text.
-- Indexes are made when the recording ends; a trace whose recorder was killed has none, and metadata.complete = 0.

PRAGMA application_id = 0x53744c70;  -- "StLp": what file(1) and TraceFile know a trace by
PRAGMA user_version = 1;             -- the version of this schema

-- What was run, and how it ended. One row. The columns after `complete` are NULL until the recording has finished.
CREATE TABLE metadata (
  scenario       TEXT NOT NULL,     -- the scenario's name
  scenario_path  TEXT NOT NULL,     -- where it was read from
  scenario_text  TEXT NOT NULL,     -- the whole file, so that the trace can be replayed without it
  seed           TEXT NOT NULL,     -- the seed: an unsigned 64-bit number in decimal
  overrides      TEXT NOT NULL,     -- settings from the command line: a JSON array of "key=value"
  bug            TEXT NOT NULL,     -- the planted bug that was switched on; '' for none
  revision       TEXT NOT NULL,     -- the git revision of the executable
  build_id       TEXT NOT NULL,     -- the linker's build id of the executable, then ' + hash path' of each program of the scenario
  trace_format   INTEGER NOT NULL,  -- what event kinds, subject, a and b mean (sim-core/trace/record.hpp numbers the versions)
  started        TEXT,              -- real time of the start, ISO 8601; NULL if it was not to be recorded
  complete       INTEGER NOT NULL,  -- 0 while recording and after the recorder's death, 1 when it has finished
  verdict        TEXT,              -- how the run ended, in a word: pass, safety, liveness, crash, ...
  exit_code      INTEGER,           -- the exit code that belongs to the verdict
  hash           TEXT,              -- hash of all events: the identity of the run, 16 hexadecimal digits
  log_hash       TEXT,              -- hash of all lines of the logs, likewise
  events         INTEGER,           -- how many events there were
  virtual_ns     INTEGER,           -- how long the run lasted in virtual time
  cpu_ns         INTEGER            -- how much CPU time the simulation took
);

-- The hosts, in the order of the scenario. Host 0, the harness itself, has no row.
CREATE TABLE host (
  id       INTEGER PRIMARY KEY,  -- event.host and log.host refer to it
  name     TEXT NOT NULL,
  role     TEXT NOT NULL,        -- what the scenario calls hosts of its sort
  address  TEXT NOT NULL         -- its IPv4 address, dotted
);
CREATE INDEX host_address ON host(address);

-- The names of event kinds, with what subject, a, b and payload mean for each. A stream is 2 * connection + direction; direction 0
-- leads away from the host that connected (the client), 1 towards it. An endpoint is address << 16 | port.
CREATE TABLE kind (
  id       INTEGER PRIMARY KEY,  -- event.kind refers to it
  name     TEXT NOT NULL,
  meaning  TEXT NOT NULL
);
INSERT INTO kind VALUES
  (1, 'boot', 'a host started: a = its address; cause, but for its first: the crash before'),
  (2, 'slice', 'a host ran: subject = the slice''s number on this host, a = its cost in nanoseconds'),
  (3, 'listen', 'a host listens: a = endpoint, b = backlog'),
  (4, 'send', 'a segment left: subject = stream, a = segment, b = bytes, payload = the bytes'),
  (5, 'deliver', 'a segment arrived: subject = stream, a = segment, b = bytes'),
  (6, 'drop', 'a segment was discarded on arrival: subject = stream, a = segment, b = bytes'),
  (7, 'connect', 'a connection was asked for: subject = connection, a = remote endpoint, b = local endpoint'),
  (8, 'arm', 'a timer was set: subject = the timer''s number on this host, a = deadline in nanoseconds'),
  (9, 'expire', 'a timer expired: subject = the timer''s number on this host'),
  (10, 'step', 'a simulated user decided something: payload = user NUL what'),
  (11, 'invoke', 'a client operation began: payload = user NUL function NUL arguments'),
  (12, 'ok', 'an operation succeeded: subject = its invoke event, payload = the answer'),
  (13, 'fail', 'an operation certainly had no effect: subject = its invoke event, payload = the answer'),
  (14, 'info', 'an operation''s outcome is not known to its client: subject = its invoke event, payload = what is known'),
  (15, 'receive', 'the service received a request: payload = the request'),
  (16, 'apply', 'the service changed its state: payload = what changed'),
  (17, 'note', 'something that a scenario wants to see: payload = text'),
  (18, 'violation', 'a check was broken: a = 1 if it is one of liveness, payload = check NUL promised NUL found NUL because'),
  (19, 'stop', 'the run ended: payload = why'),
  (20, 'lose', 'the link lost a segment or a datagram: subject = stream, a = segment, b = bytes; cause: its send'),
  (21, 'signal', 'a signal was raised for a host''s process: subject = its number'),
  (22, 'exit', 'a host''s process ended: a = its status, as wait(2) gives it'),
  (23, 'query', 'a name was asked for: subject = the query''s number on this host, payload = the name or address'),
  (24, 'answer', 'a query was answered: subject = its number on the host, a = 0 or an error, b = its nanoseconds, payload = what it says'),
  (25, 'write', 'a file was written to: subject = inode, a = offset, b = bytes, payload = the bytes'),
  (26, 'resize', 'a file was cut or stretched: subject = inode, a = its new size'),
  (27, 'name', 'a name changed: subject = inode, a = directory, b = what << 32 | mode, payload = name NUL directory NUL new name'),
  (28, 'mode', 'permissions were set: subject = inode, a = st_mode'),
  (29, 'sync', 'what was written is durable: subject = inode (0: everything), a = bytes, b = 1 if the device lied, and it is not'),
  (30, 'unwritten', 'a crash has taken a write or a name: subject = its event, a = sectors lost, b = of how many (0: a name)'),
  (31, 'crash', 'a host lost its power: a = descriptors that were open, b = ends of connections that it had'),
  (32, 'fault', 'a fault of the plan began: payload = its name NUL its kind NUL what it does'),
  (33, 'heal', 'a fault ended: subject = its fault event'),
  (34, 'corrupt', 'a device changed what it keeps of a file: subject = inode (0: it is a new one), a = offset, b = bytes, payload = they'),
  (35, 'error', 'a fault made a call fail: subject = the inode of a file, a = errno, payload = the call'),
  (36, 'reach', 'a reachable was come to, or a sometimes held, for the first time: payload = its name'),
  (37, 'buggify', 'a buggify site fired: subject = how often it did before, payload = its name');

-- The names of segments: event.a of send, deliver and drop.
CREATE TABLE segment (
  id    INTEGER PRIMARY KEY,
  name  TEXT NOT NULL
);
INSERT INTO segment VALUES (1, 'syn'), (2, 'syn-ack'), (3, 'ack'), (4, 'data'), (5, 'fin'), (6, 'rst'),
  (7, 'datagram'), (8, 'probe');

-- Why an event happened.
CREATE TABLE cause_kind (
  id       INTEGER PRIMARY KEY,  -- event.cause_kind and edge.kind refer to it
  name     TEXT NOT NULL,
  meaning  TEXT NOT NULL
);
INSERT INTO cause_kind VALUES
  (0, 'none', 'a cause of no particular kind'),
  (1, 'message', 'a delivery from its send, an answer from its query'),
  (2, 'arming', 'an expiry from the timer''s arming'),
  (3, 'wake-up', 'a slice from what made its host runnable'),
  (4, 'fault', 'whatever a fault delayed, dropped or killed'),
  (5, 'user', 'an operation from its user''s step'),
  (6, 'state', 'an applied operation from the one whose state it read');

-- Everything that happened, in the order in which it happened: virtual time never goes back as id grows.
CREATE TABLE event (
  id          INTEGER PRIMARY KEY,  -- from 1, without gaps
  at_ns       INTEGER,              -- virtual time
  host        INTEGER,              -- where: a host, or 0 for the harness
  boot        INTEGER,              -- in which life of the host: 1 from its first boot
  kind        INTEGER,              -- what
  subject     INTEGER,              -- which stream, timer, slice, ...: as the kind's meaning says
  a           INTEGER,              -- likewise
  b           INTEGER,              -- likewise
  cause       INTEGER,              -- the event that it happened because of; NULL for none. More than one: see edge
  cause_kind  INTEGER,              -- the kind of that cause; NULL for none
  payload     BLOB                  -- its bytes as they were (the first 256 KiB of them); NULL for none
);

-- Further causes of events that have more than one. The view `edges` has all of them.
CREATE TABLE edge (
  event  INTEGER NOT NULL,  -- the effect
  cause  INTEGER NOT NULL,  -- the cause
  kind   INTEGER NOT NULL   -- a cause_kind
);

-- Connections, one for each connect event.
CREATE TABLE connection (
  id              INTEGER PRIMARY KEY,  -- a stream / 2
  event           INTEGER NOT NULL,     -- the connect event
  client          INTEGER,              -- the host that connected, and
  client_address  TEXT NOT NULL,        -- its address and port
  server          INTEGER,              -- the host that it connected to; NULL if none has that address
  server_address  TEXT NOT NULL         -- its address and port
);

-- Operations of clients, each an invoke event and what became of it: the history that checks judge.
CREATE TABLE operation (
  invoke      INTEGER PRIMARY KEY,  -- the invoke event: the operation's identity
  user        TEXT NOT NULL,        -- who asked
  function    TEXT NOT NULL,        -- for what
  arguments   TEXT NOT NULL,        -- with what
  completion  INTEGER,              -- the ok, fail or info event; NULL while it is pending
  outcome     TEXT,                 -- ok, fail (certainly no effect) or info (the client does not know); NULL while it is pending
  answer      TEXT                  -- what came back
);

-- Lines of the logs of all hosts.
CREATE TABLE log (
  id        INTEGER PRIMARY KEY,  -- their order
  event     INTEGER NOT NULL,     -- the event in whose course the line was written
  at_ns     INTEGER NOT NULL,     -- virtual time
  host      INTEGER NOT NULL,     -- who wrote it
  boot      INTEGER NOT NULL,     -- in which life
  severity  INTEGER NOT NULL,     -- as the service's logger numbers it
  text      TEXT NOT NULL
);

-- Checks that were broken.
CREATE TABLE violation (
  event      INTEGER PRIMARY KEY,  -- the violation event
  class      TEXT NOT NULL,        -- safety (something bad happened) or liveness (something good did not)
  invariant  TEXT NOT NULL,        -- the check's name
  promised   TEXT NOT NULL,        -- what should hold
  found      TEXT NOT NULL,        -- what was there instead
  because    TEXT NOT NULL         -- how the one follows from the other
);

-- The events that prove a violation, each with its role in it.
CREATE TABLE witness (
  violation  INTEGER NOT NULL,  -- violation.event
  event      INTEGER NOT NULL,  -- the witness
  role       TEXT NOT NULL      -- "first purchase", "second purchase"
);

-- What is no event of a host's disk, and yet decides what a loss of power may leave of it: `stillpoint disk` follows a disk by these
-- and by the events of the kinds 25 to 31 and 34. They are not part of the run's hash.
CREATE TABLE disk (
  event    INTEGER NOT NULL,  -- after which event
  at_ns    INTEGER NOT NULL,  -- virtual time
  host     INTEGER NOT NULL,
  detail   INTEGER NOT NULL,  -- what: 1 to 12, below
  subject  INTEGER NOT NULL,  -- the file's inode
  a        INTEGER NOT NULL,
  b        INTEGER NOT NULL,
  text     BLOB NOT NULL
);
-- 1 what the disk is like, when it is first used: subject = the ordering (0 ext4, 1 XFS, 2 strict POSIX), a = bytes of a sector,
--   b = bytes that may wait in memory; text = nanoseconds after which data, NUL, after which names are written back
-- 2 a file was always there: a = the inode of its directory, b = st_mode; text = name NUL size NUL where a symbolic link leads
-- 3 the next sync is by fdatasync(2)
-- 4 a file was made without a name: b = st_mode
-- 5 blocks were reserved: a = offset, b = bytes
-- 6 a block within a file was given back: a = offset, b = bytes
-- 7 a file was closed after it had been cut to nothing
-- 8 a file's times were set
-- 9 a file that has no name was open for the last time
-- 10 a sync of a file has failed: what waited is taken for written, and is not
-- 11 how the next crash chooses: a = 0 by the seed, 1 all is lost that may be, 2 all is kept, 3 the newest writes are torn
-- 12 the disk is a new one: it is described anew, and files are numbered from the beginning

-- For people: every event in words. sim-core/record/describe.cpp says the same of a record that is not in a database.
CREATE VIEW events AS
SELECT
  event.id,
  event.at_ns / 1e9 AS at_s,
  CASE event.host WHEN 0 THEN 'harness' ELSE coalesce(host.name, 'host ' || event.host) END AS host,
  event.boot,
  coalesce(kind.name, 'unknown') AS kind,
  CASE kind.name
    WHEN 'boot' THEN
      printf('at %d.%d.%d.%d', (a >> 24) & 255, (a >> 16) & 255, (a >> 8) & 255, a & 255) ||
      CASE WHEN boot > 1 THEN printf(', boot %d', boot) ELSE '' END
    WHEN 'slice' THEN
      CASE WHEN a = 0 THEN printf('%d', subject)
           WHEN a % 1000 = 0 THEN printf('%d, cost %d us', subject, a / 1000)
           ELSE printf('%d, cost %d ns', subject, a) END
    WHEN 'listen' THEN
      printf('on %d.%d.%d.%d:%d, backlog %d', (a >> 40) & 255, (a >> 32) & 255, (a >> 24) & 255, (a >> 16) & 255, a & 65535, b)
    WHEN 'connect' THEN
      printf('%d from %d.%d.%d.%d:%d to %d.%d.%d.%d:%d', subject,
             (b >> 40) & 255, (b >> 32) & 255, (b >> 24) & 255, (b >> 16) & 255, b & 65535,
             (a >> 40) & 255, (a >> 32) & 255, (a >> 24) & 255, (a >> 16) & 255, a & 65535)
    WHEN 'arm' THEN
      'timer ' || subject || ' for ' ||
      CASE WHEN a % 1000 = 0 THEN printf('%d.%06d s', a / 1000000000, a % 1000000000 / 1000)
           ELSE printf('%d.%09d s', a / 1000000000, a % 1000000000) END
    WHEN 'expire' THEN
      'timer ' || subject
    WHEN 'query' THEN
      subject || ' for ' || coalesce(substr(CAST(payload AS TEXT), 1, 200), '')
    WHEN 'answer' THEN
      'to query ' || subject || ' after ' ||
      CASE WHEN b % 1000 = 0 THEN printf('%d.%06d s', b / 1000000000, b % 1000000000 / 1000)
           ELSE printf('%d.%09d s', b / 1000000000, b % 1000000000) END ||
      ': ' || coalesce(substr(CAST(payload AS TEXT), 1, 200), '')
    WHEN 'write' THEN
      printf('%d bytes at %d of file %d', b, a, subject)
    WHEN 'resize' THEN
      printf('file %d to %d bytes', subject, a)
    WHEN 'mode' THEN
      printf('file %d to %o', subject, a & 4095)
    WHEN 'sync' THEN
      CASE subject WHEN 0 THEN printf('everything, %d bytes', a) ELSE printf('file %d, %d bytes', subject, a) END ||
      CASE b WHEN 0 THEN '' ELSE ': the device lied' END
    WHEN 'unwritten' THEN
      CASE b WHEN 0 THEN printf('event %d', subject) ELSE printf('%d of %d sectors of event %d', a, b, subject) END
    WHEN 'name' THEN
      CASE b >> 32 WHEN 1 THEN 'makes' WHEN 2 THEN 'links' WHEN 3 THEN 'removes' WHEN 4 THEN 'removes the directory'
                   WHEN 5 THEN 'renames' ELSE 'exchanges' END ||
      ' ''' || CAST(CASE instr(payload, x'00') WHEN 0 THEN payload
                    ELSE substr(payload, 1, instr(payload, x'00') - 1) END AS TEXT) ||
      ''' in directory ' || a ||
      CASE b >> 32 WHEN 2 THEN ' to file ' || subject
        WHEN 5 THEN ' to ' || (SELECT '''' || CAST(substr(rest, instr(rest, x'00') + 1) AS TEXT) || ''' in directory ' ||
             CAST(substr(rest, 1, instr(rest, x'00') - 1) AS TEXT) FROM (SELECT substr(payload, instr(payload, x'00') + 1) AS rest)) ||
             ': file ' || subject
        WHEN 6 THEN ' with ' || (SELECT '''' || CAST(substr(rest, instr(rest, x'00') + 1) AS TEXT) || ''' in directory ' ||
             CAST(substr(rest, 1, instr(rest, x'00') - 1) AS TEXT) FROM (SELECT substr(payload, instr(payload, x'00') + 1) AS rest)) ||
             ': file ' || subject
        ELSE ': file ' || subject END
    WHEN 'signal' THEN
      printf('%d', subject)
    WHEN 'exit' THEN
      CASE WHEN a & 127 = 0 THEN printf('with status %d', (a >> 8) & 255) ELSE printf('by signal %d', a & 127) END
    WHEN 'crash' THEN
      printf('with %d descriptors and %d connections', a, b)
    WHEN 'fault' THEN
      (SELECT CAST(substr(payload, 1, instr(payload, x'00') - 1) AS TEXT) || ': ' ||
              substr(CAST(substr(rest, instr(rest, x'00') + 1) AS TEXT), 1, 200)
         FROM (SELECT substr(payload, instr(payload, x'00') + 1) AS rest))
    WHEN 'heal' THEN
      'of the fault of event ' || subject
    WHEN 'corrupt' THEN
      CASE subject WHEN 0 THEN printf('all, %d bytes: the disk is a new one', b)
        ELSE printf('%d bytes at %d of file %d', b, a, subject) END
    WHEN 'error' THEN
      coalesce(substr(CAST(payload AS TEXT), 1, 200), '') || printf(': errno %d', a)
    WHEN 'step' THEN
      CASE instr(payload, x'00') WHEN 0 THEN CAST(payload AS TEXT)
        ELSE CAST(substr(payload, 1, instr(payload, x'00') - 1) AS TEXT) || ': ' ||
             substr(CAST(substr(payload, instr(payload, x'00') + 1) AS TEXT), 1, 200) END
    WHEN 'invoke' THEN
      (SELECT user || ': ' || function || ' ' || substr(arguments, 1, 200) FROM operation WHERE invoke = event.id)
    WHEN 'violation' THEN
      (SELECT invariant || ' (' || class || '): promised: ' || promised || '; found: ' || found || '; because: ' || because
         FROM violation WHERE violation.event = event.id)
    ELSE
      CASE
        WHEN kind.name IN ('send', 'deliver', 'drop', 'lose') THEN
          CASE WHEN b = 1 THEN '1 byte of ' WHEN b <> 0 THEN printf('%d bytes of ', b) ELSE '' END ||
          coalesce((SELECT name FROM segment WHERE id = a), 'unknown') ||
          printf(' on connection %d from its ', subject >> 1) || CASE subject & 1 WHEN 0 THEN 'client' ELSE 'server' END
        WHEN kind.name IN ('ok', 'fail', 'info') THEN
          'of operation ' || subject || coalesce(': ' || substr(CAST(payload AS TEXT), 1, 200), '')
        WHEN kind.name IS NULL THEN
          printf('kind %d, subject %d, a %d, b %d', event.kind, subject, a, b)
        ELSE coalesce(substr(CAST(payload AS TEXT), 1, 200), '')
      END
  END AS detail,
  event.cause,
  cause_kind.name AS cause_kind
FROM event
LEFT JOIN kind ON kind.id = event.kind
LEFT JOIN host ON host.id = event.host
LEFT JOIN cause_kind ON cause_kind.id = event.cause_kind;

-- Every cause of every event. `event` happened because of `cause`. Order within a host is not a cause, and not here.
-- A recursive query does better to read the tables event and edge, as above: SQLite would copy this whole view for it first.
CREATE VIEW edges AS
SELECT event.id AS event, event.cause, coalesce(cause_kind.name, 'unknown') AS kind
  FROM event LEFT JOIN cause_kind ON cause_kind.id = event.cause_kind
 WHERE event.cause IS NOT NULL
UNION ALL
SELECT edge.event, edge.cause, coalesce(cause_kind.name, 'unknown')
  FROM edge LEFT JOIN cause_kind ON cause_kind.id = edge.kind;

-- The bytes of events that have any.
CREATE VIEW payload AS
SELECT id AS event, payload AS bytes FROM event WHERE payload IS NOT NULL;

-- Operations with their times.
CREATE VIEW operations AS
SELECT
  operation.user,
  operation.function,
  operation.arguments,
  operation.outcome,
  operation.answer,
  invoked.at_ns / 1e9 AS invoked_s,
  completed.at_ns / 1e9 AS completed_s,
  (completed.at_ns - invoked.at_ns) / 1e6 AS duration_ms,
  operation.invoke,
  operation.completion
FROM operation
LEFT JOIN event AS invoked ON invoked.id = operation.invoke
LEFT JOIN event AS completed ON completed.id = operation.completion;

-- Connections with the names of their ends.
CREATE VIEW connections AS
SELECT
  connection.id,
  event.at_ns / 1e9 AS at_s,
  client.name AS client,
  connection.client_address,
  server.name AS server,
  connection.server_address,
  connection.event
FROM connection
LEFT JOIN event ON event.id = connection.event
LEFT JOIN host AS client ON client.id = connection.client
LEFT JOIN host AS server ON server.id = connection.server;

-- The logs of all hosts in one, with names.
CREATE VIEW logs AS
SELECT log.id, log.at_ns / 1e9 AS at_s, CASE log.host WHEN 0 THEN 'harness' ELSE coalesce(host.name, 'host ' || log.host) END AS host,
       log.boot, log.severity, log.text, log.event
  FROM log LEFT JOIN host ON host.id = log.host;

-- The proof of each violation, event by event.
CREATE VIEW witnesses AS
SELECT witness.violation, violation.invariant, witness.role, witness.event, events.at_s, events.host, events.kind, events.detail
  FROM witness
  LEFT JOIN violation ON violation.event = witness.violation
  LEFT JOIN events ON events.id = witness.event;
