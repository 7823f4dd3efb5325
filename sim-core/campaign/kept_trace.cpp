#include "sim-core/campaign/kept_trace.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <stillpoint/error.hpp>

#include "sim-core/campaign/recording.hpp"
#include "sim-core/record/recorder.hpp"

namespace stillpoint::campaign {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinished = ".unfinished";

}  // namespace

KeptTrace::KeptTrace(const fs::path& folder, const std::string& stem, const Series& series, std::uint64_t seed,
                     const std::string& revision)
    : folder_(folder), name_(fmt::format("{}-{}.db", stem, seed)) {
  supervise::RunRequest request = series.request;
  request.seed = seed;
  recorder_ = std::make_unique<Recorder>(folder_ / (name_ + std::string(kUnfinished)),
                                         metadata_of(request, {series.scenario, series.scenario_path, revision}),
                                         RecorderOptions{.overwrite = true});
}

KeptTrace::~KeptTrace() {
  if (!recorder_) return;
  recorder_.reset();
  remove_unfinished_traces(folder_, name_);
}

std::function<void(std::span<const std::byte>)> KeptTrace::sink() {
  return [this](std::span<const std::byte> records) { recorder_->ingest(records); };
}

std::string KeptTrace::finish(const supervise::RunResult& result, Verdict verdict) {
  recorder_->finish(outcome_of(result, verdict));
  recorder_.reset();
  std::error_code error;
  fs::rename(folder_ / (name_ + std::string(kUnfinished)), folder_ / name_, error);
  if (error) throw Error(fmt::format("cannot keep the trace {}: {}", (folder_ / name_).string(), error.message()));
  return name_;
}

void remove_unfinished_traces(const fs::path& folder, std::string_view name) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string file = entry.path().filename().string();
    if (file.starts_with(name) && file.find(kUnfinished) != std::string::npos) fs::remove(entry.path(), error);
  }
}

void remove_trace(const fs::path& folder, const std::string& name) {
  std::error_code error;
  fs::remove(folder / fs::path(name).filename(), error);
}

}  // namespace stillpoint::campaign
