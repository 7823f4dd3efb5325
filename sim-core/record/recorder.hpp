#pragma once
// Writes the records of a running simulation into a trace file: an SQLite database, which schema.sql describes. It
// belongs to the process that reads the stream (supervise/), never to the simulation.
//
// What was ingested is committed piece by piece: if this process is killed, the file keeps everything up to its last
// commit, and opens as a trace whose run has no outcome. It is not protected against the loss of power: a run can be
// repeated. While a file is being recorded nobody else can read it.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include <stillpoint/ids.hpp>
#include "sim-core/record/metadata.hpp"

namespace stillpoint {

struct RecorderOptions {
  bool overwrite = false;                // replace an existing file; without it, an existing file is an Error
  std::uint64_t commit_every = 50'000;   // records, and
  std::uint64_t commit_bytes = 8 << 20;  // bytes of records, whichever comes first: what a kill -9 costs at most
};

class Recorder {
 public:
  // Creates the file. Throws Error if it exists, or cannot be written; an existing file is replaced only when the new
  // one is ready.
  Recorder(std::filesystem::path path, const RunMetadata& run, const RecorderOptions& options = {});
  // Without finish(), commits what was ingested and leaves the trace incomplete. Says nothing of errors.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Adds whole records, in their order, as StreamReader::available() gives them; they may be consumed afterwards.
  // Throws Error if the disk is full, and the like, or if a record is damaged, as it can be when the service under test
  // has written over the stream's memory. What came before is kept; nothing can be added after an Error, but finish()
  // may still be called after a damaged record.
  void ingest(std::span<const std::byte> records);

  // Makes the indexes, writes down how the run ended, and closes the file: call once, and last. A run that crashed or
  // was interrupted is finished in the same way.
  void finish(const RunOutcome& outcome);

  // Events ingested so far.
  EventId events() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stillpoint
