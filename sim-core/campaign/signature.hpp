#pragma once
// What makes two failures the same failure: the class, what broke, and where, in words that do not hang on the seed.
#include <string>

#include "sim-core/check/report.hpp"

namespace stillpoint::campaign {

// "safety: capacity conserved (first purchase: apply, second purchase: apply)", of a violation and its witnesses;
// "crash: SIGSEGV (plaza: Session::close < Session::on_timer)". Numbers that stand by themselves are masked. "pass" of
// a run that passed.
std::string signature_of(const Report& report);

// What a person wants to read first: what was found and why, or how it died. One line.
std::string message_of(const Report& report);

}  // namespace stillpoint::campaign
