#pragma once
// The descriptors of one host. A new descriptor takes the lowest number that is free, as POSIX asks (2.6 "File
// Descriptor Allocation"). Each has its own close-on-exec flag, which is kept and read back; there is no exec.
#include <climits>
#include <functional>
#include <memory>
#include <vector>

#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

enum class OnExec : std::uint8_t { keep, close };

class DescriptorTable {
 public:
  explicit DescriptorTable(int limit) : limit_(limit), own_limit_(limit) {}
  DescriptorTable(const DescriptorTable&) = delete;
  DescriptorTable& operator=(const DescriptorTable&) = delete;
  // Forgets all files without closing them: the owner closes them first.
  ~DescriptorTable() = default;

  // What is open stays open, even beyond the new limit (setrlimit(2)).
  void set_limit(int limit);
  // The same from outside, beside the process's own limit: the lower one counts. `refused` is told the errno of each
  // call that fails because of this one.
  void limit_from_outside(int limit, std::function<void(int error)> refused);
  void lift_limit_from_outside();

  // EMFILE at the limit.
  Result<int> add(std::unique_ptr<File> file, OnExec on_exec = OnExec::keep);
  // Another descriptor for a file that is open somewhere already, for example in a message. EMFILE.
  Result<int> add_existing(File& file, OnExec on_exec) { return place(&file, 0, on_exec); }
  // Another descriptor, at least `lowest`, for the same file. EBADF, EMFILE, EINVAL.
  Result<int> duplicate(int descriptor, int lowest, OnExec on_exec = OnExec::keep);
  // The same at exactly this number; what was open there is closed (dup2(2)). EBADF.
  Result<int> duplicate_to(int descriptor, int target, OnExec on_exec);
  // The file behind a descriptor, or null.
  File* find(int descriptor) const {
    return descriptor >= 0 && static_cast<std::size_t>(descriptor) < files_.size()
               ? files_[static_cast<std::size_t>(descriptor)]
               : nullptr;
  }
  // Closes a descriptor; with the last one, its file. EBADF.
  Status close(int descriptor);
  void close_all();
  // Forgets all files, and returns them: none is closed, and none of its references is dropped.
  std::vector<File*> abandon();
  // How many descriptors are open.
  int count() const;

  // The files that something else refers to as well: calls that block on them.
  std::vector<File*> held_elsewhere() const;

  // Both require an open descriptor.
  OnExec on_exec(int descriptor) const { return on_exec_[static_cast<std::size_t>(descriptor)]; }
  void set_on_exec(int descriptor, OnExec on_exec) { on_exec_[static_cast<std::size_t>(descriptor)] = on_exec; }

  // Whether add() would fail with EMFILE. The caller fails with it then: this counts as its failure.
  bool full() const { return !has_room_for(free_from(0), EMFILE); }

  // No descriptor reaches this number.
  int end() const { return static_cast<int>(files_.size()); }
  int limit() const { return limit_; }

 private:
  int free_from(int lowest) const;
  bool has_room_for(int number, int error) const { return number < limit_ || refuse(number, error); }
  bool refuse(int number, int error) const;
  Result<int> place(File* file, int lowest, OnExec on_exec);
  void put(int number, File* file, OnExec on_exec);

  int limit_;      // the lower one of both
  int own_limit_;  // the process's
  int outer_limit_ = INT_MAX;
  std::function<void(int error)> refused_;
  int lowest_free_ = 0;
  std::vector<File*> files_;  // by number; each holds a reference
  std::vector<OnExec> on_exec_;
};

}  // namespace stillpoint::kernel
