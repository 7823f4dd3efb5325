#pragma once
// The descriptors of one host. A new descriptor takes the lowest number that is free, as POSIX asks (2.6 "File
// Descriptor Allocation"); 0, 1 and 2 are taken from the start.
#include <memory>
#include <vector>

#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

class DescriptorTable {
 public:
  explicit DescriptorTable(int limit) : limit_(limit) {}
  DescriptorTable(const DescriptorTable&) = delete;
  DescriptorTable& operator=(const DescriptorTable&) = delete;
  // Forgets all files without closing them: the owner closes them first, or means a crash.
  ~DescriptorTable() = default;

  // What is open stays open, even beyond the new limit (setrlimit(2)).
  void set_limit(int limit) { limit_ = limit; }

  // EMFILE at the limit.
  Result<int> add(std::unique_ptr<File> file);
  // Another descriptor, at least `lowest`, for the same file. EBADF, EMFILE, EINVAL.
  Result<int> duplicate(int descriptor, int lowest);
  // The file behind a descriptor, or null.
  File* find(int descriptor) const {
    return descriptor >= 0 && static_cast<std::size_t>(descriptor) < files_.size()
               ? files_[static_cast<std::size_t>(descriptor)]
               : nullptr;
  }
  // Closes a descriptor; with the last one, its file. EBADF.
  Status close(int descriptor);
  void close_all();

 private:
  Result<int> place(File* file, int lowest);

  static constexpr int kFirst = 3;
  int limit_;
  int lowest_free_ = kFirst;
  std::vector<File*> files_;  // by number; each holds a reference
};

}  // namespace stillpoint::kernel
