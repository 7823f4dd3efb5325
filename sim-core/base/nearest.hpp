#pragma once
// "Did you mean …?": the nearest valid name to what somebody typed.
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stillpoint {

// The name with the smallest edit distance to `wrong`, if it is near enough to be a likely slip; else empty.
std::string nearest_name(std::string_view wrong, std::span<const std::string> names);

// " Did you mean 'x'?" or "", ready to follow a sentence.
std::string did_you_mean(std::string_view wrong, std::span<const std::string> names);

}  // namespace stillpoint
