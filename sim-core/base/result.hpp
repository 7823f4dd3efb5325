#pragma once
// What a kernel call returns: a value, or an errno. Only interpose/ turns it into -1 and errno.
#include <cerrno>
#include <utility>

#include "sim-core/base/assert.hpp"

namespace stillpoint {

// An errno on its way out of the kernel.
struct Failure {
  int error;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Failure failure) : error_(failure.error) { SP_ASSERT(error_ != 0); }
  explicit operator bool() const { return error_ == 0; }
  int error() const { return error_; }
  T value() const& {
    SP_ASSERT(error_ == 0);
    return value_;
  }
  T value() && {
    SP_ASSERT(error_ == 0);
    return std::move(value_);
  }

 private:
  T value_{};
  int error_ = 0;
};

// Success without a value.
struct Done {};
using Status = Result<Done>;

}  // namespace stillpoint
