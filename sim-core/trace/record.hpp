#pragma once
// The form of a trace: a sequence of records, each a fixed header and a payload, padded to eight bytes. This is what
// the simulation appends to shared memory, what the hash covers, and what record/ puts into SQLite. kTraceFormat
// numbers it: whatever changes a record's meaning changes the number, and every hash.
//
// Events are numbered from 1 in their order; the number is not stored. A record never holds a pointer, a real time or a
// real identifier.
#include <cstdint>
#include <string_view>

#include <stillpoint/ids.hpp>

namespace stillpoint {

constexpr std::uint32_t kTraceFormat = 2;

enum class RecordType : std::uint8_t {
  event = 1,  // something that happened; hashed
  edge,  // a further cause of an event (its first cause is in the event itself): subject = event, cause = cause; hashed
  host,  // a host's identity, before its first event: host, payload "name\0role\0address"; not hashed
  log,   // a line of a log: subject = the event in whose slice it was written, a = severity, payload = text; hashed
         // apart
  witness,  // an event that proves a violation: subject = the violation's event, cause = the witness, payload = its
            // role; hashed
  disk,     // what is no event, and yet decides what a loss of power may leave of a host's disk: kind = disk::Detail,
            // cause = the event before it; not hashed
};

// What happened. The comment gives the meaning of subject, a, b and payload. A stream's subject is 2 * connection +
// direction, where direction 0 leads away from the host that connected.
enum class EventKind : std::uint8_t {
  boot = 1,  // a host started: a = its address; cause, but for its first: the crash before
  slice,     // a host ran: subject = the slice's number on this host, a = its cost in nanoseconds
  listen,    // a host listens: a = address << 16 | port, b = backlog
  send,      // a segment left: subject = stream, a = Segment, b = bytes; payload = the bytes. A
             // retransmission has none, and is caused by the loss before it
  deliver,   // a segment arrived: subject = stream, a = Segment, b = bytes; cause: its send
  drop,      // a segment was discarded on arrival: subject = stream, a = Segment, b = bytes; cause: its send
  connect,   // a connection was asked for: subject = connection, a = remote address << 16 | port, b = local address <<
             // 16 | port
  arm,       // a timer was set: subject = the timer's number on this host, a = deadline in nanoseconds
  expire,    // a timer expired: subject = the timer's number on this host; cause: its arming
  step,      // a simulated user decided something: payload "user\0what"
  invoke,    // a client operation began: payload "user\0function\0arguments"; cause: the user's step
  ok,    // it succeeded: subject = its invoke event, payload = the answer; cause: the delivery that brought the answer
  fail,  // it certainly had no effect: likewise
  info,  // its outcome is not known to the client: likewise
  receive,  // the service received a request: payload = the request; cause: the delivery that completed it
  apply,    // the service changed its state: payload = what changed; causes: the request, the operation whose state it
            // read
  note,     // anything that a scenario wants to see: payload = text
  violation,  // a check was broken: a = 1 if it is one of liveness; payload "check\0promised\0found\0because"
  stop,       // the run ended: payload = why
  lose,       // the link lost a segment or a datagram: subject = stream, a = Segment, b = bytes; cause: its send
  signal,     // a signal was raised for a host's process: subject = its number
  exit,       // a host's process ended: a = its status, as wait(2) gives it
  query,      // a name was asked for: subject = the query's number on this host; payload = the name or address
  answer,  // it was answered: subject = the query's number on this host, a = net::NameError, b = how long it took, in
           // nanoseconds; payload = the addresses or the name, or why there is none; cause: its query
  // ---- of a host's disk; files are numbered by their inodes ----
  write,   // a file was written to: subject = inode, a = offset, b = bytes; payload = the bytes
  resize,  // a file was cut or stretched: subject = inode, a = its new size
  name,    // a name changed: subject = inode, a = its directory's, b = NameChange << 32 | st_mode; payload "name\0the
           // other directory's inode\0the new name, or what a symbolic link leads to"
  mode,    // permissions were set: subject = inode, a = st_mode
  sync,  // what was written is durable: subject = inode, 0: everything; a = bytes, b = 1 if the device lied, and it is
         // not
  unwritten,  // a crash has taken a write or a change of names: subject = its event, a = sectors lost, b = of how many
              // (0: not a write); cause: the crash
  // ---- of power ----
  crash,  // a host lost its power: a = descriptors that were open, b = ends of connections that it had; cause: the
          // fault
  // ---- of faults ----
  fault,    // a fault of the plan began: payload "its name\0its kind\0what it does, in words"
  heal,     // it ended: subject = its fault event; cause: that event
  corrupt,  // a device changed what it keeps of a file: subject = inode, a = offset, b = bytes; payload = what it has
            // there now; cause: the fault. Subject 0: it is a new device, a = 0, b = bytes that the old one had
  error,    // a call was made to fail: subject = the inode, of a call on a file, a = errno; payload = the call's name;
            // cause: the fault
  // ---- of annotations in the service (stillpoint/annotate.hpp) ----
  reach,    // for the first time in the run a `reachable` was come to, or a `sometimes` held: payload = its name
  buggify,  // a buggify site let itself be heard: subject = how often it did before, in this run; payload = its name
};
constexpr std::uint8_t kEventKinds = static_cast<std::uint8_t>(EventKind::buggify) + 1;

// The kinds of segments that streams carry, and datagrams, which have stream numbers too: a socket's is a connection
// that only leads away from it.
enum class Segment : std::uint8_t { syn = 1, syn_ack, ack, data, fin, rst, datagram, probe };

// Why an event happened (decision 6 of the design, told in docs/trace.md).
enum class CauseKind : std::uint8_t {
  none = 0,
  message,  // a delivery from its send, an answer from its query
  arming,   // an expiry from the timer's arming
  wakeup,   // a slice from what made its host runnable
  fault,    // whatever a fault delayed, dropped or killed
  user,     // an operation from its user's step
  state,    // an applied operation from the one whose state it read
};

struct Cause {
  EventId event = kNoEvent;
  CauseKind kind = CauseKind::none;
};

struct RecordHeader {
  std::uint32_t size;  // of header and payload, with padding: a multiple of 8
  RecordType type;
  std::uint8_t kind;  // EventKind, of an event
  CauseKind cause_kind;
  std::uint8_t reserved;
  HostId host;
  Boot boot;
  std::uint32_t payload_size;
  std::int64_t time_ns;
  std::uint64_t subject;
  std::uint64_t a;
  std::uint64_t b;
  EventId cause;
};
static_assert(sizeof(RecordHeader) == 56);

constexpr std::uint32_t record_size(std::size_t payload) {
  return static_cast<std::uint32_t>((sizeof(RecordHeader) + payload + 7) & ~std::size_t{7});
}

std::string_view name_of(EventKind kind);
std::string_view name_of(CauseKind kind);
std::string_view name_of(Segment segment);

}  // namespace stillpoint
