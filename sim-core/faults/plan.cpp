#include "sim-core/faults/plan.hpp"

#include <errno.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim-core/base/assert.hpp"
#include "sim-core/base/units.hpp"
#include "sim-core/faults/plan_text.hpp"

namespace stillpoint::faults {
namespace {

struct ErrorName {
  std::string_view name;
  int number;
};
// Those that errno(3) has for calls that can fail for no fault of the caller's, and the usual ones of files.
constexpr std::array<ErrorName, 33> kErrors{{
    {"EACCES", EACCES},
    {"EADDRINUSE", EADDRINUSE},
    {"EADDRNOTAVAIL", EADDRNOTAVAIL},
    {"EAGAIN", EAGAIN},
    {"EBADF", EBADF},
    {"EBUSY", EBUSY},
    {"ECONNABORTED", ECONNABORTED},
    {"ECONNREFUSED", ECONNREFUSED},
    {"ECONNRESET", ECONNRESET},
    {"EDQUOT", EDQUOT},
    {"EEXIST", EEXIST},
    {"EFBIG", EFBIG},
    {"EHOSTUNREACH", EHOSTUNREACH},
    {"EINTR", EINTR},
    {"EINVAL", EINVAL},
    {"EIO", EIO},
    {"EISDIR", EISDIR},
    {"EMFILE", EMFILE},
    {"ENETDOWN", ENETDOWN},
    {"ENETUNREACH", ENETUNREACH},
    {"ENFILE", ENFILE},
    {"ENOBUFS", ENOBUFS},
    {"ENOENT", ENOENT},
    {"ENOLCK", ENOLCK},
    {"ENOMEM", ENOMEM},
    {"ENOSPC", ENOSPC},
    {"ENOSYS", ENOSYS},
    {"EPERM", EPERM},
    {"EPIPE", EPIPE},
    {"EROFS", EROFS},
    {"ESTALE", ESTALE},
    {"ETIMEDOUT", ETIMEDOUT},
    {"EXDEV", EXDEV},
}};

const Value* said(const Fault& fault, std::string_view magnitude) {
  const auto found = fault.magnitudes.find(std::string(magnitude));
  return found == fault.magnitudes.end() ? nullptr : &found->second;
}

const Magnitude& known(const Fault& fault, std::string_view magnitude) {
  const Magnitude* found = find_magnitude(info(fault.kind), magnitude);
  SP_ASSERT(found != nullptr);
  return *found;
}

}  // namespace

std::int64_t Fault::number(std::string_view magnitude) const {
  const Magnitude& what = known(*this, magnitude);
  const Value* value = said(*this, magnitude);
  return value == nullptr ? what.usual : value->number;
}

std::string Fault::text(std::string_view magnitude) const {
  const Magnitude& what = known(*this, magnitude);
  if (const Value* value = said(*this, magnitude)) return value->text;
  return std::string(what.words.substr(0, what.words.find('|')));
}

Duration Fault::duration(std::string_view magnitude) const { return std::chrono::microseconds(number(magnitude)); }

std::string_view name_of(Scheduling::Policy policy) {
  constexpr std::array<std::string_view, 4> kNames{"random", "fifo", "pct", "delay-host"};
  return kNames.at(static_cast<std::size_t>(policy));
}

std::string_view name_of(Healing::Except except) { return except == Healing::Except::nobody ? "nobody" : "minority"; }

std::string in_words(const Fault& fault) {
  const KindInfo& kind = info(fault.kind);
  std::string words = std::string(kind.about);
  std::string much;
  for (const Magnitude& magnitude : kind.magnitudes) {
    const Value* value = said(fault, magnitude.name);
    if (value != nullptr)
      much += fmt::format("{}{} {}", much.empty() ? "" : ", ", magnitude.name, shown(*value, magnitude));
  }
  if (!much.empty()) words += " (" + much + ")";
  if (kind.aim == Aim::hosts) return fmt::format("{}: {}", fmt::join(fault.on, ", "), words);
  return fmt::format("{} {} {}: {}", fmt::join(fault.from, ", "), fault.both_ways ? "and" : "to",
                     fmt::join(fault.to, ", "), words);
}

int error_number(std::string_view name) {
  const auto* const found = std::ranges::find(kErrors, name, &ErrorName::name);
  return found == kErrors.end() ? 0 : found->number;
}

std::vector<std::string> error_names() {
  std::vector<std::string> names;
  for (const ErrorName& error : kErrors) names.emplace_back(error.name);
  return names;
}

}  // namespace stillpoint::faults
