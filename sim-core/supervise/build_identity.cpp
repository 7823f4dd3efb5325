#include "sim-core/supervise/build_identity.hpp"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string_view>

#include <stillpoint/error.hpp>
#include <stillpoint/settings.hpp>

#include "sim-core/base/real_file.hpp"
#include "sim-core/supervise/build_id.hpp"

namespace stillpoint::supervise {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSeparator = " + ";

std::string hash_of_file(const fs::path& path) {
  constexpr std::size_t kPortion = 256 * 1024;
  std::ifstream file(path, std::ios::binary);
  if (!file) return "missing";
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  std::string portion(kPortion, '\0');
  do {
    file.read(portion.data(), static_cast<std::streamsize>(portion.size()));
    XXH3_64bits_update(state.get(), portion.data(), static_cast<std::size_t>(file.gcount()));
  } while (file);
  if (file.bad()) return "missing";
  return fmt::format("{:016x}", XXH3_64bits_digest(state.get()));
}

// The real files that a run reads: programs, and what hosts have on their disks ("/etc/app.toml=app.toml"). A text that
// is no scenario names none.
std::vector<std::string> files_of(const RunRequest& request) {
  try {
    const Settings settings(request.scenario_text, "", request.overrides);
    std::vector<std::string> files = settings.texts_called("program");
    for (const std::string& text : settings.texts_called("files")) {
      for (const HostFile& file : host_files(text, request.folder)) files.push_back(file.real);
    }
    return files;
  } catch (const Error&) {
    return {};
  }
}

std::vector<std::string_view> parts_of(std::string_view identity) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = identity.find(kSeparator);
    parts.push_back(identity.substr(0, end));
    if (end == std::string_view::npos) return parts;
    identity.remove_prefix(end + kSeparator.size());
  }
}

// By path: the hash.
std::map<std::string_view, std::string_view> programs_in(std::string_view identity) {
  std::map<std::string_view, std::string_view> programs;
  for (const std::string_view part : parts_of(identity)) {
    const std::size_t space = part.find(' ');
    if (space != std::string_view::npos) programs[part.substr(space + 1)] = part.substr(0, space);
  }
  return programs;
}

}  // namespace

std::string build_identity(std::span<const RunRequest> requests) {
  std::map<std::string, std::string> hashes;
  for (const RunRequest& request : requests) {
    for (const std::string& file : files_of(request)) {
      if (!hashes.contains(file)) hashes[file] = hash_of_file(fs::path(request.folder) / file);
    }
  }
  std::string identity = build_id();
  for (const auto& [file, hash] : hashes) identity += fmt::format("{}{} {}", kSeparator, hash, file);
  return identity;
}

std::string changed_build(const std::string& then, const std::string& revision, const std::string& now) {
  if (then == now) return {};
  if (parts_of(then).front() != parts_of(now).front())
    return fmt::format("another build (revision {})", revision.empty() ? "unknown" : revision);
  const auto old_programs = programs_in(then);
  for (const auto& [program, hash] : programs_in(now)) {
    const auto old = old_programs.find(program);
    if (old == old_programs.end() || old->second != hash)
      return fmt::format("{} {}", program.ends_with(".so") ? "another build of the program" : "another", program);
  }
  return "other programs";
}

}  // namespace stillpoint::supervise
