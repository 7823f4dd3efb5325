#pragma once
// The trace of a failing seed in a campaign's folder: recorded under another name, and given its own when it is whole.
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sim-core/campaign/series.hpp"
#include "sim-core/supervise/run_once.hpp"

namespace stillpoint {
class Recorder;
}

namespace stillpoint::campaign {

class KeptTrace {
 public:
  // The file will be called STEM-SEED.db. Throws Error.
  KeptTrace(const std::filesystem::path& folder, const std::string& stem, const Series& series, std::uint64_t seed,
            const std::string& revision);
  // Without finish(), nothing is left of it.
  ~KeptTrace();
  KeptTrace(const KeptTrace&) = delete;
  KeptTrace& operator=(const KeptTrace&) = delete;

  // What to give every record of the run.
  std::function<void(std::span<const std::byte>)> sink();
  // Returns the file's name, in the folder.
  std::string finish(const supervise::RunResult& result, Verdict verdict);

 private:
  std::filesystem::path folder_;
  std::string name_;
  std::unique_ptr<Recorder> recorder_;
};

// What a killed campaign has left of traces that it was recording.
void remove_unfinished_traces(const std::filesystem::path& folder, std::string_view name = {});
void remove_trace(const std::filesystem::path& folder, const std::string& name);

}  // namespace stillpoint::campaign
